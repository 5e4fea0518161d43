"""What several test files share: a way to run dbt on a source, and one small atlas that is built once a session."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

import adversarial

PROJECT = Path(__file__).resolve().parents[2]
YEARS = (2021, 2022, 2023)


@dataclass
class Atlas:
    """One output directory and what was said while it was built."""

    source: Path
    output: Path
    log: str
    ok: bool

    @property
    def warehouse(self) -> Path:
        """The private file."""
        return self.output / "warehouse.duckdb"

    def query(self, sql: str) -> list[tuple]:
        """The rows of a query on the private file, opened read-only and closed again."""
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def table(self, name: str) -> list[tuple]:
        """A published table in a total order, as the warehouse holds it."""
        return self.query(f"select * from marts.{name} order by all")


def run_dbt(
    source: Path, output: Path, *arguments: str, variables: dict | None = None, environment: dict | None = None
) -> Atlas:
    """Runs dbt (default: build without unit tests) with an output directory of its own, target and logs below it. Never raises: `ok` tells."""
    output.mkdir(parents=True, exist_ok=True)
    settings = {
        **os.environ,
        "ATLAS_SOURCE_DIR": str(source),
        "ATLAS_OUTPUT_DIR": str(output),
        "DBT_PROFILES_DIR": str(PROJECT / "profiles"),
        "DBT_TARGET_PATH": str(output / "target"),
        "DBT_LOG_PATH": str(output / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        **(environment or {}),
    }
    dbt = Path(sys.executable).parent / "dbt"
    command = [str(dbt), "--no-use-colors", *(arguments or ("build", "--exclude-resource-type", "unit_test"))]
    if variables:
        command += ["--vars", json.dumps(variables)]
    done = subprocess.run(command, cwd=PROJECT, env=settings, capture_output=True, text=True, check=False)
    return Atlas(source, output, done.stdout + done.stderr, done.returncode == 0)


@pytest.fixture(scope="session")
def small_source(tmp_path_factory) -> Path:
    """Adversarial people and claims of three years, hive-partitioned Parquet."""
    return adversarial.write_source(tmp_path_factory.mktemp("source"), 11, persons=1500, years=YEARS, hive=True)


@pytest.fixture(scope="session")
def unmasked(small_source, tmp_path_factory) -> Atlas:
    """The small source built with every number in the open. Read only: tests that build again take an output of their own."""
    atlas = run_dbt(small_source, tmp_path_factory.mktemp("unmasked"), variables={"small_cell_threshold": 0})
    assert atlas.ok, atlas.log[-3000:]
    return atlas


@pytest.fixture(scope="session")
def masked(small_source, tmp_path_factory) -> Atlas:
    """The small source built with the default threshold. Read only."""
    atlas = run_dbt(small_source, tmp_path_factory.mktemp("masked"))
    assert atlas.ok, atlas.log[-3000:]
    return atlas


@pytest.fixture(scope="session")
def published(masked, tmp_path_factory) -> Path:
    """An output directory with the masked build, its release and its site. Read only."""
    output = tmp_path_factory.mktemp("published")
    shutil.copy(masked.warehouse, output)  # its record says where the artifacts are
    environment = {
        **os.environ,
        "ATLAS_OUTPUT_DIR": str(output),
        "ATLAS_SOURCE_DIR": str(masked.source),
        "DBT_LOG_PATH": str(output / "logs"),
    }
    for command in ("release", "docs"):
        done = subprocess.run(
            [sys.executable, "-m", "atlas", command],
            cwd=PROJECT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return output
