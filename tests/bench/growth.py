"""What one more year costs when the warehouse holds 1, 2, 4 and 8 years before it: `python tests/bench/growth.py --source DIR --years 1 2 4 8`.

The added year is the newest of the source, the same each time, so that the size of its data does not differ; the years before it are built and released
first. Each build is `dbt build` with all data tests, then `atlas release`, each in a process of its own. Processor time of the two tells more than the clock on a machine
with other work. Writes growth.md and growth.json (with what each node of dbt uses) into the output directory. Nothing is asserted.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from bench import BUILD, HERE, PROJECT, run_process

SHOWN = 12  # nodes of the table, those that grow most


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=Path, required=True, help="a source with more years than the largest number")
    parser.add_argument("--last-year", type=int, default=2024, help="the year that is added")
    parser.add_argument("--years", type=int, nargs="+", default=[1, 2, 4, 8], help="years that the warehouse holds")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--variables", type=json.loads, default={}, help="other variables of dbt, as JSON")
    parser.add_argument("--without-release", action="store_true")
    default = Path(os.environ.get("ATLAS_OUTPUT_DIR", PROJECT / "output")) / "benchmark"
    parser.add_argument("--output", type=Path, default=default, help="where the tables and the warehouses go")
    arguments = parser.parse_args(argv)
    arguments.output.mkdir(parents=True, exist_ok=True)
    runs = {}
    for held in arguments.years:
        first = arguments.last_year - held
        with tempfile.TemporaryDirectory(dir=arguments.output) as folder:
            before = Path(folder) / "before"
            build(arguments, before, first, arguments.last_year - 1)
            release(arguments, before)
            runs[held] = []
            for number in range(arguments.runs):
                after = Path(folder) / "after"
                shutil.copytree(before, after, symlinks=True)
                run = build(arguments, after, first, arguments.last_year)
                run["release"] = release(arguments, after)
                shutil.rmtree(after)
                runs[held].append(run)
                print(f"beside {held} years, run {number + 1}: {figures(run)}", flush=True)
        (arguments.output / "growth.json").write_text(json.dumps(runs, indent=1), encoding="utf-8")
    (arguments.output / "growth.md").write_text(as_table(runs), encoding="utf-8")
    print(as_table(runs))


def environment_of(output):
    """The environment of a command that works in an output directory."""
    return {
        **os.environ,
        "ATLAS_OUTPUT_DIR": str(output),
        "DBT_PROFILES_DIR": str(PROJECT),
        "DBT_TARGET_PATH": str(output / "target"),
        "DBT_LOG_PATH": str(output / "logs"),
    }


def build(arguments, output, first, last):
    """Runs `dbt build` of the years. Returns what the process used, and `nodes`: what each node of dbt used."""
    output.mkdir(exist_ok=True)
    years = json.dumps({**arguments.variables, "first_reference_year": first, "last_reference_year": last})
    command = [sys.executable, str(HERE / "dbt_nodes.py"), str(output / "nodes.json"), *BUILD, "--vars", years]
    environment = {**environment_of(output), "ATLAS_SOURCE_DIR": str(arguments.source)}
    run = run_process(command, environment, output / "log.txt")
    nodes = json.loads((output / "nodes.json").read_text(encoding="utf-8"))
    return {**run, "memory": max(used["memory"] for used in nodes.values()), "nodes": nodes}


def release(arguments, output):
    """Publishes what was built, unless that was not asked for. Returns what the process used."""
    if arguments.without_release:
        return {"seconds": 0.0, "processor": 0.0, "memory": 0}
    command = [sys.executable, "-m", "atlas", "release"]
    return run_process(command, environment_of(output), output / "log.txt")


def figures(run):
    """The processor seconds of a run as text."""
    return f"{run['processor']:.1f} s of processor, release {run['release']['processor']:.1f} s"


def as_table(runs):
    """Medians by number of years in the warehouse, and the nodes whose processor time grows most, as Markdown."""
    smallest, largest = min(runs), max(runs)

    def median(held, value):
        return statistics.median(value(run) for run in runs[held])

    parts = {
        "dbt build": lambda run: run["processor"],
        "release": lambda run: run["release"]["processor"],
        "both": lambda run: run["processor"] + run["release"]["processor"],
    }
    text = [
        f"Processor seconds of one more year; median of {len(runs[smallest])} runs; in brackets, beside {smallest} = 1.",
        "",
        f"| years in the warehouse | {' | '.join(parts)} | peak memory of dbt (GB) | of the release |",
        "|--:" * (len(parts) + 3) + "|",
    ]
    for held in runs:
        cells = [
            f"{median(held, of):.1f} ({median(held, of) / (median(smallest, of) or 1):.2f})" for of in parts.values()
        ]
        memory = [
            median(held, lambda run: run["memory"]) / 1e9,
            median(held, lambda run: run["release"]["memory"]) / 1e9,
        ]
        text.append(f"| {held} | {' | '.join(cells)} | {memory[0]:.2f} | {memory[1]:.2f} |")

    def spent(held, name):
        return median(held, lambda run: run["nodes"].get(name, {"processor": 0})["processor"])

    names = sorted(
        {name for run in runs[largest] for name in run["nodes"]},
        key=lambda name: spent(smallest, name) - spent(largest, name),
    )
    text += [
        "",
        f"| node | {' | '.join(f'beside {held}' for held in runs)} |",
        "|---" + "|--:" * len(runs) + "|",
        *(f"| {name} | {' | '.join(f'{spent(held, name):.2f}' for held in runs)} |" for name in names[:SHOWN]),
        "",
    ]
    return "\n".join(text)


if __name__ == "__main__":
    main()
