"""What each table cost on Spark, from the event log of a build: `ATLAS_SPARK_EVENTS=FOLDER ATLAS_ENGINE=spark make build`, then
`python tests/bench/spark_events.py FOLDER --lines 6000000`.

Prints, for each table that was written: records read from files, bytes shuffled, bytes shuffled per claim line, bytes spilled, processor seconds of the tasks.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import defaultdict
from pathlib import Path

MEASURES = ("records_read", "shuffled", "spilled", "processor")


def events(folder: Path):
    """Yields the events of all logs below a folder."""
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not file.name.endswith(".crc"):
            for line in file.read_text(encoding="utf-8").splitlines():
                if line.startswith("{"):
                    yield json.loads(line)


def written_table(plan: str) -> str | None:
    """Returns the table that a statement writes, by its physical plan: of the node that writes, not of one that reads. None when it writes none."""
    for node in re.findall(r"^\(\d+\) Execute (?:Insert|CreateDataSourceTableAsSelect).*(?:\n.+)*", plan, re.MULTILINE):
        if found := re.search(r"(?:/(\w+)\.db/(\w+)|`(\w+)`\.`(\w+)`|/out/(\w+))", node):
            schema, table = found[1] or found[3], found[2] or found[4]
            return f"{schema}.{table}" if table else "copies for DuckDB"
    return None


def by_table(folder: Path) -> dict[str, dict[str, float]]:
    """Returns {table: {measure: number}}; statements that write no table are 'others'."""
    table_of_execution: dict[str, str] = {}
    execution_of_stage: dict[int, str] = {}
    sums: dict[str, dict[str, float]] = defaultdict(lambda: dict.fromkeys(MEASURES, 0))
    for event in events(folder):
        kind = event["Event"].rsplit(".", 1)[-1]
        if kind == "SparkListenerSQLExecutionStart":
            parent = event.get("rootExecutionId")
            name = written_table(event["physicalPlanDescription"]) or table_of_execution.get(str(parent), "others")
            table_of_execution[str(event["executionId"])] = name
        elif kind == "SparkListenerJobStart":
            for stage in event["Stage IDs"]:
                execution_of_stage[stage] = (event.get("Properties") or {}).get("spark.sql.execution.id", "")
        elif kind == "SparkListenerTaskEnd" and event.get("Task Metrics"):
            metrics = event["Task Metrics"]
            measured = sums[table_of_execution.get(execution_of_stage.get(event["Stage ID"], ""), "others")]
            measured["records_read"] += metrics["Input Metrics"]["Records Read"]
            measured["shuffled"] += metrics["Shuffle Write Metrics"]["Shuffle Bytes Written"]
            measured["spilled"] += metrics["Disk Bytes Spilled"]
            measured["processor"] += metrics["Executor CPU Time"] / 1e9
    return sums


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lines", type=int, required=True, help="claim lines of the source")
    arguments = parser.parse_args()
    sums = by_table(arguments.folder)
    print(
        "| table | records read | bytes shuffled | per claim line | bytes spilled | processor (s) |\n|---|--:|--:|--:|--:|--:|"
    )
    total = {measure: sum(row[measure] for row in sums.values()) for measure in MEASURES}
    for name, row in [*sorted(sums.items(), key=lambda item: -item[1]["shuffled"]), ("all", total)]:
        numbers = f"{row['records_read']:,.0f} | {row['shuffled']:,.0f} | {row['shuffled'] / arguments.lines:.2f}"
        print(f"| `{name}` | {numbers} | {row['spilled']:,.0f} | {row['processor']:.1f} |")


if __name__ == "__main__":
    main()
