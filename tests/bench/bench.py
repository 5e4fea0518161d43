"""How long a year takes: a hand-written script, a Polars script and `dbt build` on the same source, side by side.

`make bench`, or `python tests/bench/bench.py --scale 0.25 --runs 3`. The source is made by `atlas demo` unless the scratch directory has it already.
Writes benchmark.md and benchmark.svg. Nothing is asserted about time; that all three count the same people, examinations, deliveries and acts is.

A year costs what one new year costs: the source holds it and the deliveries that its prenatal windows look back to. Memory is the largest resident
set of the process. Processor time tells more than the clock on a machine with other work.

The build does more than the scripts. The processor time of one more build is therefore split: the nodes that the cells of the scripts depend on, and the
rest by kind.
"""

import argparse
import importlib.metadata
import importlib.util
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date, datetime
from pathlib import Path

import duckdb

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
sys.path.append(str(PROJECT))  # this is a program, and no module of the project

from atlas.runner import BUILD  # noqa: E402 (found by the line above)

TOOLS = {
    "hand": "hand-written DuckDB script",
    "polars": "hand-written Polars script",
    "dbt": "dbt build, everything",
}
# One more build, of which each node is measured: one model at a time, with a log of all statements, both of which take time.
BY_NODE = "dbt_by_node"
# The models that hold what the scripts compute.
CELLS = (
    "int_imaging_cell",
    "int_delivery_cell",
    "int_prenatal_cell",
    "int_hospital_delivery_cell",
    "int_hospital_prenatal_cell",
)
SAME = "the cells of the scripts, with what they are computed from"
# Kinds of the other nodes: condition on (resource type, path of the file), the first that holds.
OTHER = {
    "data tests": lambda kind, path: kind == "test",
    "suppression": lambda kind, path: path.startswith("models/disclosure/"),
    "published tables, cards, comparison": lambda kind, path: path.startswith(("models/marts/", "models/comparison/")),
    "rejected records, counts, warnings, other cells": lambda kind, path: True,
}
DBT_ITSELF = "dbt itself: start, reading the project, hooks"


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=1.0, help="1 is all of Belgium")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--year", type=int, default=2024)
    parser.add_argument("--claims-per-person", type=float, default=8.0)
    parser.add_argument(
        "--memory-limit",
        default=os.environ.get("ATLAS_MEMORY_LIMIT", "4GB"),
        help="DuckDB's, of both scripts and dbt (default 4GB)",
    )
    parser.add_argument("--threads", type=int, default=int(os.environ.get("ATLAS_THREADS", "2")))
    default = Path(os.environ.get("ATLAS_OUTPUT_DIR", PROJECT / "output")) / "benchmark"
    parser.add_argument("--output", type=Path, default=default, help="where the table, the chart and the source go")
    parser.add_argument("--source", type=Path, help="a hive-partitioned source to use instead of a generated one")
    arguments = parser.parse_args(argv)
    arguments.output.mkdir(parents=True, exist_ok=True)
    source = arguments.source or make_source(arguments)
    rows = count_rows(source, arguments.year)
    print(f"{rows['lines']:,} claim lines, {rows['people']:,} rows of the population lists", flush=True)

    tools = ["hand", "polars", "dbt"] if importlib.util.find_spec("polars") else ["hand", "dbt"]
    if "polars" not in tools:
        print("Polars is not installed (pip install polars): its line is left out.")
    runs = {tool: [] for tool in tools}
    for number in range(arguments.runs):
        for tool in tools:
            with tempfile.TemporaryDirectory(dir=arguments.output) as scratch:
                run = run_once(tool, source, Path(scratch), arguments)
            runs[tool].append(run)
            print(
                f"run {number + 1}, {tool}: {run['seconds']:.1f} s, {run['processor']:.1f} s of processor, {run['memory'] / 1e9:.2f} GB",
                flush=True,
            )
    with tempfile.TemporaryDirectory(dir=arguments.output) as scratch:
        by_node = run_once(BY_NODE, source, Path(scratch), arguments)
    if len({run["result"] for run in [by_node, *(run for tool in tools for run in runs[tool])]}) != 1:
        sys.exit(f"The programs disagree: {[(tool, runs[tool][0]['result']) for tool in tools]}")

    (arguments.output / "benchmark.md").write_text(as_table(runs, by_node, rows, arguments), encoding="utf-8")
    (arguments.output / "benchmark.svg").write_text(as_chart(runs), encoding="utf-8")
    print((arguments.output / "benchmark.md").read_text(encoding="utf-8"))


def make_source(arguments):
    """Generates the source, unless the folder of this size is whole."""
    folder = arguments.output / f"source_{arguments.scale:g}_{arguments.claims_per_person:g}_{arguments.year}"
    if not (folder / ".whole").exists():
        shutil.rmtree(folder, ignore_errors=True)
        years = ["--first-year", str(arguments.year), "--last-year", str(arguments.year)]
        size = [
            "--scale",
            str(arguments.scale),
            "--claims-per-person",
            str(arguments.claims_per_person),
            "--threads",
            str(arguments.threads),
        ]
        subprocess.run(
            [sys.executable, "-m", "atlas", "demo", "--directory", str(folder), *years, *size],
            cwd=PROJECT,
            check=True,
        )
        (folder / ".whole").touch()
    return folder


def count_rows(source, year):
    def rows(pattern):
        return duckdb.execute(
            "select coalesce(sum(num_rows), 0)::bigint from parquet_file_metadata(?)", [f"{source}/{pattern}"]
        ).fetchone()[0]

    return {
        "lines": rows(f"health_care/service_year={year}/*.parquet"),
        "people": rows(f"population/reference_date={year}-*/*.parquet"),
    }


def run_once(tool, source, scratch, arguments):
    """One run in a process of its own: its time, processor time, largest resident memory and what it counted. Stops when it fails."""
    database = scratch / "warehouse.duckdb"
    of_a_year = (
        f"{{first_reference_year: {arguments.year}, last_reference_year: {arguments.year}}}"  # of a source with more
    )
    of_build = [*BUILD, "--vars", of_a_year]
    command = {
        "hand": [sys.executable, str(HERE / "hand.py"), str(source), str(arguments.year), str(database)],
        "polars": [
            sys.executable,
            str(HERE / "polars_script.py"),
            str(source),
            str(arguments.year),
            str(scratch / "cells"),
        ],
        "dbt": [sys.executable, "-m", "dbt.cli.main", *of_build],
        # the log says when each statement ran, in one file
        BY_NODE: [
            sys.executable,
            str(HERE / "dbt_nodes.py"),
            str(scratch / "nodes.json"),
            "--log-level-file",
            "debug",
            "--log-format-file",
            "json",
            "--log-file-max-bytes",
            str(2**30),
            *of_build,
        ],
    }[tool]
    environment = {
        **os.environ,
        "ATLAS_SOURCE_DIR": str(source),
        "ATLAS_OUTPUT_DIR": str(scratch),
        "ATLAS_MEMORY_LIMIT": arguments.memory_limit,
        "ATLAS_THREADS": str(arguments.threads),
        "DBT_PROFILES_DIR": str(PROJECT),
        "DBT_TARGET_PATH": str(scratch / "target"),
        "DBT_LOG_PATH": str(scratch / "logs"),
        "POLARS_MAX_THREADS": str(arguments.threads),
    }
    run = run_process(command, environment, scratch / "log.txt")
    run["result"] = counted(scratch / "cells" if tool == "polars" else database, tool)
    if tool == BY_NODE:
        results = json.loads((scratch / "target" / "run_results.json").read_text(encoding="utf-8"))["results"]
        run["nodes"] = sorted(
            ((result["execution_time"], result["unique_id"].split(".", 2)[2]) for result in results), reverse=True
        )
        run["statements"] = time_in_statements(scratch / "logs" / "dbt.log")
        nodes = json.loads((scratch / "nodes.json").read_text(encoding="utf-8"))
        spent = {name: used["processor"] for name, used in nodes.items()}
        manifest = json.loads((scratch / "target" / "manifest.json").read_text(encoding="utf-8"))
        run["shares"] = shares_of_work(spent, manifest, run["processor"])
    return run


def run_process(command, environment, log):
    """Runs a command in the project's folder. Returns its seconds, processor seconds (with children) and largest resident memory in bytes. Stops when it fails."""
    started = time.monotonic()
    with open(log, "w", encoding="utf-8") as lines:
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=lines, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(command)} failed:\n{log.read_text(encoding='utf-8')[-3000:]}")
    return {
        "seconds": time.monotonic() - started,
        "processor": used.ru_utime + used.ru_stime,
        "memory": used.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
    }


def shares_of_work(spent, manifest, total):
    """{kind of work: processor seconds}; they add up to `total`. spent: node -> processor seconds. manifest: dbt's, for what depends on what."""
    needed, waiting = set(), [f"model.health_atlas.{name}" for name in CELLS]
    while waiting:
        name = waiting.pop()
        if name in manifest["nodes"] and name not in needed:
            needed.add(name)
            waiting += manifest["nodes"][name]["depends_on"].get("nodes", [])  # a seed has none
    shares = dict.fromkeys([SAME, *OTHER, DBT_ITSELF], 0.0)
    for name, seconds in spent.items():
        node = manifest["nodes"].get(name)
        if name in needed:
            shares[SAME] += seconds
        elif node:
            kinds = (kind for kind, holds in OTHER.items() if holds(node["resource_type"], node["original_file_path"]))
            shares[next(kinds)] += seconds
    shares[DBT_ITSELF] = total - sum(shares.values())
    return shares


def time_in_statements(log):
    """Seconds in which DuckDB ran at least one statement, tests and hooks included; statements of two nodes may overlap."""
    spans = []
    with open(log, encoding="utf-8") as lines:
        for event in map(json.loads, lines):
            if event["info"]["name"] == "SQLQueryStatus":
                end = datetime.fromisoformat(event["info"]["ts"].replace("Z", "+00:00")).timestamp()
                spans.append((end - event["data"]["elapsed"], end))
    seconds, until = 0.0, 0.0
    for start, end in sorted(spans):
        seconds += max(0.0, end - max(start, until))
        until = max(until, end)
    return seconds


def counted(database, tool):
    """Belgium's totals: beneficiaries, patients and examinations of a variable, deliveries, prenatal acts. database: of Polars, the folder of its tables."""
    queries = {
        "hand": "select beneficiaries, rad_patients, rad_exams, (select deliveries from delivery_cell where geo_level = 'country' and maternal is null and increased is null), "
        "(select acts from prenatal_cell where geo_level = 'country' and maternal is null and increased is null and act is null) "
        "from imaging_cell where geo_level = 'country' and decade is null",
        # the largest count of the country is the total of all filters
        "dbt": "select max(beneficiaries), max(patients), max(exams), (select max(deliveries) from intermediate.int_delivery_cell where geo_level = 'country'), "
        "(select max(acts) from intermediate.int_prenatal_cell where geo_level = 'country') "
        "from intermediate.int_imaging_cell where geo_level = 'country' and variable = 'IMAG_RAD_N'",
    }
    queries[BY_NODE] = queries["dbt"]
    with duckdb.connect() if tool == "polars" else duckdb.connect(str(database), read_only=True) as connection:
        if tool == "polars":
            for file in database.iterdir():
                connection.execute(f"create view {file.stem} as from '{file}'")
        return tuple(int(number) for number in connection.execute(queries[tool.replace("polars", "hand")]).fetchone())


def summary(runs):
    """[(label, seconds of each run, processor seconds of each run, largest memory in bytes)], one a program."""
    return [
        (
            TOOLS[tool],
            [run["seconds"] for run in of_tool],
            [run["processor"] for run in of_tool],
            max(run["memory"] for run in of_tool),
        )
        for tool, of_tool in runs.items()
    ]


def as_table(runs, by_node, rows, arguments):
    """The figures of all runs, and what the build of each node was for, as Markdown."""
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}"
        for name in ("duckdb", "dbt-core", "dbt-duckdb", "polars")
        if importlib.util.find_spec(name.split("-")[0])
    )
    text = [
        f"{date.today()}; {platform.machine()}, {arguments.threads} threads, memory limit {arguments.memory_limit}; Python {platform.python_version()}, {versions}.",
        f"Scale {arguments.scale:g}: {rows['lines']:,} claim lines, {rows['people']:,} rows of the population lists; {arguments.runs} runs, in turn.",
        "",
        "| | seconds, median | spread | times the script | processor seconds | times the script | peak memory |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    of_script = {value: statistics.median(run[value] for run in runs["hand"]) for value in ("seconds", "processor")}
    for label, seconds, processor, memory in summary(runs):
        middle, used = statistics.median(seconds), statistics.median(processor)
        text.append(
            f"| {label} | {middle:.1f} | {min(seconds):.1f} to {max(seconds):.1f} | {middle / of_script['seconds']:.2f} "
            f"| {used:.1f} | {used / of_script['processor']:.2f} | {memory / 1e9:.2f} GB |"
        )
    text += [
        "",
        f"What the processor time of the build is for, in one more build, one model at a time, with a log of all statements: {by_node['processor']:.1f} s, "
        f"{by_node['seconds']:.1f} s by the clock, {by_node['statements']:.1f} of these while DuckDB runs a statement.",
        "",
        "| work | processor seconds | times the script |",
        "|---|--:|--:|",
        *(f"| {work} | {used:.1f} | {used / of_script['processor']:.2f} |" for work, used in by_node["shares"].items()),
        "",
        "The slowest nodes of that build:",
        "",
        "| node | seconds |",
        "|---|--:|",
        *(f"| {name} | {seconds:.1f} |" for seconds, name in by_node["nodes"][:8]),
        "",
    ]
    return "\n".join(text)


def as_chart(runs):
    """Bars of the medians with a line from the fastest to the slowest run, as SVG."""
    lines = summary(runs)
    longest = max(max(seconds) for _, seconds, *_ in lines)
    left, width, step = 270, 420, 34
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 70}" height="{step * len(lines) + 20}" font-family="sans-serif" font-size="13">'
    ]
    for number, (label, seconds, *_) in enumerate(lines):
        y, middle = 10 + step * number, statistics.median(seconds)
        low, high = (left + width * value / longest for value in (min(seconds), max(seconds)))
        parts.append(f'<text x="{left - 8}" y="{y + 16}" text-anchor="end">{label}</text>')
        parts.append(
            f'<rect x="{left}" y="{y + 3}" width="{width * middle / longest:.1f}" height="18" fill="#4a6fa5"/>'
        )
        parts.append(f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y + 12}" y2="{y + 12}" stroke="#222"/>')
        parts.append(f'<text x="{high + 6:.1f}" y="{y + 16}">{middle:.1f} s</text>')
    return "\n".join([*parts, "</svg>", ""])


if __name__ == "__main__":
    main()
