"""`make build` leaves alone what only the project makes, while the project is that of the last complete build: seeds, and what is made of them alone."""

import os
import re
import shutil
import subprocess
import sys

import duckdb
import pytest
from conftest import YEARS
from dbt_runs import PROJECT
from test_end_to_end import TABLES

sys.path.insert(0, str(PROJECT))

import release_fixture

from atlas.build import what_to_build
from atlas.fingerprint import project_fingerprint
from atlas.settings import read_settings

pytestmark = pytest.mark.slow

ALL = ["--exclude-resource-type", "unit_test"]
DATA_ALONE = [*ALL, "--select", "source:*+"]


def make_build(source, output):
    """Runs `make build`'s program. Returns what it printed."""
    environment = {
        **os.environ,
        "ATLAS_SOURCE_DIR": str(source),
        "ATLAS_OUTPUT_DIR": str(output),
        "DBT_TARGET_PATH": str(output / "target"),
        "DBT_LOG_PATH": str(output / "logs"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "atlas", "build"],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    return done.stdout


def test_a_second_build_makes_only_what_depends_on_the_data(masked, tmp_path):
    source, output = tmp_path / "source", tmp_path / "output"
    shutil.copytree(masked.source, source)
    output.mkdir()
    shutil.copy(masked.warehouse, output)

    first = make_build(source, output)  # the warehouse was made by dbt alone: nobody knows by which project
    assert "stay as they are" not in first and "loaded seed file" in first and "reference.age_category" in first
    version = re.search(r"Release (\S+) is published", first).group(1)

    for path in source.rglob("*.parquet"):
        if str(max(YEARS)) in str(path.relative_to(source)):
            os.utime(path)
    second = make_build(source, output)
    assert "stay as they are" in second and f"{max(YEARS)} (files changed)" in second
    assert "loaded seed file" not in second and "reference.age_category" not in second and "cube_013_007" in second
    assert f"Release {version} is published" in second
    with duckdb.connect(str(output / "warehouse.duckdb"), read_only=True) as warehouse:
        assert [
            name
            for name in TABLES
            if warehouse.execute(f"select * from marts.{name} order by all").fetchall() != masked.table(name)
        ] == []


@pytest.fixture
def warehouse(tmp_path):
    """A complete build of this project, as its record says. Returns its file."""
    path = release_fixture.make_warehouse(tmp_path)
    with duckdb.connect(str(path)) as connection:
        release_fixture.add_run(connection, "complete", fingerprint=project_fingerprint(""))
    return path


def settings_of(folder):
    """The settings of an output directory."""
    return read_settings({"ATLAS_OUTPUT_DIR": str(folder)})


def test_after_a_complete_build_of_this_project_only_data_is_built(warehouse):
    assert what_to_build(settings_of(warehouse.parent), project_fingerprint("")) == DATA_ALONE


def test_other_variables_build_everything(warehouse):
    assert what_to_build(settings_of(warehouse.parent), project_fingerprint("{small_cell_threshold: 10}")) == ALL


@pytest.mark.parametrize(
    "change",
    [
        "insert into quality.build_run select run_number + 1, 'y', 'seed', 'partial', 'one', 1, '1.11.16', '{}', null from quality.build_run",
        "update quality.build_run set status = 'running'",
        "drop table reference.geographic_unit",
        "alter table quality.build_run drop column project_fingerprint",
        "drop table quality.build_run",
    ],
)
def test_whatever_else_happened_everything_is_built(warehouse, change):
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(change)
    assert what_to_build(settings_of(warehouse.parent), project_fingerprint("")) == ALL


def test_without_a_warehouse_everything_is_built(tmp_path):
    assert what_to_build(settings_of(tmp_path), project_fingerprint("")) == ALL
