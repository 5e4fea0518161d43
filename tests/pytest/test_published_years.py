"""Published tables are written and tested year by year: what a build leaves as it was must be what a build of everything would write.

One warehouse goes through the story in order; the tests of a file run in order.
"""

import duckdb
import pytest
from conftest import YEARS, run_dbt
from test_end_to_end import TABLES

LAST = max(YEARS)
TESTED = "(select reference_year from quality.built_year where tested is not null)"
PUBLISHED = "(select reference_year from quality.built_year where publication is not null)"
WITHOUT_TESTS = ("build", "--exclude-resource-type", "unit_test", "--exclude-resource-type", "test")


def years(atlas, table):
    """The reference years of a table, in order. The states of the warehouse also know the year of which only claims are read, for the look-back."""
    return [
        year
        for (year,) in atlas.query(
            f"select distinct reference_year from {table} where reference_year >= {min(YEARS)} order by 1"
        )
    ]


def years_looked_at(atlas):
    """The years that the data tests of the last build looked at, as its compiled SQL says."""
    (compiled,) = (atlas.output / "target" / "compiled").rglob("published_rows_are_sound.sql")
    told = {
        line.strip() for line in compiled.read_text().splitlines() if line.strip().startswith("where reference_year in")
    }
    assert len(told) == 1
    return told.pop().removeprefix("where reference_year in ")


@pytest.fixture(scope="module")
def story(masked, small_source, tmp_path_factory):
    """A warehouse of its own, built with the last year left out."""
    return run_dbt(small_source, tmp_path_factory.mktemp("story"), variables={"last_reference_year": LAST - 1})


def test_a_year_that_no_test_has_seen_is_tested_by_the_next_build(story, masked):
    assert story.ok, story.log[-3000:]
    assert years(story, "marts.cube_013_007") == years(story, TESTED) == list(YEARS[:-1])

    untested = run_dbt(story.source, story.output, *WITHOUT_TESTS)
    assert untested.ok, untested.log[-3000:]
    assert years(untested, PUBLISHED) == list(YEARS) and LAST not in years(untested, TESTED)

    after = run_dbt(story.source, story.output)
    assert after.ok and "no source file is read" in after.log, after.log[-3000:]
    assert years_looked_at(after) == f"({LAST})"
    assert years(after, TESTED) == list(YEARS)
    assert [name for name in TABLES if after.table(name) != masked.table(name)] == []


def test_a_year_that_may_not_be_published_leaves_and_comes_back(story, masked):
    narrowed = run_dbt(story.source, story.output, variables={"last_reference_year": LAST - 1})
    assert narrowed.ok, narrowed.log[-3000:]
    assert years(narrowed, "marts.cube_013_007") == years(narrowed, "quality.masking_report") == list(YEARS[:-1])
    widened = run_dbt(story.source, story.output)
    assert widened.ok and years_looked_at(widened) == f"({LAST})", widened.log[-3000:]
    assert [name for name in TABLES if widened.table(name) != masked.table(name)] == []


def test_a_year_that_failed_its_tests_fails_until_it_is_mended(story, masked):
    """The number is wrong in the cells, so that the published table shows it too."""
    with duckdb.connect(str(story.warehouse)) as connection:
        connection.execute(
            f"update intermediate.int_delivery_cell set deliveries = deliveries + 1000 where reference_year = {LAST} and geo_level = 'country'"
        )
        connection.execute("update quality.built_year set tested = null")
    for _ in range(2):
        failed = run_dbt(story.source, story.output)
        assert not failed.ok and "no source file is read" in failed.log and "int_delivery_cell_adds_up" in failed.log, (
            failed.log[-3000:]
        )
        assert years(failed, TESTED) == []
    mended = run_dbt(story.source, story.output, variables={"rebuild_years": [LAST]})
    assert mended.ok, mended.log[-3000:]
    assert years(mended, TESTED) == list(YEARS)
    assert [name for name in TABLES if mended.table(name) != masked.table(name)] == []


def test_a_table_that_is_missing_is_written_again(story, masked):
    for dropped, read_again in (("marts.cube_007_006b", False), ("quality.rejected_population", True)):
        with duckdb.connect(str(story.warehouse)) as connection:
            connection.execute(f"drop table {dropped}")
        after = run_dbt(story.source, story.output)
        assert after.ok and ("no source file is read" not in after.log) == read_again, after.log[-3000:]
        assert [name for name in TABLES if after.table(name) != masked.table(name)] == []
        rows = [atlas.query(f"select count(*), bit_xor(hash(t)) from {dropped} as t") for atlas in (after, masked)]
        assert rows[0] == rows[1]


def test_dbt_test_alone_looks_at_every_year(story):
    alone = run_dbt(story.source, story.output, "test", "--select", "published_rows_are_sound")
    assert alone.ok, alone.log[-3000:]
    (compiled,) = (story.output / "target" / "compiled").rglob("published_rows_are_sound.sql")
    assert (
        "where reference_year is not null" in compiled.read_text() and "reference_year in" not in compiled.read_text()
    )
