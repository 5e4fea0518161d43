"""A warehouse that grows and changes year by year holds what one built at once would hold, reads no more of the source than it must, and tests what it wrote.

One source and one warehouse go through the story in order: the tests of this file run in order, in one process, and each leaves the warehouse a step further.
Until the source changes (the late correction) the warehouse must equal `masked`, which was built at once from the same source.
"""

import shutil
import signal
from datetime import date

import adversarial
import duckdb
import pytest
from conftest import YEARS
from dbt_runs import WITHOUT_TESTS, run_dbt, start_dbt
from test_end_to_end import TABLES, different_tables

from atlas import record

pytestmark = pytest.mark.warehouse

FIRST, MIDDLE, LAST = YEARS
# From the files to the cells. What follows from the cells is made by `publishes` of the load plan, whose unit tests say which years that are; its tables are
# compared in the first half of the story.
CELLS_ALONE = (*WITHOUT_TESTS, "--exclude", "path:models/disclosure+", "path:models/intermediate/cards+")
PLAN_ALONE = ("run", "--select", "path:models/load")

# The years that all data tests have passed, and those that are published, as the warehouse remembers them.
TESTED = "(select reference_year from quality.built_year where tested is not null)"
PUBLISHED = "(select reference_year from quality.built_year where publication is not null)"


def tables(atlas, where="true"):
    """{table: (rows, hash of all rows in any order)} of every table of the warehouse that holds data by reference year, limited to those rows."""
    with duckdb.connect(str(atlas.warehouse), read_only=True) as connection:
        names = connection.execute(
            "select table_schema || '.' || table_name from information_schema.columns"
            " where column_name = 'reference_year' and table_schema in ('intermediate', 'quality')"
            # what is read anew for each build
            " and table_name not in ('int_population_duplicate', 'int_population_disposition', 'int_residence_code_count', 'int_claim')"
            # what has the years of one build only
            " and table_name not in ('protected_count', 'remainder_count', 'protected_cell', 'suppression_column', 'suppressed_cell', 'three_year_cell', 'masking_report')"
            # what says which builds there were
            " and table_name not in ('built_year', 'build_progress') order by 1"
        ).fetchall()
        return {
            name: connection.execute(f"select count(*), bit_xor(hash(t)) from {name} as t where {where}").fetchone()
            for (name,) in names
        }


def is_superset(atlas, other):
    """Whether every table of the other atlas, which has cells alone, is the same in the first."""
    found, expected = tables(atlas), tables(other)
    assert "intermediate.int_delivery_cell" in expected
    return {name: found.get(name) for name in expected} == expected


def years(atlas, table):
    """The reference years of a table, in order. The states of the warehouse also know the years before and after, of which only claims are read."""
    return [
        year
        for (year,) in atlas.query(
            f"select distinct reference_year from {table} where reference_year between {FIRST} and {LAST} order by 1"
        )
    ]


def years_looked_at(atlas):
    """The years that the data tests of the last build looked at, as its compiled SQL says."""
    (compiled,) = (atlas.output / "target" / "compiled").rglob("assert_published_rows_are_consistent.sql")
    conditions = {
        line.strip() for line in compiled.read_text().splitlines() if line.strip().startswith("where reference_year in")
    }
    assert len(conditions) == 1
    return conditions.pop().removeprefix("where reference_year in ")


def read_from(atlas):
    """What the load plan of the last build read: {(source, year): reason}."""
    plan = "select reference_year, reason, reads_lists, reads_claims from source.load_plan where reference_year > 0"
    return {
        (source, year): reason
        for year, reason, *reads in atlas.query(plan)
        for source, is_read in zip(("population", "health_care"), reads, strict=True)
        if is_read
    }


def built(story, *arguments, **variables):
    """Builds the warehouse of the story again. Raises AssertionError when the build fails."""
    atlas = run_dbt(story.source, story.output, *arguments, variables=variables)
    assert atlas.ok, atlas.log[-3000:]
    return atlas


def reads_nothing(atlas):
    return "no source file is read" in atlas.log


def remove_year(source, year):
    """Removes a year's lists and claims from a source."""
    for folder in [
        *source.glob(f"population/reference_date={year}-*"),
        source / "health_care" / f"service_year={year}",
    ]:
        shutil.rmtree(folder)


def bill(source, year, lines, name="late"):
    """Adds claim lines (person, day, code) to the year's folder, as a file that came late."""
    values = ", ".join(f"('{person}', date '{day}', {code}, 1, 0, null, 9999)" for person, day, code in lines)
    names = ", ".join(adversarial.HEALTH_CARE_COLUMNS)
    folder = source / "health_care" / f"service_year={year}"
    folder.mkdir(exist_ok=True)
    duckdb.sql(f"copy (from (values {values}) as line ({names})) to '{folder}/{name}.parquet' (format parquet)")


def kill_in_the_middle(source, output, written):
    """Starts a build and kills it when it has written so much: a table, or a year of one. Later tables are not written."""
    log = ""
    with start_dbt(source, output, *WITHOUT_TESTS) as running:
        for line in running.stdout:
            log += line
            if written in line:
                running.send_signal(signal.SIGKILL)
                break
    assert written in log and "int_imaging_cell" not in log, log[-3000:]


@pytest.fixture(scope="module")
def story(small_source, tmp_path_factory):
    """The source as it was a year ago, and the warehouse built from it then, by a second build: the first one was killed between two years of a table."""
    folder = tmp_path_factory.mktemp("story")
    source = shutil.copytree(small_source, folder / "source")
    remove_year(source, LAST)
    kill_in_the_middle(source, folder / "output", f"int_beneficiary: year {FIRST} done")
    return run_dbt(source, folder / "output")


def test_a_first_build_is_published_and_tested_and_goes_on_where_it_was_killed(story):
    assert story.ok, story.log[-3000:]
    assert "A build was stopped: of the cells, " in story.log
    assert "int_imaging_cell: year" in story.log and "int_beneficiary: year" not in story.log, (
        "a year was computed twice"
    )
    assert story.query("select count(*) from quality.build_progress") == [(0,)]
    assert years(story, "marts.cube_013_007") == years(story, TESTED) == [FIRST, MIDDLE]


# cube_007_009a and the tables that share its denominators: which of their cells are suppressed is decided together.
WITH_POSTNATAL = ("cube_007_001a_denom", "cube_007_005a", "cube_007_006a", "cube_007_009a")
DECIDED = ("numerator", "denominator", "value", "lower_95", "upper_95", "status")


def marts_of(atlas, year):
    """{table: (rows, hash of all rows in any order)} of a year, without WITH_POSTNATAL."""
    return {
        name: atlas.query(f"select count(*), bit_xor(hash(t)) from marts.{name} as t where reference_year = {year}")
        for name in TABLES
        if name not in WITH_POSTNATAL
    }


def counts_of(atlas, year):
    """{(table, key of a row): numerator, or None where it is suppressed} of a year, of the tables that share their denominators with cube_007_009a."""
    found = {}
    for name in WITH_POSTNATAL[:-1]:
        rows = atlas.query(
            f"select numerator, columns(lambda name: name not in {DECIDED}) from marts.{name} where reference_year = {year}"
        )
        found |= {(name, *key): numerator for numerator, *key in rows}
    return found


def test_one_more_year_touches_no_other_even_after_a_build_that_died(story, small_source):
    """The next test compares all years with `masked`, which another worker may be building. But for the postnatal contacts of the year before: they were absent, because its look-ahead was cut, and
    now are cells of the suppression of deliveries, so that other cells of that year are suppressed. No number of it changes.
    """
    before, of_middle = tables(story, f"reference_year < {MIDDLE}"), marts_of(story, MIDDLE)
    counts_before = counts_of(story, MIDDLE)
    assert years(story, "marts.cube_007_009a") == [FIRST]
    shutil.copytree(small_source, story.source, dirs_exist_ok=True)

    kill_in_the_middle(story.source, story.output, "OK created sql yearly model intermediate.int_beneficiary")
    assert story.query(
        f"select count(*) from quality.built_year where reference_year = {LAST} and rules is not null"
    ) == [(0,)]

    after = built(story, *WITHOUT_TESTS)
    look_ahead = ("health_care", LAST + 1)
    assert read_from(after) == {("population", LAST): "new", ("health_care", LAST): "new", look_ahead: "new"}
    assert tables(after, f"reference_year < {MIDDLE}") == before and marts_of(after, MIDDLE) == of_middle
    counts = counts_of(after, MIDDLE)
    assert counts.keys() == counts_before.keys()
    published_twice = {key: number for key, number in counts.items() if None not in (number, counts_before[key])}
    assert published_twice and published_twice == {key: counts_before[key] for key in published_twice}
    assert years(after, "marts.cube_007_009a") == list(YEARS)


def test_nothing_new_reads_nothing_and_a_year_that_no_test_has_seen_is_tested(story, masked):
    assert years(story, PUBLISHED) == list(YEARS)
    assert LAST not in years(story, TESTED)
    before = tables(story)
    after = built(story)
    assert reads_nothing(after)
    assert years_looked_at(after) == f"({MIDDLE}, {LAST}, {LAST + 1})"
    assert years(after, TESTED) == list(YEARS)
    assert tables(after) == before == tables(masked)
    assert different_tables(after, masked) == []
    windows = "select count(*), bit_xor(hash(t)) from three_year.three_year_window as t"
    assert after.query(windows) == masked.query(windows) != [(0, None)]


def test_cells_masked_by_another_rule_are_masked_again(unmasked, primary_only, masked):
    """Even when a build with the other rule was stopped in the middle, as `primary_only` was for a year. The test before shows that a build without such a past
    has the same cells.
    """
    cells = "intermediate.publishable_cell"
    for atlas, published_years in ((unmasked, list(YEARS)), (primary_only, [FIRST, LAST])):
        assert years(atlas, PUBLISHED) == published_years
        assert tables(atlas)[cells] != tables(masked)[cells]
    assert reads_nothing(primary_only) and reads_nothing(masked)


def damage_last_year(story, by):
    """Changes a number in the cells, so that the published table shows it too."""
    with duckdb.connect(str(story.warehouse)) as connection:
        connection.execute(
            f"update intermediate.int_delivery_cell set deliveries = deliveries + {by} where reference_year = {LAST} and geo_level = 'country'"
        )
        connection.execute("update quality.built_year set tested = null")


def test_a_year_that_may_not_be_published_leaves_and_comes_back(story):
    narrowed = built(story, *WITHOUT_TESTS, last_reference_year=MIDDLE)
    assert years(narrowed, "marts.cube_013_007") == years(narrowed, "quality.masking_report") == [FIRST, MIDDLE]
    widened = built(story, *PLAN_ALONE)
    assert reads_nothing(widened)
    planned = "select reference_year from source.load_plan where publishes or tests and reference_year <= "
    assert widened.query(f"{planned}{LAST}") == [(LAST,)]


def test_a_year_that_failed_its_tests_is_computed_again(story, masked):
    """A year named in rebuild_years, and it alone. It has left the publication, and comes back by this build."""
    damage_last_year(story, 1000)
    again = built(story, rebuild_years=[LAST])
    why = "named in rebuild_years"
    assert read_from(again) == {("population", LAST): why, ("health_care", LAST): why}
    assert years(again, TESTED) == years(again, PUBLISHED) == list(YEARS)
    assert tables(again) == tables(masked)
    assert different_tables(again, masked) == []


def problem(story):
    """Why the warehouse must not be published; None when it may."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{story.warehouse}' as warehouse (read_only)")
        return record.problem_of(record.read_artifacts(connection))


def test_a_retry_of_what_failed_is_whole_once_the_fault_is_corrected(story, masked):
    damage_last_year(story, 1000)
    failed = run_dbt(story.source, story.output, artifacts=True)
    assert not failed.ok and reads_nothing(failed) and "int_delivery_cell_adds_up" in failed.log, failed.log[-3000:]
    assert years(failed, TESTED) == [] and "int_delivery_cell_adds_up" in problem(story)
    for correction, is_whole in ((0, False), (-1000, True)):
        damage_last_year(story, correction)
        with start_dbt(story.source, story.output, "retry") as retried:
            log = retried.stdout.read()
        assert (retried.returncode == 0) == is_whole, log[-3000:]
        assert "int_beneficiary" not in log and years(story, TESTED) == (list(YEARS) if is_whole else [])
        assert (problem(story) is None) == is_whole, problem(story)
    assert different_tables(story, masked) == []


def drop(story, table):
    """Drops a table of the warehouse of the story."""
    with duckdb.connect(str(story.warehouse)) as connection:
        connection.execute(f"drop table {table}")


def test_a_published_table_that_is_missing_is_written_again_and_reads_nothing(story, masked):
    drop(story, "marts.cube_007_006b")
    with duckdb.connect(str(story.warehouse)) as connection:  # a seed as an earlier version left it
        connection.execute("alter table seed.geo_arrondissement add column nuts text")
    after = built(story, *WITHOUT_TESTS, "--select", "path:models/load", "geo_arrondissement", "cube_007_006b")
    assert reads_nothing(after), after.log[-3000:]
    assert different_tables(after, masked) == []
    seed = "select * from seed.geo_arrondissement order by all"
    assert after.query(seed) == masked.query(seed)


def test_dbt_test_alone_looks_at_every_year(story):
    built(story, "test", "--select", "assert_published_rows_are_consistent")
    (compiled,) = (story.output / "target" / "compiled").rglob("assert_published_rows_are_consistent.sql")
    assert (
        "where reference_year is not null" in compiled.read_text() and "reference_year in" not in compiled.read_text()
    )


def test_a_table_of_the_input_that_is_missing_is_written_again_and_a_corrected_year_is_followed_by_every_table(
    story, masked, tmp_path
):
    """A delivery of 28 December comes late, and the year after has it billed again on 5 January: the second year loses what it counted.

    The late lines are in the folder of a year that has no lists yet, as a new extract brings them: their date decides. The build before that also reads
    every year again, because a table of the input was dropped; at the end the cells are those of a build without any of this.
    """
    woman, other = (
        row[0]
        for row in story.query(
            "select person_id from intermediate.int_beneficiary anti join intermediate.int_delivery using (person_id)"
            " where age between 20 and 40 and person_id similar to '[a-z0-9]+' group by person_id having count(*) = 3 order by 1 limit 2"
        )
    )
    bill(story.source, LAST, [(woman, f"{LAST}-01-05", 424104), (other, f"{LAST}-01-05", 424104)])
    drop(story, "quality.rejected_population")
    first = built(story, *CELLS_ALONE)
    assert {
        year: reason for (source, year), reason in read_from(first).items() if source == "population"
    } == dict.fromkeys(YEARS, "a table is missing")
    rejected = "select count(*), bit_xor(hash(t)) from quality.rejected_population as t"
    assert first.query(rejected) == masked.query(rejected)
    assert deliveries(first, woman) == deliveries(first, other) == [(date(LAST, 1, 5), "caesarean")]

    bill(story.source, LAST + 1, [(woman, f"{MIDDLE}-12-28", 423010), (woman, f"{MIDDLE}-12-20", 450015)])
    after = built(story, *CELLS_ALONE)
    assert read_from(after) == {("population", MIDDLE): "files changed", ("health_care", MIDDLE): "files changed"}
    assert deliveries(after, woman) == [(date(MIDDLE, 12, 28), "vaginal_hospital")]
    assert deliveries(after, other) == [(date(LAST, 1, 5), "caesarean")]
    at_once = run_dbt(story.source, tmp_path / "at_once", *CELLS_ALONE)
    assert at_once.ok, at_once.log[-3000:]
    assert is_superset(after, at_once)


def deliveries(atlas, person):
    return atlas.query(
        f"select delivery_date, delivery_type from intermediate.int_delivery where person_id = '{person}'"
    )


def test_a_year_that_the_source_lost_stays(story):
    """Neither a full refresh nor another geography drops a year silently; where it is asked for, a full refresh does. Late lines do not replace it."""
    before = tables(story)
    remove_year(story.source, FIRST)
    bill(story.source, MIDDLE, [("late", f"{FIRST}-05-05", 450015)], "lines_of_the_year_before")
    after = built(story, *CELLS_ALONE)
    assert tables(story) == before
    assert f"{FIRST} is not complete" in after.log and "these records are not added" in after.log
    not_read = "select source, line_count, difference from quality.reconciliation where disposition = 'not_read' and load_year = "
    assert after.query(not_read + str(FIRST)) == [("health_care", 1, 0)]

    for arguments, variables in ((["--full-refresh"], {}), ([], {"geography_vintage": 2019})):
        refused = run_dbt(story.source, story.output, *PLAN_ALONE, *arguments, variables=variables)
        assert not refused.ok and f"The warehouse holds {FIRST}" in refused.log and "drop_missing_years" in refused.log
        assert tables(story) == before

    selected = ("run", "--full-refresh", "--select", "path:models/load", "+int_beneficiary,resource_type:model")
    dropped = built(story, *selected, drop_missing_years=True)
    assert years(dropped, "intermediate.int_beneficiary") == [MIDDLE, LAST]
