"""Input that is wrong: the build stops before any heavy work, with one message that says what was looked for, where, what was found and what to do."""

import shutil

import adversarial
import campaign
import duckdb
import pytest
from conftest import made_once
from dbt_runs import BUILD, run_dbt

pytestmark = pytest.mark.bad_input

HEAVY = "START sql view model intermediate.int_population_disposition"
# The load models and everything after them: what stops, without the cards and code lists, which no source can stop
AFTER_THE_SOURCE = (*BUILD, "--select", "path:models/load+")


@pytest.fixture(scope="session")
def written(shared):
    """A source of 200 persons. Read only."""
    arguments = {"persons": 200, "years": (2022, 2023), "newest_codes": 2025}
    return made_once(shared / "bad_input", lambda folder: adversarial.write_source(folder, 3, **arguments))


@pytest.fixture()
def source(written, tmp_path):
    """A copy of it, which a test may damage."""
    return shutil.copytree(written, tmp_path / "source")


def stopped(source, output, *words, **arguments):
    """Builds, and checks that it failed, before any person was read, with all the words in its message."""
    atlas = run_dbt(source, output, *AFTER_THE_SOURCE, **arguments)
    assert not atlas.ok
    assert HEAVY not in atlas.log
    for word in words:
        assert word in atlas.log.replace("\n", " "), f"{word!r} is not in:\n{atlas.log[-2000:]}"
    return atlas


def test_a_missing_directory_is_named_with_the_variable(tmp_path):
    stopped(
        tmp_path / "nowhere",
        tmp_path / "output",
        "No input for 'population'",
        str(tmp_path / "nowhere"),
        "ATLAS_SOURCE_DIR",
    )


def test_a_source_without_files_is_named(source, tmp_path):
    for file in (source / "health_care").rglob("*.parquet"):
        file.unlink()
    stopped(source, tmp_path / "output", "No input for 'health_care'", ".csv.gz", "none")


def test_missing_column_names_file_and_column(source, tmp_path):
    file = sorted((source / "health_care").rglob("*.parquet"))[-1]
    duckdb.sql(f"copy (select * exclude (ss00050) from '{file}') to '{tmp_path / 'cut.parquet'}'")
    (tmp_path / "cut.parquet").replace(file)
    stopped(source, tmp_path / "output", "lacks the column ss00050", file.name, "_sources.yml")


def test_unreadable_file_is_named(source, tmp_path):
    file = sorted((source / "population").rglob("*.parquet"))[0]
    file.write_bytes(b"not parquet at all")
    stopped(source, tmp_path / "output", file.name)


def test_no_usable_year_says_what_was_found(source, tmp_path):
    stopped(
        source,
        tmp_path / "output",
        "No usable year",
        "30 June and 31 December",
        "2022",
        "first_reference_year 2030",
        variables={"first_reference_year": 2030},
    )


@pytest.mark.parametrize(
    ("variables", "word"),
    [
        ({"geography_vintage": 2020}, "geography_vintage is 2020"),
        ({"publication_date": "2023-02-29"}, "publication_date is '2023-02-29'"),
        ({"first_filter_year": "2015 or true"}, "first_filter_year is '2015 or true'"),
        ({"small_cell_treshold": 10}, "Is small_cell_threshold meant"),
    ],
)
def test_invalid_variable_is_rejected(source, tmp_path, variables, word):
    """By plain dbt too; all values that are refused: test_variables.py."""
    stopped(source, tmp_path / "output", word, variables=variables)


@pytest.mark.parametrize("hive", [True, False])
def test_a_broken_line_of_csv_is_named_and_not_shown(hive, tmp_path):
    source = adversarial.write_source(
        tmp_path / "source", 3, persons=200, years=(2022, 2023), newest_codes=2025, file_format="csv", hive=hive
    )
    file = sorted((source / "health_care").rglob("*.csv"))[0]
    with open(file, "a", encoding="utf-8", newline="") as lines:
        lines.write("somebody-known,20220101,450015,1,0,,,,one,too,many\n")
    number = len(file.read_text(encoding="utf-8").splitlines())
    words = ("Malformed CSV rows", file.name, f"line {number}")
    atlas = stopped(source, tmp_path / "output", *words, artifacts=True)
    assert "somebody-known" not in atlas.log
    assert "somebody-known" not in (tmp_path / "output" / "logs" / "dbt.log").read_text(encoding="utf-8")


def test_a_list_in_the_folder_of_another_date_stops_the_build(tmp_path):
    source = campaign.write_source(tmp_path / "source")
    folder = source / "population" / "reference_date=2022-12-31"
    folder.mkdir()
    (source / "population" / "part.parquet").rename(folder / "list.parquet")
    words = ("list.parquet", "the folder states the list of 2022-12-31", "says 2022-06-30", "Move the file")
    stopped(source, tmp_path / "output", *words)
