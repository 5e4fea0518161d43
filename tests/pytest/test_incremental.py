"""A warehouse that grows year by year holds what one built at once would hold, and reads no more of the source than it must.

One source, one warehouse that goes through the story in order; the tests of a file run in order. Data tests and unit tests are left out: they are run elsewhere.
"""

import os
import re
import shutil
import signal
import subprocess
import sys

import adversarial
import duckdb
import pytest
from conftest import PROJECT, run_dbt

YEARS = (2022, 2023, 2024)
NEW_YEAR = 2024
# All tables that are kept by year. What follows, masking, marts and cards, is made from whole tables each time: it cannot hold an old year.
MODELS = ("build", "--exclude-resource-type", "unit_test", "--exclude-resource-type", "test", "--exclude", "path:models/intermediate/masked+", "path:models/intermediate/cards+")


def build(source, output, *arguments, **variables):
    return run_dbt(source, output, *MODELS, *arguments, variables=variables)


def tables(atlas, where="true"):
    """{table: (rows, hash of all rows in any order)} of every table of the warehouse that has reference years, limited to those rows."""
    with duckdb.connect(str(atlas.warehouse), read_only=True) as connection:
        names = connection.execute(
            "select table_schema || '.' || table_name from information_schema.columns"
            " where column_name = 'reference_year' and table_schema = 'intermediate'"
            # what is read anew for each build
            " and table_name not in ('int_population_line', 'int_population_repeat', 'int_population_entry', 'int_claim') order by 1"
        ).fetchall()
        return {name: connection.execute(f"select count(*), bit_xor(hash(t)) from {name} as t where {where}").fetchone() for (name,) in names}


def read_from(atlas):
    """What the load plan of the last build read: {(source, year): why}."""
    return {(source, year): why for source, year, why in atlas.query("select source, load_year, why from source.load_plan where load_year > 0")}


def without_year(source, target, year):
    """A copy of a source without a year's lists and claims."""
    shutil.copytree(source, target)
    for folder in [*target.glob(f"population/reference_date={year}-*"), *target.glob(f"health_care/service_year={year}")]:
        shutil.rmtree(folder)
    return target


def replace_folder(source, target, folder):
    shutil.rmtree(target / folder, ignore_errors=True)
    shutil.copytree(source / folder, target / folder)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The source with all its years."""
    return adversarial.write_source(tmp_path_factory.mktemp("whole") / "source", 5, persons=200, years=YEARS, hive=True, files=1)


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
    with subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        for line in running.stdout:
            log += line
            if re.search("OK created sql yearly model intermediate.int_beneficiary", line):
                running.send_signal(signal.SIGKILL)
                break
    assert "OK created sql yearly model intermediate.int_beneficiary" in log and "int_imaging_cell" not in log, log[-3000:]


def test_nothing_new_reads_nothing(growing):
    before = tables(growing)
    after = build(growing.source, growing.output)
    assert after.ok and "no source file is read" in after.log, after.log[-3000:]
    assert tables(after) == before
