"""A warehouse that grows year by year holds what one built at once would hold, and reads no more of the source than it must.

One source, one warehouse that goes through the story in order; the tests of a file run in order. Data tests and unit tests are left out: they are run elsewhere.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from datetime import date

import adversarial
import duckdb
import pytest
from conftest import PROJECT, run_dbt

YEARS = (2022, 2023, 2024)
NEW_YEAR = 2024
# All tables that are kept by year, the masked cells included. The marts and cards are made from whole tables each time: they cannot hold an old year.
MODELS = (
    "build",
    "--exclude-resource-type",
    "unit_test",
    "--exclude-resource-type",
    "test",
    "--exclude",
    "path:models/marts/imaging",
    "path:models/marts/perinatal",
    "path:models/intermediate/cards+",
)


def build(source, output, *arguments, **variables):
    return run_dbt(source, output, *MODELS, *arguments, variables=variables)


def tables(atlas, where="true"):
    """{table: (rows, hash of all rows in any order)} of every table of the warehouse that has reference years, limited to those rows."""
    with duckdb.connect(str(atlas.warehouse), read_only=True) as connection:
        names = connection.execute(
            "select table_schema || '.' || table_name from information_schema.columns"
            " where column_name = 'reference_year' and table_schema in ('intermediate', 'quality')"
            # what is read anew for each build
            " and table_name not in ('int_population_line', 'int_population_repeat', 'int_population_entry', 'int_population_residence', 'int_claim')"
            " and table_name not in ('protected_count', 'protected_cell', 'suppression_column', 'masking_report') order by 1"
        ).fetchall()
        return {
            name: connection.execute(f"select count(*), bit_xor(hash(t)) from {name} as t where {where}").fetchone()
            for (name,) in names
        }


def read_from(atlas):
    """What the load plan of the last build read: {(source, year): why}."""
    return {
        (source, year): why
        for source, year, why in atlas.query("select source, load_year, why from source.load_plan where load_year > 0")
    }


def without_year(source, target, year):
    """A copy of a source without a year's lists and claims."""
    shutil.copytree(source, target)
    for folder in [
        *target.glob(f"population/reference_date={year}-*"),
        *target.glob(f"health_care/service_year={year}"),
    ]:
        shutil.rmtree(folder)
    return target


def replace_folder(source, target, folder):
    shutil.rmtree(target / folder, ignore_errors=True)
    shutil.copytree(source / folder, target / folder)


def bill(source, year, lines):
    """Adds claim lines (person, day, code) to the year's folder, as a file that came late."""
    values = ", ".join(f"('{person}', date '{day}', {code}, 1, 0, null, 9999)" for person, day, code in lines)
    names = ", ".join(adversarial.HEALTH_CARE_COLUMNS)
    folder = source / "health_care" / f"service_year={year}"
    duckdb.sql(f"copy (from (values {values}) as line ({names})) to '{folder}/late.parquet' (format parquet)")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The source with all its years."""
    return adversarial.write_source(
        tmp_path_factory.mktemp("whole") / "source", 5, persons=200, years=YEARS, hive=True, files=1
    )


@pytest.fixture(scope="module")
def at_once(whole, tmp_path_factory):
    """What the growing warehouse must equal: all years in one build."""
    atlas = build(whole, tmp_path_factory.mktemp("at_once"))
    assert atlas.ok, atlas.log[-3000:]
    return atlas


@pytest.fixture(scope="module")
def growing(whole, tmp_path_factory):
    """The source as it was a year ago, and the warehouse built from it then. Each test leaves it a step further."""
    folder = tmp_path_factory.mktemp("growing")
    atlas = build(without_year(whole, folder / "source", NEW_YEAR), folder / "output")
    assert atlas.ok, atlas.log[-3000:]
    return atlas


def test_one_more_year_touches_no_other_even_after_a_build_that_died(whole, at_once, growing):
    before = tables(growing, f"reference_year <> {NEW_YEAR}")
    for folder in whole.glob(f"population/reference_date={NEW_YEAR}-*"):
        replace_folder(whole / "population", growing.source / "population", folder.name)
    replace_folder(whole / "health_care", growing.source / "health_care", f"service_year={NEW_YEAR}")

    kill_in_the_middle(growing)
    assert growing.query(f"select count(*) from quality.loaded_year where load_year = {NEW_YEAR}") == [(0,)]

    after = build(growing.source, growing.output)
    assert after.ok, after.log[-3000:]
    assert read_from(after) == {("population", NEW_YEAR): "new", ("health_care", NEW_YEAR): "new"}
    assert tables(after, f"reference_year <> {NEW_YEAR}") == before
    assert tables(after) == tables(at_once)


def kill_in_the_middle(atlas):
    """Starts a build and kills it when the first tables of the new year are written and others are not."""
    environment = {
        **os.environ,
        "ATLAS_SOURCE_DIR": str(atlas.source),
        "ATLAS_OUTPUT_DIR": str(atlas.output),
        "DBT_PROFILES_DIR": str(PROJECT / "profiles"),
        "DBT_TARGET_PATH": str(atlas.output / "target"),
        "DBT_LOG_PATH": str(atlas.output / "logs"),
    }
    command = [os.path.join(os.path.dirname(sys.executable), "dbt"), "--no-use-colors", *MODELS]
    log = ""
    with subprocess.Popen(
        command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        for line in running.stdout:
            log += line
            if re.search("OK created sql yearly model intermediate.int_beneficiary", line):
                running.send_signal(signal.SIGKILL)
                break
    assert "OK created sql yearly model intermediate.int_beneficiary" in log and "int_imaging_cell" not in log, log[
        -3000:
    ]


def test_nothing_new_reads_nothing(growing):
    before = tables(growing)
    after = build(growing.source, growing.output)
    assert after.ok and "no source file is read" in after.log, after.log[-3000:]
    assert tables(after) == before


def test_a_corrected_year_is_followed_by_every_table(growing, tmp_path):
    """A delivery of 28 December comes late, and the year after has it billed again on 5 January: the second year loses what it counted."""
    woman, other = (
        row[0]
        for row in growing.query(
            "select person_id from intermediate.int_beneficiary anti join intermediate.int_delivery using (person_id)"
            " where age between 20 and 40 and person_id similar to '[a-z0-9]+' group by person_id having count(*) = 3 order by 1 limit 2"
        )
    )
    bill(growing.source, 2023, [(woman, "2023-01-05", 424104), (other, "2023-01-05", 424104)])
    first = build(growing.source, growing.output)
    assert first.ok, first.log[-3000:]
    assert deliveries(first, woman) == deliveries(first, other) == [(date(2023, 1, 5), "caesarean")]

    bill(growing.source, 2022, [(woman, "2022-12-28", 423010), (woman, "2022-12-20", 450015)])
    after = build(growing.source, growing.output)
    assert after.ok, after.log[-3000:]
    assert read_from(after) == {("population", 2022): "files changed", ("health_care", 2022): "files changed"}
    assert deliveries(after, woman) == [(date(2022, 12, 28), "vaginal_hospital")]
    assert deliveries(after, other) == [(date(2023, 1, 5), "caesarean")]
    assert tables(after) == tables(build(growing.source, tmp_path / "at_once"))


def deliveries(atlas, person):
    return atlas.query(
        f"select delivery_date, delivery_type from intermediate.int_delivery where person_id = '{person}'"
    )


def test_a_named_year_is_computed_again(growing):
    before = tables(growing)
    after = build(growing.source, growing.output, rebuild_years=[2023])
    assert after.ok, after.log[-3000:]
    assert read_from(after) == {
        ("population", 2023): "named in rebuild_years",
        ("health_care", 2023): "named in rebuild_years",
    }
    assert tables(after) == before


def test_a_year_that_the_source_lost_stays(growing):
    """Neither a full refresh nor another geography drops a year silently; told to, a full refresh does."""
    before = tables(growing)
    for folder in [
        *growing.source.glob("population/reference_date=2022-*"),
        growing.source / "health_care" / "service_year=2022",
    ]:
        shutil.rmtree(folder)
    after = build(growing.source, growing.output)
    assert after.ok, after.log[-3000:]
    assert tables(after) == before

    for arguments, variables in ((["--full-refresh"], {}), ([], {"geography_vintage": 2019})):
        refused = build(growing.source, growing.output, *arguments, **variables)
        assert not refused.ok and "The warehouse holds 2022" in refused.log and "drop_missing_years" in refused.log, (
            refused.log[-3000:]
        )
        assert tables(growing) == before

    dropped = build(growing.source, growing.output, "--full-refresh", drop_missing_years=True)
    assert dropped.ok, dropped.log[-3000:]
    assert dropped.query("select distinct reference_year from intermediate.int_beneficiary order by 1") == [
        (2023,),
        (2024,),
    ]


def test_changed_rules_are_never_mixed(growing):
    """Another rule computes every year anew, and the build says why."""
    changed = build(growing.source, growing.output, delivery_gap_days=31)
    assert changed.ok, changed.log[-3000:]
    assert "rules changed" in changed.log
    assert {year for source, year in read_from(changed) if source == "population"} == {2023, 2024}


def test_cells_masked_by_another_threshold_are_masked_again(growing):
    """Even when the build with the other threshold was stopped in the middle."""
    before = tables(growing)
    opened = run_dbt(
        growing.source,
        growing.output,
        "run",
        "--select",
        "path:models/disclosure",
        variables={"small_cell_threshold": 0, "delivery_gap_days": 31},
    )
    assert opened.ok, opened.log[-3000:]
    assert opened.query("select count(*) from intermediate.int_imaging_masked where is_numerator_masked") == [(0,)]
    after = build(growing.source, growing.output, delivery_gap_days=31)
    assert after.ok and "no source file is read" in after.log, after.log[-3000:]
    assert tables(after) == before
