"""Which geographic units two releases have in common, and how the others add up.

Municipalities merge from one vintage to the next (seeds/geography/geo_crosswalk.csv). A unit of both releases is the
same when it holds the same municipalities of the older vintage; a sector, the country and a hospital by their code.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass

import duckdb

from atlas.pair.cells import Source
from atlas.settings import PROJECT_DIR

CROSSWALK = PROJECT_DIR / "seeds" / "geography" / "geo_crosswalk.csv"
MUNICIPALITY, SECTOR = "municipality", "statistical_sector"

Unit = tuple[str, str]  # level, code


@dataclass(frozen=True)
class CrossSum:
    """Two sums of units that are equal. A unit is (release, level, code); release 0 is the last one, 1 the new one."""

    left: list[tuple[int, str, str]]
    right: list[tuple[int, str, str]]


@dataclass(frozen=True)
class Geography:
    """The units of both releases that differ (all others are the same by level and code), and the sums among them."""

    different: set[Unit]
    sums: list[CrossSum]


def compare(connection: duckdb.DuckDBPyConnection, last: Source, new: Source) -> Geography:
    """Returns the differences between the units of two releases; none when they have one vintage."""
    if last.vintage == new.vintage:
        return Geography(set(), [])
    held = [_municipalities(connection, source) for source in (last, new)]
    older = 0 if last.vintage < new.vintage else 1
    newer = 1 - older
    steps = _steps()
    into = {
        code: _successor(code, steps, {code for level, code in held[newer] if level == MUNICIPALITY})
        for level, code in held[older]
        if level == MUNICIPALITY
    }
    before: dict[str, set[str]] = {}
    for code, successor in into.items():
        before.setdefault(successor, set()).add(code)
    made: list[dict[Unit, frozenset[str]]] = [{}, {}]
    made[older] = {unit: frozenset(codes) for unit, codes in held[older].items()}
    made[newer] = {
        unit: frozenset(code for municipality in codes for code in before.get(municipality, {f"new {municipality}"}))
        for unit, codes in held[newer].items()
    }
    different = {unit for unit in made[0].keys() | made[1].keys() if made[0].get(unit) != made[1].get(unit)}
    sums = []
    for unit in sorted(different):
        newer_parts, older_parts = made[newer].get(unit), made[older].get(unit)
        if newer_parts is None:
            continue
        if older_parts is None or unit[0] == MUNICIPALITY:
            sums.append(CrossSum([(newer, *unit)], [(older, MUNICIPALITY, code) for code in sorted(newer_parts)]))
        if older_parts is not None and unit[0] != MUNICIPALITY:
            sums.append(
                CrossSum(
                    [(newer, *unit), *((older, MUNICIPALITY, code) for code in sorted(older_parts - newer_parts))],
                    [(older, *unit), *((older, MUNICIPALITY, code) for code in sorted(newer_parts - older_parts))],
                )
            )
    return Geography(different, sums)


def _municipalities(connection: duckdb.DuckDBPyConnection, source: Source) -> dict[Unit, set[str]]:
    """Returns unit -> its municipalities, of the units from the municipality upwards but the country."""
    parent = {
        (level, code): above
        for level, code, *above in connection.execute(
            "select geo_level, geo_code, parent_level, parent_code from "
            f"{source.relations['geographic_unit']} where geo_level <> '{SECTOR}'"
        ).fetchall()
    }
    held: dict[Unit, set[str]] = {}
    for level, code in parent:
        unit = (level, code)
        while level == MUNICIPALITY and parent.get(unit, (None,))[0]:
            held.setdefault(unit, set()).add(code)
            unit = tuple(parent[unit])
    return held


def _steps() -> dict[str, str]:
    """Returns municipality code -> the code that replaced it."""
    with open(CROSSWALK, encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["effective_date"])
    return {row["old_nis"]: row["new_nis"] for row in rows if row["old_nis"] != row["new_nis"]}


def _successor(code: str, steps: dict[str, str], known: set[str]) -> str:
    """Returns the municipality of the newer vintage that holds one of the older; its own code where none does."""
    found, seen = code, set()
    while found not in known and found in steps and found not in seen:
        seen.add(found)
        found = steps[found]
    return found
