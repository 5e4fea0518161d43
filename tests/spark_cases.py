"""Builds sources that CI has no time for with DuckDB and with Spark and compares every table: `python tests/spark_cases.py --cases csv late`.

csv    three years, all files CSV, in the shapes of `adversarial.reshape_csv`; threshold 0, then 5
late   three years of Parquet; then a file with claims of the first year arrives in the folder of the last one, while the warehouses stand; then the
       second year is computed again, with threshold 5
mixed  two years, Parquet and CSV; threshold 0, then 5

Needs what a build with Spark needs (docs/operations/spark.md). With `--method thrift` or `connect` the server that ATLAS_SPARK_HOST and ATLAS_SPARK_PORT name
computes; `--server-warehouse` is its folder of tables. Prints a line for each state that is compared, and what differs. Exit code 1 when something does.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parent
sys.path[:0] = [str(TESTS / "pytest"), str(TESTS), str(TESTS.parent)]

import adversarial
import duckdb
from dbt_runs import PROJECT, WITHOUT_TESTS, run_dbt
from test_spark import OF_THRESHOLD, compare, write_mixed_source

from atlas import spark

YEARS = (2021, 2022, 2023)
AT_0, AT_5 = {"small_cell_threshold": 0}, {"small_cell_threshold": 5}


def of_thresholds(source):
    """The two states of a source that does not change: (name, dbt's arguments, its variables)."""
    yield "threshold 0", WITHOUT_TESTS, AT_0
    yield "threshold 5", OF_THRESHOLD, AT_5


def csv_alone(source, persons):
    """See the module. Yields (name, dbt's arguments, its variables) when the source is as it is to be built."""
    adversarial.write_source(source, 41, persons=persons, years=YEARS, hive=True, file_format="csv")
    adversarial.reshape_csv(source)
    yield from of_thresholds(source)


def mixed(source, persons):
    """As csv_alone."""
    write_mixed_source(source.parent, 31, persons, YEARS[:2])
    yield from of_thresholds(source)


def late_file(source, persons):
    """As csv_alone. A third of the claims of the first year arrive late."""
    adversarial.write_source(source, 43, persons=persons, years=YEARS, hive=True)
    early, late = (source / "health_care" / f"service_year={year}" for year in (YEARS[0], YEARS[-1]))
    held_back = source.parent / "late.parquet"
    part = early / "part-0.parquet"
    part.rename(held_back)
    yield "without the late file", WITHOUT_TESTS, AT_0
    held_back.rename(late / "late.parquet")
    yield "with the late file", WITHOUT_TESTS, AT_0
    yield "a year rebuilt, threshold 5", WITHOUT_TESTS, {**AT_5, "rebuild_years": [YEARS[1]]}


CASES = {"csv": csv_alone, "late": late_file, "mixed": mixed}


def step(source: str, output: str, arguments: list[str], variables: dict) -> None:
    """Runs dbt with the engine of the environment. Exits with what it printed when it fails."""
    done = run_dbt(Path(source), Path(output), *arguments, variables=variables)
    if not done.ok:
        sys.exit(done.log[-4000:])


def run_step(engine: str, source: Path, output: Path, arguments, variables: dict) -> float:
    """Runs a step in a process of its own, as which models exist is decided when the project is parsed. Returns its seconds. Stops when it fails."""
    started = time.monotonic()
    given = json.dumps([str(source), str(output), list(arguments), variables])
    command = [sys.executable, str(Path(__file__)), "--step", given]
    done = subprocess.run(
        command, cwd=PROJECT, env={**os.environ, "ATLAS_ENGINE": engine}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{engine} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return time.monotonic() - started


def run_case(name: str, folder: Path, persons: int, warehouse: Path | None) -> bool:
    """Builds and compares each state of a case. Returns whether all were equal."""
    source, outputs = folder / "source", {engine: folder / engine for engine in ("duckdb", "spark")}
    equal = True
    for state, arguments, variables in CASES[name](source, persons):
        for engine, output in outputs.items():
            seconds = run_step(engine, source, output, arguments, variables)
        texts, rows, values = compare(
            outputs["duckdb"] / "warehouse.duckdb",
            outputs["spark"] / "warehouse.duckdb",
            warehouse or outputs["spark"] / "spark" / "warehouse",
        )
        equal = equal and not texts
        with duckdb.connect(str(outputs["spark"] / "warehouse.duckdb"), read_only=True) as connection:
            computed = connection.execute(
                "select string_agg(reference_year::varchar, ' ' order by reference_year) from source.load_plan "
                "where reads_lists or reads_claims or follows_claims"
            ).fetchone()[0]
        print(
            f"{name}, {state}: {len(rows)} tables, {sum(rows.values()):,} rows, {values:,} values, {len(texts)} tables "
            f"differ; years computed: {computed}; Spark's step {seconds:.0f} s",
            flush=True,
        )
        for text in texts:
            print(f"  {text}", flush=True)
    return equal


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--persons", type=int, default=200)
    parser.add_argument("--method", choices=spark.METHODS, default="session")
    parser.add_argument("--server-warehouse", type=Path, help="folder of the server's tables (not for session)")
    parser.add_argument("--folder", type=Path, help="where sources and warehouses stay; default: removed")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        return step(*json.loads(arguments.step))
    os.environ["ATLAS_SPARK_METHOD"] = arguments.method
    os.environ.setdefault("ATLAS_SPARK_PARTITIONS", "2")
    spark.check()
    equal = True
    for name in arguments.cases:
        with tempfile.TemporaryDirectory() as scratch:
            folder = (arguments.folder or Path(scratch)) / name
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            equal = run_case(name, folder, arguments.persons, arguments.server_warehouse) and equal
    sys.exit(not equal)


if __name__ == "__main__":
    main()
