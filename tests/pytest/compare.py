"""Compares published tables with oracle.py, cell by cell.

`python tests/pytest/compare.py SOURCE_DIR DATABASE [--vintage 2025]` reads the source again, computes the published tables and compares them with the
warehouse (schema `marts`) or the public database (schema `main`), built with `small_cell_threshold: 0`. A small cell of a masked database is skipped,
after a check that it holds no number. Prints counts only; exit code 1 when something differs.
"""

import argparse
import math
import sys
from datetime import date
from pathlib import Path

import duckdb
from oracle import expected_tables, table_filters

SEEDS = Path(__file__).resolve().parents[2] / "seeds"
SHOWN = 20


def same_value(left, right) -> bool:
    if left is None or right is None:
        return left is right
    return math.isclose(left, right, rel_tol=1e-12, abs_tol=0)


def compare_table(connection, schema: str, name: str, filters: tuple, cells: dict) -> list[str]:
    """Differences of one table: columns, types, keys, numbers and status."""
    wanted = [
        ("reference_year", "INTEGER"),
        *((column, "VARCHAR") for column in ("geo_level", "geo_code", *filters)),
        ("numerator", "BIGINT"),
        ("denominator", "BIGINT"),
        ("value", "DOUBLE"),
        ("lower_95", "DOUBLE"),
        ("upper_95", "DOUBLE"),
        ("status", "VARCHAR"),
    ]
    columns = [row[:2] for row in connection.execute(f'describe "{schema}"."{name}"').fetchall()]
    if columns != wanted:
        return [f"{name}: columns are {columns}, expected {wanted}"]
    differences, seen = [], set()
    for row in connection.execute(f'select * from "{schema}"."{name}"').fetchall():
        # the limits are computed again by test_comparison_tables.py
        key, (numerator, denominator, value, _, _, status) = row[:-6], row[-6:]
        if key in seen:
            differences.append(f"{name} {key}: row appears twice")
        seen.add(key)
        if key not in cells:
            differences.append(f"{name} {key}: not expected, found {numerator} / {denominator} = {value} ({status})")
            continue
        expected = cells[key]
        if status == "small_cell":
            if numerator is not None or value is not None or denominator not in (None, expected[1]):
                differences.append(f"{name} {key}: small cell shows {numerator} / {denominator} = {value}")
            continue
        expected_status = "empty" if expected[1] == 0 else "published"
        if (numerator, denominator, status) != (*expected[:2], expected_status) or not same_value(value, expected[2]):
            differences.append(
                f"{name} {key}: found {numerator} / {denominator} = {value} ({status}), expected {expected[0]} / {expected[1]} = {expected[2]} ({expected_status})"
            )
    differences.extend(
        f"{name} {key}: missing, expected {cells[key][0]} / {cells[key][1]}" for key in sorted(cells.keys() - seen)
    )
    return differences


def compare(path, expected: dict, schema: str, summary: dict | None = None) -> list[str]:
    """Differences between a database and the expected tables, the first 20 of each table; `summary` receives (rows compared, differences) by table."""
    connection = duckdb.connect(str(path), read_only=True)
    try:
        present = {
            row[0]
            for row in connection.execute(
                "select table_name from information_schema.tables where table_schema = ?", [schema]
            ).fetchall()
        }
        report = []
        for name, filters in table_filters().items():
            if name in present:
                differences = compare_table(connection, schema, name, filters, expected[name])
            else:
                differences = [f"{name}: no such table in schema {schema}"]
            if summary is not None:
                summary[name] = (len(expected[name]), len(differences))
            report.extend(differences[:SHOWN])
            if len(differences) > SHOWN:
                report.append(f"{name}: {len(differences) - SHOWN} more differences")
        return report
    finally:
        connection.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source_dir")
    parser.add_argument("database")
    parser.add_argument("--vintage", type=int, default=2025)
    parser.add_argument("--first", type=int)
    parser.add_argument("--last", type=int)
    parser.add_argument("--publication-date", type=date.fromisoformat)
    parser.add_argument("--schema", help="default: marts where it exists, else main")
    parser.add_argument("--seeds", default=SEEDS)
    arguments = parser.parse_args()
    expected = expected_tables(
        arguments.source_dir,
        arguments.seeds,
        arguments.vintage,
        arguments.first,
        arguments.last,
        arguments.publication_date,
    )
    schema = arguments.schema
    if schema is None:
        with duckdb.connect(arguments.database, read_only=True) as connection:
            schemas = {
                row[0]
                for row in connection.execute("select distinct table_schema from information_schema.tables").fetchall()
            }
        schema = "marts" if "marts" in schemas else "main"
    summary = {}
    report = compare(arguments.database, expected, schema, summary)
    for name, (rows, differences) in summary.items():
        print(f"{name:<22} {rows:>8} rows compared, {differences} differences")
    print(*report, sep="\n")
    return 1 if report else 0


if __name__ == "__main__":
    sys.exit(main())
