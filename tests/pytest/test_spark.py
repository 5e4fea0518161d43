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
from dbt_runs import PROJECT, PUBLISHED_MODELS, WITHOUT_TESTS, run_dbt

from atlas import spark
from atlas.settings import InputError, read_settings

NEARNESS = 1e-12  # of values and limits
RELATIVE = "abs(x.{0} - y.{0}) > {1} * greatest(1, abs(x.{0}))"
# What a build writes about itself; the rest of a warehouse must be equal.
ABOUT_THE_BUILD = {"build_run", "built_year", "build_progress", "spark_table"}
COLUMNS_ABOUT_THE_BUILD = {"planned_by", "reading", "read_path"}
# dbt's arguments for what depends on the threshold.
OF_THRESHOLD = (
    "run",
    "--select",
    *(f"path:models/{part}" for part in ("load", "disclosure", "comparison", *PUBLISHED_MODELS)),
)


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
    with pytest.raises(
        InputError, match="ATLAS_SPARK_METHOD is 'livy', but must be one of session, connect, thrift, http"
    ):
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


def test_spark_connect_needs_its_packages_and_a_server(environment, tmp_path):
    connect = environment | {"ATLAS_SPARK_METHOD": "connect"}
    with pytest.raises(InputError, match=r"package grpcio is not installed .* install 'pyspark\[connect\]==[0-9.]+'"):
        spark.check(connect)
    found = spark.wanted_versions() | dict.fromkeys(("grpcio", "pandas", "pyarrow"), "1.0")
    connect |= {"ATLAS_SPARK_PYTHON": program(tmp_path, "python", json.dumps(found | {"spark": "4.3.0"}))}
    with pytest.raises(InputError, match="ATLAS_SPARK_HOST is not set"):
        spark.check(connect)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        connect |= {"ATLAS_SPARK_HOST": "127.0.0.1", "ATLAS_SPARK_PORT": str(listening.getsockname()[1])}
        spark.check(connect)


def test_server_of_another_version_or_kind_is_refused(environment, tmp_path):
    found = spark.wanted_versions() | {"pyhive": "0.7.0"}
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = str(listening.getsockname()[1])
        server = environment | {"ATLAS_SPARK_METHOD": "thrift", "ATLAS_SPARK_HOST": "127.0.0.1"}
        server |= {"ATLAS_SPARK_PORT": port}
        for said, refusal in [
            ({"spark": "3.5.1 of some day"}, "has version 3.5.1, and the project needs 4 or later"),
            ({}, f"127.0.0.1:{port} answers, but not as a server of Spark by the method thrift"),
        ]:
            answers = program(tmp_path, "python", json.dumps(found | said))
            with pytest.raises(InputError, match=refusal):
                spark.check(server | {"ATLAS_SPARK_PYTHON": answers})


def test_the_address_of_spark_connect_follows_from_the_settings():
    server = {"ATLAS_SPARK_HOST": "spark.example"}
    assert spark.address_of_connect(server) == "sc://spark.example:15002/"
    server |= {"ATLAS_SPARK_PORT": "443", "ATLAS_SPARK_USER": "an analyst", "ATLAS_SPARK_TOKEN": "a;b=c"}
    assert spark.address_of_connect(server) == "sc://spark.example:443/;user_id=an%20analyst;token=a%3Bb%3Dc"


def test_server_that_does_not_answer_is_refused(environment, tmp_path):
    found = json.dumps(spark.wanted_versions() | {"pyhive": "0.7.0", "spark": "4.3.0"})
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


def compare(of_duckdb: Path, of_spark: Path, held: Path):
    """Compares all tables of two warehouses, and those that only Spark holds (folder `held`). Returns (texts about differences, {table: rows}, values)."""
    texts, rows, values = [], {}, 0
    with duckdb.connect() as connection:
        connection.execute(f"attach '{of_duckdb}' as a (read_only)")
        connection.execute(f"attach '{of_spark}' as b (read_only)")
        names = "select schema_name, table_name from duckdb_tables() where database_name = '{}'"
        copied = set(connection.execute(names.format("b")).fetchall())
        for schema, table in sorted(connection.execute(names.format("a")).fetchall()):
            if table in ABOUT_THE_BUILD:
                continue
            files = held / f"{schema}.db" / table
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
            rows[f"{schema}.{table}"] = row_count
            values += value_count
    return texts, rows, values


def test_the_comparison_finds_what_differs(tmp_path):
    for name, value in (("left", 0.5), ("right", 0.5 + 1e-9)):
        with duckdb.connect(str(tmp_path / name)) as connection:
            connection.execute(
                f"create table equal as select 1 as n; create table near as select 1 as n, {value}::double as x"
            )
            connection.execute(
                f"create table other as select '{name}' as t; create table typed as select 1::{'int' if name == 'left' else 'bigint'} as n"
            )
    texts, rows, values = compare(tmp_path / "left", tmp_path / "right", tmp_path)
    assert len(rows) == 4 and values > 0
    assert [text.split(":")[0] for text in texts] == ["main.near", "main.other", "main.typed"]


# The build ----------------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def runs_spark():
    """Skips what needs Java and the packages of requirements-spark.txt where one is missing: Spark is an extra of the project. `.ci/run` installs both."""
    try:
        spark.check()
    except InputError as what_is_missing:
        pytest.skip(str(what_is_missing))


# Opens a connection of dbt-spark to a server that is not there, and prints the statements that it was sent.
CONNECTING = """
import types
from dbt.adapters.spark.connections import SparkConnectionManager, SparkCredentials
from atlas.spark_half import prepare_connections
sent = []
cursor = types.SimpleNamespace(execute=sent.append, close=lambda: None)
server = types.SimpleNamespace(handle=types.SimpleNamespace(cursor=lambda: cursor))
SparkConnectionManager.open = classmethod(lambda cls, connection: setattr(connection, "handle", server) or connection)
prepare_connections()
settings = {"spark.sql.sources.partitionOverwriteMode": "dynamic"}
credentials = SparkCredentials(host="nowhere", method="thrift", schema="main", server_side_parameters=settings)
SparkConnectionManager.open(types.SimpleNamespace(state="closed", credentials=credentials))
print(sent)
"""


@pytest.mark.spark
def test_a_server_is_sent_what_decides_the_numbers(runs_spark):
    command = [spark.python(), "-c", CONNECTING]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    expected = ["set spark.sql.sources.partitionOverwriteMode=dynamic", "set spark.sql.ansi.enabled=true"]
    assert done.stdout.strip() == str(expected)


def build(source: Path, output: Path):
    """Builds with threshold 0, and with threshold 5 what depends on it; keeps a copy of each warehouse (`threshold_0.duckdb`). Raises AssertionError when dbt fails.

    The engine is that of the environment. Data tests of DuckDB are left out: they read tables that are compared here. Those of Spark run.
    """
    for threshold, arguments in {0: WITHOUT_TESTS, 5: OF_THRESHOLD}.items():
        done = run_dbt(source, output, *arguments, variables={"small_cell_threshold": threshold})
        assert done.ok, done.log[-4000:]
        shutil.copy(done.warehouse, output / f"threshold_{threshold}.duckdb")


def build_with_spark(source: Path, output: Path):
    """See build, with Spark: in a process of its own, because which models exist is decided when the project is parsed."""
    environment = {
        **os.environ,
        "ATLAS_ENGINE": "spark",
        "ATLAS_SPARK_EVENTS": str(output / "events"),
        "ATLAS_SPARK_PARTITIONS": "2",
        # one compiler, for a Java that ends after two minutes; with the code cache of two, as Spark fills the usual one of 48 MB
        "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m -XX:+UseSerialGC",
    }
    folders = [str(PROJECT / part) for part in ("tests/pytest", "tests", ".")]
    code = f"import pathlib, sys; sys.path[:0] = {folders}; import test_spark; test_spark.build(*map(pathlib.Path, sys.argv[1:]))"
    command = [sys.executable, "-c", code, str(source), str(output)]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]


@pytest.fixture(scope="module")
def outputs(runs_spark, tmp_path_factory):
    """Two output directories with the same source, one an engine: claims of the year are Parquet; the list of June and claims of the year before are CSV."""
    folder = tmp_path_factory.mktemp("spark")
    source = write_mixed_source(folder, 31, persons=200, years=(2022,))
    build(source, folder / "duckdb")
    build_with_spark(source, folder / "spark")
    return folder / "duckdb", folder / "spark"


def write_mixed_source(folder, seed, persons, years):
    """Writes a source of which lists of June and claims of odd years are CSV in several shapes, the others Parquet. Returns its folder."""
    source = adversarial.write_source(folder / "source", seed, persons=persons, years=years, hive=True)
    text = adversarial.write_source(folder / "text", seed, persons=persons, years=years, hive=True, file_format="csv")
    adversarial.reshape_csv(text)
    for part in [*source.glob("population/*-06-30"), *source.glob("health_care/*[13579]")]:
        shutil.rmtree(part)
        shutil.copytree(text / part.relative_to(source), part)
    return source


@pytest.mark.spark
@pytest.mark.slow
@pytest.mark.parametrize("threshold", [0, 5])
def test_spark_gives_what_duckdb_gives(threshold, outputs, record_property):
    of_duckdb, of_spark = outputs
    file = f"threshold_{threshold}.duckdb"
    texts, rows, values = compare(of_duckdb / file, of_spark / file, of_spark / "spark" / "warehouse")
    count = f"{len(rows)} tables, {sum(rows.values()):,} rows, {values:,} values"
    record_property("figure", f"Spark and DuckDB: {count} compared, threshold {threshold}")
    assert texts == []
    # tables in which this source must have something
    some = {"rejected_population", "rejected_health_care", "reconciliation", "data_warning", "publishable_cell"}
    assert some <= {name.split(".")[1] for name in rows if rows[name] > 0}
    with duckdb.connect(str(of_spark / file), read_only=True) as connection:
        (suppressed,) = connection.execute(
            "select count(*) from intermediate.publishable_cell where is_numerator_suppressed"
        ).fetchone()
    assert (suppressed > 0) == (threshold > 0)


@pytest.mark.spark
@pytest.mark.slow
def test_persons_stay_in_spark(outputs):
    _, output = outputs
    with duckdb.connect(str(output / "warehouse.duckdb"), read_only=True) as connection:
        held = connection.execute(
            "select distinct table_name from duckdb_columns() where column_name = 'person_id' and not internal"
        ).fetchall()
    assert {name for (name,) in held} == {"health_care_csv", "population_csv"}
    files = [file for file in (output / "spark").rglob("*") if file.is_file()]
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


NODE = re.compile(r"^([ :+-]*)(?:\* )?(\w+)(.*?) \((\d+)\)", re.MULTILINE)  # depth, operator, its kind, number


def inputs_of(nodes, place):
    """The trees below a node of a plan, left to right: lists of matches of NODE."""
    trees = []
    for node in nodes[place + 1 :]:
        if len(node[1]) <= len(nodes[place][1]):
            break
        if not trees or len(node[1]) == len(trees[0][0][1]):
            trees.append([])
        trees[-1].append(node)
    return trees


def shuffled_lists(plan):
    """The joins of a plan, as it was before Spark knew sizes, that shuffle both sides although one is made of code lists, geography or other tables from DuckDB alone.

    The left side of a left join is not looked at: Spark cannot broadcast it, and it is the grid of a table of cells.
    """
    scans = {
        number: text
        for number, text in re.findall(r"^\((\d+)\) Scan \w+(.*?)(?:\n\n|\Z)", plan, re.MULTILINE | re.DOTALL)
    }
    of_lists = {number for number, text in scans.items() if re.search(r"/in/(?!\w+_csv)\w+\.parquet", text)}
    nodes = list(NODE.finditer(plan.split("== Initial Plan ==")[-1].split("\n\n")[0]))
    found = []
    for place, node in enumerate(nodes):
        if node[2] in ("SortMergeJoin", "ShuffledHashJoin") and "FullOuter" not in node[3]:
            sides = inputs_of(nodes, place)
            for side in sides if "Inner" in node[3] else sides[1:]:
                read = {inner[4] for inner in side} & scans.keys()
                found += [node[4]] if read and read <= of_lists else []
    return found


def test_a_list_that_is_shuffled_is_recognised():
    tree = "SortMergeJoin LeftOuter (7)\n:- Sort (3)\n:  +- Exchange (2)\n:     +- Scan parquet a (1)\n+- Sort (6)\n   +- Exchange (5)\n      +- Scan parquet  (4)\n"
    plan = (
        "== Physical Plan ==\n"
        + tree
        + "\n(1) Scan parquet a\nLocation: [file:/x/warehouse/a]\n\n(4) Scan parquet \nLocation: [file:/x/in/code_list.parquet]\n\n"
    )
    assert shuffled_lists(plan) == ["7"]
    assert shuffled_lists(plan.replace("/in/code_list", "/in/population_csv")) == []
    assert shuffled_lists(plan.replace("SortMergeJoin", "BroadcastHashJoin")) == []
    swapped = plan.replace("/in/code_list.parquet", "/b").replace("/warehouse/a", "/in/code_list.parquet")
    assert shuffled_lists(swapped) == []
    assert shuffled_lists(swapped.replace("LeftOuter", "Inner")) == ["7"]


def test_the_table_that_a_statement_writes_is_found():
    scan = "== Physical Plan ==\nExecute InsertIntoHadoopFsRelationCommand (2)\n+- Scan parquet a.b (1)\n\n(1) Scan parquet a.b\nLocation: [file:/w/a.db/b]\n\n"
    plan = scan + "(2) Execute InsertIntoHadoopFsRelationCommand\nInput: []\nArguments: file:/w/{}, false\n"
    assert spark_events.written_table(plan.format("cells.db/c")) == "cells.c"
    assert spark_events.written_table(plan.format("exchange/id/out/c")) == "copies for DuckDB"
    assert spark_events.written_table(scan) is None


@pytest.mark.spark
@pytest.mark.slow
def test_lists_are_broadcast_and_no_window_gathers_all_rows_in_one_task(outputs):
    _, output = outputs
    found = plans(output / "events")
    assert sum("BroadcastHashJoin" in plan for plan in found) > 0
    assert [plan for plan in found if shuffled_lists(plan)] == []
    assert sum("Window" in plan for plan in found) > 0
    assert [plan for plan in found if windows_in_one_partition(plan)] == []
