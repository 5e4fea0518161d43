"""The synthetic source: the columns of the input contract, the same rows of a year however it is made, and something of everything that can go wrong."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

PROJECT = Path(__file__).resolve().parents[2]
SCALE = "0.0015"
COLUMNS = {
    "population": {
        "reference_date": "DATE",
        "pp0010": "VARCHAR",
        "pp0015": "INTEGER",
        "pp0020": "INTEGER",
        "pp0025": "INTEGER",
        "pp0055": "VARCHAR",
        "pp0030": "VARCHAR",
    },
    "health_care": {
        "ss00010": "VARCHAR",
        "ss00015": "DATE",
        "ss00020": "INTEGER",
        "ss00050": "INTEGER",
        "ss00060": "INTEGER",
        "ss00065b": "VARCHAR",
        "ss00075": "INTEGER",
    },
}


def make(directory, *arguments, scale=SCALE):
    command = [
        sys.executable,
        "-m",
        "atlas",
        "demo",
        "--directory",
        str(directory),
        "--scale",
        scale,
        *arguments,
    ]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)


def files(directory, suffix="parquet"):
    return sorted(path.relative_to(directory).as_posix() for path in Path(directory).rglob(f"*.{suffix}"))


def rows(directory, file):
    """A file's rows in the file's order."""
    with duckdb.connect() as connection:
        return connection.execute("from read_parquet(?, hive_partitioning = false)", [f"{directory}/{file}"]).fetchall()


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    directory = tmp_path_factory.mktemp("demo") / "source"
    done = make(directory, "--first-year", "2023", "--last-year", "2024")
    assert done.returncode == 0, done.stderr
    return directory


@pytest.fixture(scope="module")
def connection(source):
    with duckdb.connect() as connection:
        for name in COLUMNS:
            connection.execute(
                f"create view {name} as from read_parquet('{source}/{name}/**/*.parquet', hive_partitioning = false)"
            )
        yield connection


def test_says_that_it_is_synthetic(source):
    notice = (source / "SYNTHETIC.txt").read_text()
    assert notice.startswith("SYNTHETIC DATA") and "Source: Statbel" in notice


@pytest.mark.parametrize("name", COLUMNS)
def test_every_file_has_the_columns_of_the_contract(source, connection, name):
    found = [file for file in files(source) if file.startswith(name)]
    assert found
    for file in found:
        described = connection.execute(
            f"describe from read_parquet('{source}/{file}', hive_partitioning = false)"
        ).fetchall()
        assert {column[0]: column[1] for column in described} == COLUMNS[name], file


@pytest.mark.warehouse  # makes the source again
def test_a_year_made_alone_with_one_thread_is_the_year_made_in_a_series(source, tmp_path):
    alone = tmp_path / "it's alone"
    done = make(alone, "--first-year", "2024", "--last-year", "2024", "--threads", "1")
    assert done.returncode == 0, done.stderr
    made = files(alone)
    assert [file for file in made if "2024" in file] == [file for file in files(source) if "2024" in file]
    for file in made:
        assert rows(source, file) == rows(alone, file), file


@pytest.mark.warehouse  # makes the source again
def test_adding_a_year_leaves_the_others_as_they_are(source, tmp_path):
    done = make(tmp_path / "grown", "--first-year", "2023", "--last-year", "2023")
    assert done.returncode == 0, done.stderr
    done = make(tmp_path / "grown", "--first-year", "2024", "--last-year", "2024", "--threads", "3")
    assert done.returncode == 0, done.stderr
    assert files(tmp_path / "grown") == files(source)
    for file in files(source):
        assert rows(source, file) == rows(tmp_path / "grown", file), file


def test_csv_holds_the_same_lines(source, tmp_path):
    done = make(tmp_path / "text", "--first-year", "2024", "--last-year", "2024", "--format", "csv")
    assert done.returncode == 0, done.stderr
    with duckdb.connect() as connection:
        text = connection.execute(
            "select ss00010, try_cast(try_strptime(ss00015, '%Y%m%d') as date), ss00020::integer, ss00050::integer, ss00060::integer, ss00065b, ss00075::integer "
            f"from read_csv('{tmp_path}/text/health_care/service_year=2024/part-000.csv', header = true, all_varchar = true, hive_partitioning = false)"
        ).fetchall()
    assert text == rows(source, "health_care/service_year=2024/part-000.parquet")


def test_people_keep_their_ids_over_the_lists(connection):
    (kept,) = connection.execute(
        "select count(distinct a.pp0010) / (select count(distinct pp0010) from population where reference_date = '2023-06-30') "
        "from population as a inner join population as b on a.pp0010 = b.pp0010 and a.pp0015 = b.pp0015 and a.pp0020 = b.pp0020 "
        "where a.reference_date = '2023-06-30' and b.reference_date = '2024-12-31'"
    ).fetchone()
    assert 0.95 < kept < 0.995


def test_municipality_codes_exist_on_the_list_date_but_for_early_and_impossible_ones(connection):
    connection.execute(
        f"create or replace view municipality as from read_csv('{PROJECT}/seeds/geography/geo_municipality.csv', header = true)"
    )
    for reference_date in ["2023-12-31", "2024-12-31"]:
        (share,) = connection.execute(
            "select avg((pp0025 in (select nis_code from municipality where valid_from <= reference_date and valid_to >= reference_date))::integer) "
            f"from population where reference_date = '{reference_date}' and pp0025 between 1000 and 93999"
        ).fetchone()
        assert 0.995 < share <= 1, reference_date


def test_something_of_everything_goes_wrong(connection):
    """Each query counts the rows broken in one way that section 2 of the definitions names."""
    for name, query in {
        "misdated list": "from population where not (month(reference_date), day(reference_date)) in ((6, 30), (12, 31))",
        "missing id in a list": "from population where pp0010 is null",
        "impossible birth year": "from population where pp0015 is null or pp0015 > year(reference_date) or pp0015 < 1890",
        "person twice": "from (select pp0010 from population where pp0010 is not null group by pp0010, reference_date having count(*) > 1)",
        "unknown residence": "from population where pp0025 is null or pp0025 > 93999",
        "residence abroad": "from population where pp0025 between 100 and 994",
        "unknown sector": "from population where pp0055 is null or pp0055 like '%ZZZZ'",
        "missing id in a line": "from health_care where ss00010 is null",
        "no date": "from health_care where ss00015 is null",
        "wrong check digit": "from health_care where ss00020 // 10 % 7 <> ss00020 % 10",
        "zero cases": "from health_care where ss00050 = 0",
        "correction": "from health_care where ss00050 < 0",
        "no beneficiary": "from health_care where ss00010 not in (select pp0010 from population where pp0010 is not null)",
    }.items():
        assert connection.execute(f"select count(*) {query}").fetchone()[0] > 0, name


def test_refuses_a_directory_that_holds_something_else(tmp_path):
    (tmp_path / "real.csv").write_text("a\n1\n")
    done = make(tmp_path)
    assert done.returncode != 0 and "SYNTHETIC.txt" in done.stderr
    assert files(tmp_path) == []


def test_refuses_to_mix_two_sizes(source):
    before = files(source)
    done = make(source, "--first-year", "2022", "--last-year", "2022", scale="0.002")
    assert done.returncode != 0 and "another size" in done.stderr
    assert files(source) == before
