"""Odd rows of a source: a build that reads them reads each as what it is, warns of it, or stops. What stops before a row is read: test_bad_input.py."""

import adversarial
import campaign
import duckdb
import pytest
from dbt_runs import BUILD, WITHOUT_TESTS, run_dbt

pytestmark = pytest.mark.warehouse


def test_code_younger_than_the_geography_names_both(tmp_path):
    source = adversarial.write_source(tmp_path / "source", 3, persons=200, years=(2022, 2023), newest_codes=2025)
    selection = (*BUILD, "--select", "path:models/load", "+int_beneficiary")
    atlas = run_dbt(source, tmp_path / "output", *selection, variables={"geography_vintage": 2018})
    assert not atlas.ok and "younger than geography_vintage 2018" in atlas.log


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
