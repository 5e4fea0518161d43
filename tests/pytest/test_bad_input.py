"""Input that is wrong: the build stops before any heavy work, with one message that says what was looked for, where, what was found and what to do."""

import shutil

import adversarial
import campaign
import duckdb
import pytest
from conftest import made_once
from dbt_runs import BUILD, WITHOUT_TESTS, run_dbt

pytestmark = pytest.mark.bad_input

HEAVY = "START sql view model intermediate.int_population_disposition"
# The load models and everything after them: what stops, without the cards and code lists, which no source can stop
AFTER_THE_SOURCE = (*BUILD, "--select", "path:models/load+")
PERSONS = (*BUILD, "--select", "path:models/load", "+int_beneficiary")


@pytest.fixture(scope="session")
def written(shared):
    """A source of 200 persons. Read only."""
    arguments = {"persons": 200, "years": (2022, 2023), "newest_codes": 2025}
    return made_once(shared / "bad_input", lambda folder: adversarial.write_source(folder, 3, **arguments))


@pytest.fixture()
def source(written, tmp_path):
    """A copy of it, which a test may damage."""
    return shutil.copytree(written, tmp_path / "source")


def stopped(source, output, *words, early=True, **arguments):
    """Builds, and checks that it failed, before any person was read (`early`), with all the words in its message."""
    atlas = run_dbt(source, output, *(AFTER_THE_SOURCE if early else PERSONS), **arguments)
    assert not atlas.ok
    assert not (early and HEAVY in atlas.log)
    for word in words:
        assert word in atlas.log.replace("\n", " "), f"{word!r} is not in:\n{atlas.log[-2000:]}"
    return atlas


def test_no_directory(tmp_path):
    stopped(
        tmp_path / "nowhere",
        tmp_path / "output",
        "No input for 'population'",
        str(tmp_path / "nowhere"),
        "ATLAS_SOURCE_DIR",
    )


def test_no_files_of_one_source(source, tmp_path):
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


def test_code_younger_than_the_geography_names_both(source, tmp_path):
    stopped(
        source,
        tmp_path / "output",
        "younger than geography_vintage 2018",
        early=False,
        variables={"geography_vintage": 2018},
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


def test_a_midnight_in_belgium_is_its_own_day_and_a_tab_is_no_person(tmp_path):
    """Whatever the time zone of the machine; that midnight is 22 o'clock of the day before in UTC."""
    source = campaign.write_source(tmp_path / "source")
    values = ", ".join(
        f"(timestamptz '2022-06-30 00:00:00+02', {person}, 1980, 2, 11001, null, '111')" for person in ("'p'", "chr(9)")
    )
    names = ", ".join(campaign.NAMES["population"])
    target = source / "population" / "moments.parquet"
    duckdb.sql(f"copy (from (values {values}) as line ({names})) to '{target}' (format parquet)")
    atlas = run_dbt(source, tmp_path / "output", *campaign.READING[:4], environment={"TZ": "UTC"})
    assert atlas.ok, atlas.log[-2000:]
    days = (
        "select cast(list_date as text), line_count from source.source_file_year where relative_path like '%moments%'"
    )
    assert atlas.query(days) == [("2022-06-30", 2)]
    with duckdb.connect(str(atlas.warehouse)) as connection:
        connection.execute("set timezone = 'Europe/Brussels'")  # of this view, as dbt sets it
        people = "select person_id, reject_reason from staging.stg_population where person_id = 'p' or reject_reason = 'missing_person_id' order by all"
        assert connection.execute(people).fetchall() == [("p", None), (None, "missing_person_id")]


def test_texts_that_are_floating_point_numbers_are_those_of_a_file_of_texts(tmp_path):
    """Beside a file of texts, 7.0 is the person 7; NaN, as tools write a gap, is none; a number may exceed every integer."""
    source = campaign.write_source(tmp_path / "source")
    numbers = ("7", "'nan'", "'infinity'", "1e20", "null")
    values = ", ".join(
        f"(cast({number} as double), 20220315, 450015, 1, 1000, 130.0, cast({number} as double))" for number in numbers
    )
    names = ", ".join(campaign.NAMES["health_care"])
    target = source / "health_care" / "numbers.parquet"
    duckdb.sql(f"copy (from (values {values}) as line ({names})) to '{target}' (format parquet)")
    atlas = run_dbt(source, tmp_path / "output", *campaign.READING)
    assert atlas.ok, atlas.log[-2000:]
    lines = (
        "select person_id, institution_code, reject_reason from staging.stg_health_care "
        f"where coalesce(person_id, '') not like '{campaign.PLANTED}%' order by all"
    )
    missing = (None, None, "missing_person_id")
    assert atlas.query(lines) == [("1e+20", None, None), ("7", "7", None), missing, missing, missing]


def test_counts_that_are_odd_are_warned_of(tmp_path):
    """A file without rows, a last line without its end, rows that are rejected for want of a date, fewer rows than the year before, and a source older than the publication date allows."""
    source = tmp_path / "source"
    for year, lines in ((2021, 40), (2022, 20)):
        campaign.write_source(source, year, name=f"part_{year}", lines=lines)
    lists, claims = source / "population" / "empty.csv", source / "health_care" / "part_2022.csv"
    lists.write_text(",".join(campaign.NAMES["population"]) + "\n", encoding="utf-8")
    claims.write_text(claims.read_text(encoding="utf-8").replace("20220315", "no day").rstrip("\n"), encoding="utf-8")
    selection = (*WITHOUT_TESTS, "--select", "+reconciliation")
    atlas = run_dbt(source, tmp_path / "output", *selection, variables={"publication_date": "2026-12-05"})
    assert atlas.ok, atlas.log[-3000:]
    for words in (
        "No row below the column names, in 1 files: population/empty.csv",
        "The last line has no line end, in 1 files: health_care/part_2022.csv",
        "The newest complete year of the source is 2022, and a release of 2026-12-05 may hold 2024",
        "Of the 10 rows of health_care without a usable date, 10 were rejected",
        "The source population has 20 rows of 2022, and had 40 of the year before",
        "The source health_care has 10 rows of 2022, and had 40 of the year before",
    ):
        assert words in atlas.log
    assert campaign.PLANTED not in atlas.log


def test_a_source_that_lost_rows_is_not_read_unless_the_loss_is_accepted(tmp_path):
    """What the warehouse read before is the measure; the year is planned again because its file changed."""
    source, output = campaign.write_source(tmp_path / "source"), tmp_path / "output"
    first = run_dbt(source, output, *campaign.READING)
    assert first.ok, first.log[-2000:]
    counts = "select sum(line_count) from intermediate.int_claim_count where disposition = 'received'"
    (source / "health_care" / "part.csv").write_text(",".join(campaign.NAMES["health_care"]) + "\n", encoding="utf-8")
    words = (
        "health_care of 2022: 40 rows before, 20 now (50 % fewer)",
        "Bring the missing files back",
        "largest_loss_of_rows",
    )
    refused = run_dbt(source, output, *campaign.READING)
    assert not refused.ok and all(word in refused.log for word in words) and "population of" not in refused.log
    assert not run_dbt(source, output, *campaign.READING, variables={"largest_loss_of_rows": 0.4}).ok
    assert first.query(counts) == [(40,)]
    assert run_dbt(source, output, *campaign.READING, variables={"largest_loss_of_rows": 0.6}).ok
    assert first.query(counts) == [(20,)]
