"""Compares the published tables of this code with frozen ones: `make equal`, or `python tests/reference/equal.py`.

frozen.csv has one row a source, geography, threshold, published table and reference year: the number of rows and a hash of them. The command builds the
sources, prints the tables that differ and ends with code 1 when any does. `--write` writes the file anew, in a commit that says which numbers change and why.

Threshold 0 is what is counted: no suppression takes part, and `--write` refuses to change it unless `--counts` is given too. Thresholds 5 and 10 are what is
published: they may change with the method of suppression too, while threshold 0 stays as it is.

Not compared: confidence limits (`lower_95`, `upper_95`), the tables that compare areas (layer comparison), cards and labels (layer reference). Limits and comparisons
follow from published rows; their tests: test_comparison.py (against values published elsewhere), test_comparison_tables.py (each number computed again), test_three_year.py.
Cards: test_cards.py.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

PROJECT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(PROJECT), str(PROJECT / "tests" / "pytest")]

import adversarial
from dbt_runs import WITHOUT_TESTS, Atlas, run_dbt

FROZEN = Path(__file__).with_name("frozen.csv")
FIELDS = ("threshold", "source", "geography_vintage", "table_name", "reference_year", "row_count", "rows_hash")
KEYS = FIELDS[:5]
THRESHOLDS = (0, 5, 10)


def write_demo(folder: Path) -> None:
    """Writes a small demo source of two years."""
    command = [sys.executable, "-m", "atlas", "demo", "--directory", str(folder)]
    size = ["--scale", "0.005", "--first-year", "2023", "--last-year", "2024", "--threads", "1"]
    subprocess.run([*command, *size], cwd=PROJECT, check=True, stdout=subprocess.DEVNULL)


# {source: (what writes it into a folder, the geographies in which its codes can be published)}
SOURCES = {
    # three full years, every format of the codes of today
    "adversarial_11": (
        lambda folder: adversarial.write_source(folder, 11, persons=1500, years=(2021, 2022, 2023), hive=True),
        (2025,),
    ),
    # codes of 2018 at most; a year before filters and sectors exist, one without sectors, and no claims before the first
    "adversarial_5": (
        lambda folder: adversarial.write_source(
            folder, 5, persons=600, years=(2014, 2015, 2016), newest_codes=2018, look_back=False
        ),
        (2018, 2019, 2025),
    ),
    "demo": (write_demo, (2025,)),
}


def hashes(atlas: Atlas) -> dict[tuple[str, str], tuple[str, str]]:
    """Returns {(table, reference year): (number of rows, hash)} of every cube, stat and three-year window (by its first year), without the confidence limits.

    The hash depends on the rows as text, in the order of the text: neither on the order of the rows in the file nor on the engine's own hash function.
    """
    found = {}
    with duckdb.connect(str(atlas.warehouse), read_only=True) as connection:
        tables = connection.execute(
            "select table_name, table_schema, list(column_name order by ordinal_position) from information_schema.columns"
            " where table_schema in ('marts', 'three_year') and column_name not in ('lower_95', 'upper_95')"
            " group by table_name, table_schema order by table_name"
        ).fetchall()
        for table, schema, columns in tables:
            year = "first_year" if "first_year" in columns else "reference_year"
            line = " || '|' || ".join(f"coalesce({column}::varchar, '')" for column in columns)
            rows = connection.execute(
                f"select {year}::varchar, count(*)::varchar, left(sha256(string_agg(line, chr(10) order by line)), 16)"
                f" from (select {year}, {line} as line from {schema}.{table}) group by {year}"
            ).fetchall()
            found |= {(table, year): (count, digest) for year, count, digest in rows}
    return found


def build_all(folder: Path, sources: list[str], thresholds: list[int]) -> dict[tuple[str, ...], tuple[str, str]]:
    """Builds every source in every geography with every threshold. Returns {key of frozen.csv: (number of rows, hash)}.

    One warehouse a source and geography: another threshold only decides anew which cells are suppressed. Raises SystemExit when a build fails.
    """
    found = {}
    for source in sources:
        write, vintages = SOURCES[source]
        write(folder / source)
        for vintage in vintages:
            for number, threshold in enumerate(thresholds):
                started = time.monotonic()
                command = ("run",) if number else WITHOUT_TESTS
                atlas = run_dbt(
                    folder / source,
                    folder / f"{source}_{vintage}",
                    *command,
                    variables={"geography_vintage": vintage, "small_cell_threshold": threshold},
                )
                if not atlas.ok:
                    sys.exit(f"{source}, geography {vintage}, threshold {threshold}: dbt failed\n{atlas.log[-4000:]}")
                now = hashes(atlas)
                found |= {
                    (str(threshold), source, str(vintage), table, year): value for (table, year), value in now.items()
                }
                label = f"{source}, geography {vintage}, threshold {threshold}: {len(now)} tables and years"
                print(f"{label}, {time.monotonic() - started:.0f} s", flush=True)
            shutil.rmtree(folder / f"{source}_{vintage}")
    return found


def read_frozen() -> dict[tuple[str, ...], tuple[str, str]]:
    """Returns {key: (number of rows, hash)} of frozen.csv, empty without the file."""
    if not FROZEN.exists():
        return {}
    with FROZEN.open(newline="", encoding="utf-8") as file:
        return {tuple(row[key] for key in KEYS): (row["row_count"], row["rows_hash"]) for row in csv.DictReader(file)}


def write_frozen(found: dict[tuple[str, ...], tuple[str, str]]) -> None:
    """Writes frozen.csv, threshold 0 first."""
    with FROZEN.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(FIELDS)
        for key in sorted(found, key=lambda key: (int(key[0]), *key[1:])):
            writer.writerow([*key, *found[key]])


def differences(found: dict, frozen: dict) -> list[tuple[str, ...]]:
    """Returns the keys that only one of the two has, or for which they differ."""
    return sorted(
        (key for key in found.keys() | frozen.keys() if found.get(key) != frozen.get(key)),
        key=lambda key: (int(key[0]), *key[1:]),
    )


def report(keys: list[tuple[str, ...]], found: dict, frozen: dict) -> str:
    """Returns the tables that differ, those of threshold 0 apart: one line a table, with its years."""
    lines = []
    for is_counts, title in (
        (True, "Threshold 0, what is counted: must never differ"),
        (False, "Thresholds above 0: may differ only where the method of suppression was changed on purpose"),
    ):
        tables: dict[tuple[str, ...], list[str]] = {}
        for key in keys:
            if (key[0] == "0") == is_counts:
                why = "" if key in found and key in frozen else " (missing)" if key in frozen else " (not frozen)"
                tables.setdefault(key[:4], []).append(key[4] + why)
        if tables:
            lines.append(f"\n{title}")
        for (threshold, source, vintage, table), years in tables.items():
            lines.append(f"  threshold {threshold}, {source}, geography {vintage}: {table} {', '.join(years)}")
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """Builds and compares, or writes. Returns the exit code: 0 when nothing differs or the file was written, else 1."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", action="append", choices=SOURCES, help="only this source (may be repeated)")
    parser.add_argument("--threshold", action="append", type=int, choices=THRESHOLDS, help="only this threshold")
    parser.add_argument("--write", action="store_true", help="write frozen.csv anew for what was built")
    parser.add_argument("--counts", action="store_true", help="with --write: threshold 0 may change too")
    parser.add_argument(
        "--keep", type=Path, help="build below this folder and leave it there (default: a temporary one)"
    )
    arguments = parser.parse_args(argv)
    sources, thresholds = arguments.source or list(SOURCES), sorted(arguments.threshold or THRESHOLDS)
    folder = arguments.keep or Path(tempfile.mkdtemp(prefix="atlas_equal_"))
    try:
        found = build_all(folder, sources, thresholds)
    finally:
        if not arguments.keep:
            shutil.rmtree(folder, ignore_errors=True)
    everything = read_frozen()
    frozen = {key: value for key, value in everything.items() if key[1] in sources and int(key[0]) in thresholds}
    different = differences(found, frozen)
    print(report(different, found, frozen))
    print(f"{len(found)} tables and years compared, {len(different)} differ.")
    if not arguments.write:
        return 1 if different else 0
    if any(key[0] == "0" for key in different) and frozen and not arguments.counts:
        print("frozen.csv is not written: threshold 0 differs. Give --counts when what is counted changes on purpose.")
        return 1
    write_frozen({key: value for key, value in everything.items() if key not in frozen} | found)
    print(f"{FROZEN} is written.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
