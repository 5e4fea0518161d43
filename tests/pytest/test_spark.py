"""The engine Spark: what must be there before a build, and results that equal those of DuckDB in every cell.

The build needs Java and the packages of requirements-spark.txt (`make spark`, or ATLAS_SPARK_PYTHON); without them it is skipped, and the summary says why.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import adversarial
import duckdb
import pytest
from bench import spark_events
from dbt_runs import BUILD, PROJECT, environment_of

from atlas import spark
from atlas.settings import InputError, read_settings

NEARNESS = 1e-12  # of values and limits
RELATIVE = "abs(x.{0} - y.{0}) > {1} * greatest(1, abs(x.{0}))"
# What a build writes about itself; the rest of a warehouse must be equal.
ABOUT_THE_BUILD = {"build_run", "built_year", "build_progress", "spark_table"}
COLUMNS_ABOUT_THE_BUILD = {"planned_by", "reading", "read_path"}


# Bad input ----------------------------------------------------------------------------------------------------------------------------


def test_unknown_engine_is_refused():
    with pytest.raises(InputError, match="ATLAS_ENGINE is 'flink', but must be one of duckdb, spark"):
        read_settings({"ATLAS_ENGINE": "flink"})


def program(folder, name, output, stream=1):
    """A program that prints a text, whatever it is asked."""
    file = folder / name
    file.write_text(f"#!/bin/sh\ncat >&{stream} <<'END'\n{output}\nEND\n")
    file.chmod(0o755)
    return str(file)


@pytest.fixture()
def environment(tmp_path):
    """An environment in which everything that Spark needs is there, as far as the checks see."""
    (tmp_path / "bin").mkdir()
    program(tmp_path / "bin", "java", 'openjdk version "17.0.15" 2025-04-15', stream=2)
    found = json.dumps(spark.wanted_versions())
    return {"JAVA_HOME": str(tmp_path), "ATLAS_SPARK_PYTHON": program(tmp_path, "python", found)}


def test_what_spark_needs_is_checked(environment):
    spark.check(environment)
    with pytest.raises(InputError, match="ATLAS_SPARK_METHOD is 'livy', but must be one of session, thrift, http"):
        spark.check(environment | {"ATLAS_SPARK_METHOD": "livy"})


def test_missing_and_old_java_are_refused(environment, tmp_path):
    with pytest.raises(InputError, match="there is no Java.*openjdk-17"):
        spark.check(environment | {"JAVA_HOME": "/nowhere"})
    with pytest.raises(InputError, match="there is no Java.*openjdk-17"):
        spark.check({"ATLAS_SPARK_PYTHON": environment["ATLAS_SPARK_PYTHON"], "PATH": str(tmp_path)})
    program(tmp_path / "bin", "java", 'openjdk version "11.0.2" 2019-01-15', stream=2)
    with pytest.raises(InputError, match="Java is version 11"):
        spark.check(environment)


def test_missing_and_other_packages_are_refused(environment, tmp_path):
    found = spark.wanted_versions()
    others = json.dumps(found | {"pyspark": "3.5.0"})
    with pytest.raises(InputError, match="has pyspark 3.5.0, and the project needs .*make spark"):
        spark.check(environment | {"ATLAS_SPARK_PYTHON": program(tmp_path, "other", others)})
    without = json.dumps({name: version for name, version in found.items() if name != "dbt-spark"})
    with pytest.raises(InputError, match="package dbt-spark is not installed"):
        spark.check(environment | {"ATLAS_SPARK_PYTHON": program(tmp_path, "without", without)})
    with pytest.raises(InputError, match="ATLAS_SPARK_PYTHON is '/nowhere/python', which does not run"):
        spark.check(environment | {"ATLAS_SPARK_PYTHON": "/nowhere/python"})


def test_server_that_does_not_answer_is_refused(environment, tmp_path):
    found = json.dumps(spark.wanted_versions() | {"pyhive": "0.7.0"})
    server = environment | {"ATLAS_SPARK_METHOD": "thrift", "ATLAS_SPARK_PYTHON": program(tmp_path, "python", found)}
    with pytest.raises(InputError, match="ATLAS_SPARK_HOST is not set"):
        spark.check(server)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server |= {"ATLAS_SPARK_HOST": "127.0.0.1", "ATLAS_SPARK_PORT": str(listening.getsockname()[1])}
        spark.check(server)
    with pytest.raises(InputError, match="does not answer .*ATLAS_SPARK_HOST and ATLAS_SPARK_PORT"):
        spark.check(server)
    with pytest.raises(InputError, match="ATLAS_SPARK_PORT is 'ten'"):
        spark.check(server | {"ATLAS_SPARK_PORT": "ten"})


@pytest.mark.parametrize(("tables", "engine"), [(["built_year"], "duckdb"), (["built_year", "spark_table"], "spark")])
def test_warehouse_of_the_other_engine_is_refused(tables, engine, environment, tmp_path):
    other = "spark" if engine == "duckdb" else "duckdb"
    settings = read_settings({"ATLAS_OUTPUT_DIR": str(tmp_path), "ATLAS_ENGINE": other})
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute("create schema quality")
        for table in tables:
            connection.execute(f"create table quality.{table} (reference_year integer)")
        connection.close()
    spark.check_engine(settings, environment)  # nothing is built yet
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute("insert into quality.built_year values (2022)")
    with pytest.raises(InputError, match=f"was built with the engine {engine}. Build with ATLAS_ENGINE={engine}"):
        spark.check_engine(settings, environment)


def test_errors_of_spark_keep_their_class_and_lose_their_values():
    from atlas.spark_half import without_values

    shown = without_values(
        "[CAST_INVALID_INPUT] The value 'p77-a' of the type \"STRING\" cannot be cast. SQLSTATE: 22018"
    )
    assert "CAST_INVALID_INPUT" in shown and "p77" not in shown
    assert "p77" not in without_values("java.lang.RuntimeException: p77")
    about_sql = "[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column `x` cannot be resolved."
    assert without_values(about_sql) == about_sql


# What is compared ---------------------------------------------------------------------------------------------------------------------


def columns_of(connection, relation, any_width):
    """{column: type} of what a query reads, without the columns about the build. any_width: whole numbers are one type."""
    described = connection.execute(f"describe select * from {relation}").fetchall()
    types = {row[0]: row[1] for row in described if row[0] not in COLUMNS_ABOUT_THE_BUILD}
    return {name: "INTEGER" if any_width and kind == "BIGINT" else kind for name, kind in types.items()}


def difference(connection, left, right):
    """Compares two relations. Returns (text about what differs or None, number of rows, of values)."""
    in_spark = right.startswith("read_parquet")  # a rank of persons is an integer there, and a bigint on DuckDB
    columns, others = (columns_of(connection, relation, any_width=in_spark) for relation in (left, right))
    if columns != others:
        return f"types {sorted(columns.items() ^ others.items())}", 0, 0
    exact = ", ".join(f'"{name}"' for name, type_name in sorted(columns.items()) if type_name != "DOUBLE")
    doubles = [f'"{name}"' for name, type_name in sorted(columns.items()) if type_name == "DOUBLE"]
    (number,) = connection.execute(f"select count(*) from {left}").fetchone()
    (different,) = connection.execute(
        f"select (select count(*) from (select {exact} from {left} except all select {exact} from {right}))"
        f" + (select count(*) from (select {exact} from {right} except all select {exact} from {left}))"
    ).fetchone()
    if not different and doubles:
        order = ", ".join([exact, *doubles])
        apart = " or ".join(f"coalesce({RELATIVE.format(c, NEARNESS)}, x.{c} is distinct from y.{c})" for c in doubles)
        x, y = (f"(select *, row_number() over (order by {order}) as n from {relation})" for relation in (left, right))
        (different,) = connection.execute(
            f"select count(*) from {x} as x inner join {y} as y on x.n = y.n where {apart}"
        ).fetchone()
    return (f"{different} of {number} rows differ" if different else None), number, number * len(columns)


def compare(of_duckdb: Path, of_spark: Path):
    """Compares all tables of two output directories, those that only Spark holds included. Returns (texts about differences, tables, rows, values)."""
    texts, tables, rows, values = [], 0, 0, 0
    with duckdb.connect() as connection:
        connection.execute(f"attach '{of_duckdb / 'warehouse.duckdb'}' as a (read_only)")
        connection.execute(f"attach '{of_spark / 'warehouse.duckdb'}' as b (read_only)")
        names = "select schema_name, table_name from duckdb_tables() where database_name = '{}'"
        copied = set(connection.execute(names.format("b")).fetchall())
        for schema, table in sorted(connection.execute(names.format("a")).fetchall()):
            if table in ABOUT_THE_BUILD:
                continue
            files = of_spark / "spark" / "warehouse" / f"{schema}.db" / table
            if (schema, table) in copied:
                right = f"b.{schema}.{table}"
            elif files.exists():
                (key,) = {folder.name.split("=")[0] for folder in files.glob("*=*")}
                right = (
                    f"read_parquet('{files}/*/*.parquet', hive_partitioning = true, hive_types = {{{key}: integer}})"
                )
            else:
                texts.append(f"{schema}.{table} is missing")
                continue
            text, row_count, value_count = difference(connection, f"a.{schema}.{table}", right)
            texts += [f"{schema}.{table}: {text}"] if text else []
            tables, rows, values = tables + 1, rows + row_count, values + value_count
    return texts, tables, rows, values


def test_the_comparison_finds_what_differs(tmp_path):
    for folder, value in (("a", 0.5), ("b", 0.5 + 1e-9)):
        (tmp_path / folder).mkdir()
        with duckdb.connect(str(tmp_path / folder / "warehouse.duckdb")) as connection:
            connection.execute(
                f"create table equal as select 1 as n; create table near as select 1 as n, {value}::double as x"
            )
            connection.execute(
                f"create table other as select '{folder}' as t; create table typed as select 1::{'int' if folder == 'a' else 'bigint'} as n"
            )
    texts, tables, _, _ = compare(tmp_path / "a", tmp_path / "b")
    assert tables == 4 and [text.split(":")[0] for text in texts] == ["main.near", "main.other", "main.typed"]


# The build ----------------------------------------------------------------------------------------------------------------------------


def why_not():
    """Returns why Spark does not run here; None where it does."""
    try:
        spark.check()
    except InputError as error:
        return str(error)
    return None


def build(source, output, engine, threshold):
    """Builds a source with an engine, in a process of its own. Raises AssertionError when dbt fails."""
    output.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        **environment_of(source, output),
        "ATLAS_ENGINE": engine,
        "ATLAS_SPARK_EVENTS": str(output / "events"),
    }
    command = [
        str(Path(sys.executable).parent / "dbt"),
        "--no-use-colors",
        *BUILD,
        "--vars",
        f"small_cell_threshold: {threshold}",
    ]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """Two output directories with the same source, threshold 0, one an engine. Lists of June and claims of odd years are CSV, the others Parquet."""
    if reason := why_not():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("spark")
    years = (2022, 2023)
    source = adversarial.write_source(folder / "source", 31, persons=500, years=years, hive=True)
    text = adversarial.reshape_csv(
        adversarial.write_source(folder / "text", 31, persons=500, years=years, hive=True, file_format="csv")
    )
    for part in [*source.glob("population/*-06-30"), *source.glob("health_care/*[13579]")]:
        shutil.rmtree(part)
        shutil.copytree(text / part.relative_to(source), part)
    for engine in ("duckdb", "spark"):
        build(source, folder / engine, engine, threshold=0)
    return source, folder


@pytest.mark.spark
@pytest.mark.slow
def test_spark_counts_what_duckdb_counts(outputs, record_property):
    _, folder = outputs
    texts, tables, rows, values = compare(folder / "duckdb", folder / "spark")
    record_property(
        "figure", f"Spark and DuckDB: {tables} tables, {rows:,} rows, {values:,} values compared, threshold 0"
    )
    assert texts == []


@pytest.mark.spark
@pytest.mark.slow
def test_persons_stay_in_spark(outputs):
    _, folder = outputs
    with duckdb.connect(str(folder / "spark" / "warehouse.duckdb"), read_only=True) as connection:
        held = connection.execute(
            "select distinct table_name from duckdb_columns() where column_name = 'person_id' and not internal"
        ).fetchall()
    assert {name for (name,) in held} == {"health_care_csv", "population_csv"}
    files = [file for file in (folder / "spark" / "spark").rglob("*") if file.is_file()]
    assert [file for file in files if file.stat().st_mode & 0o077] == []


def plans(folder):
    """The physical plans that Spark ran, from its event log: texts of EXPLAIN FORMATTED."""
    return [
        event["physicalPlanDescription"] for event in spark_events.events(folder) if "physicalPlanDescription" in event
    ]


def windows_in_one_partition(plan):
    """The window operators of a plan whose rows all meet in one task: no node but a sort is between them and an exchange to a single partition."""
    tree = re.findall(r"^[ :+-]*\*?\s*(?:\(\d+\) )?(\w+)(?: \w+)* \((\d+)\)$", plan, re.MULTILINE)
    single = {
        number
        for number, text in re.findall(r"^\((\d+)\) Exchange\n(.*?)(?:\n\n|\Z)", plan, re.MULTILINE | re.DOTALL)
        if "SinglePartition" in text
    }
    return [
        window
        for (name, window), *below in zip(tree, tree[1:], tree[2:], strict=False)
        if name == "Window" and any(node == "Exchange" and number in single for node, number in below)
    ]


def test_a_window_without_partition_is_recognised():
    plan = "== Physical Plan ==\nWindow (3)\n+- Sort (2)\n   +- Exchange (1)\n\n(1) Exchange\nInput [1]: [x#1]\nArguments: SinglePartition, ENSURE_REQUIREMENTS\n\n"
    assert windows_in_one_partition(plan) == ["3"]
    assert windows_in_one_partition(plan.replace("SinglePartition", "hashpartitioning(x#1, 8)")) == []


@pytest.mark.spark
@pytest.mark.slow
def test_no_window_gathers_all_rows_in_one_task(outputs):
    _, folder = outputs
    found = plans(folder / "spark" / "events")
    assert sum("Window" in plan for plan in found) > 0
    assert [plan for plan in found if windows_in_one_partition(plan)] == []


@pytest.mark.spark
@pytest.mark.slow
def test_spark_publishes_what_duckdb_publishes(outputs, record_property):
    source, folder = outputs
    for engine in ("duckdb", "spark"):
        build(source, folder / engine, engine, threshold=5)
    texts, tables, rows, values = compare(folder / "duckdb", folder / "spark")
    record_property(
        "figure", f"Spark and DuckDB: {tables} tables, {rows:,} rows, {values:,} values compared, threshold 5"
    )
    assert texts == []
