"""Two small releases beside each other, made by hand: a country of one region, one province, two arrondissements and their municipalities."""

from __future__ import annotations

import duckdb

from atlas.last_release import SCHEMA, LastRelease
from atlas.pair import step
from atlas.pair.cells import Source

YEAR = 2020
FILTER = "age_group"  # of this fixture alone: the product takes the filters from the cards
AGES = ("0-9", "10-19", "20-29")
# municipality -> (arrondissement, patients by age); 100 beneficiaries each
PATIENTS = {
    "44012": ("44000", (3, 20, 30)),
    "44048": ("44000", (10, 15, 40)),
    "44021": ("44000", (50, 60, 70)),
    "44081": ("44000", (9, 33, 45)),
    "45035": ("45000", (12, 14, 16)),
    "45041": ("45000", (21, 24, 28)),
}
# 44012 and 44048 are one municipality since 2025 (geo_crosswalk.csv)
MERGED = {"44012": "44086", "44048": "44086"}


def release(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    suppressed: set[tuple[str, str]],
    *,
    patients: dict | None = None,
    vintage: int = 2019,
    year: int = YEAR,
    family: str = "imaging",
    few: dict[tuple[str, str], int] | None = None,
    windows: set[str] | None = None,
) -> None:
    """Creates the public tables of a release: a cube of patients by age and its stat. suppressed: (code, age) of cells.

    few: beneficiaries of a municipality and age that are not 100. windows: two years follow with the same counts, all published, and the totals of three
    years, suppressed for these codes.
    """
    patients = patients or PATIENTS
    names = MERGED if vintage == 2025 else {}
    parents: dict[str, str] = {}
    cells: dict[tuple[str, str, str], int] = {}
    persons: dict[tuple[str, str, str], int] = {}
    for municipality, (arrondissement, counts) in patients.items():
        code = names.get(municipality, municipality)
        parents[code] = arrondissement
        for level, unit in (
            ("municipality", code),
            ("arrondissement", arrondissement),
            ("province", "40000"),
            ("region", "02000"),
            ("country", "01000"),
        ):
            people = {age: (few or {}).get((municipality, age), 100) for age in AGES}
            people["total"] = sum(people.values())
            for age, count in (*zip(AGES, counts, strict=True), ("total", sum(counts))):
                cells[level, unit, age] = cells.get((level, unit, age), 0) + count
                persons[level, unit, age] = persons.get((level, unit, age), 0) + people[age]
    connection.execute(f"create schema {schema}")
    connection.execute(
        f"create table {schema}.statistic as select * from (values "
        f"('cube_x', '{family}', 'share', 'IMAG_X_N', '{FILTER}', 'municipality'), "
        f"('stat_x', '{family}', 'share', 'IMAG_X_N', null, 'municipality')) "
        "as t (code, family, measure, variable, filters, smallest_level)"
    )
    units = [
        ("country", "01000", None, None),
        ("region", "02000", "country", "01000"),
        ("province", "40000", "region", "02000"),
        ("arrondissement", "44000", "province", "40000"),
        ("arrondissement", "45000", "province", "40000"),
        *(("municipality", code, "arrondissement", parent) for code, parent in parents.items()),
    ]
    connection.execute(
        f"create table {schema}.geographic_unit (geo_level text, geo_code text, parent_level text, parent_code text)"
    )
    connection.executemany(f"insert into {schema}.geographic_unit values (?, ?, ?, ?)", units)
    connection.execute(
        f"create table {schema}.cube_x (reference_year int, geo_level text, geo_code text, {FILTER} text, "
        "denominator bigint, numerator bigint, status text)"
    )
    connection.executemany(
        f"insert into {schema}.cube_x values (?, ?, ?, ?, ?, ?, ?)",
        [
            (
                year,
                level,
                code,
                age,
                persons[level, code, age],
                *((None, "small_cell") if (code, age) in suppressed else (count, "published")),
            )
            for (level, code, age), count in cells.items()
        ],
    )
    if windows is not None:
        rows = [
            (level, code, age, count, persons[level, code, age], age == "total" and code in windows)
            for (level, code, age), count in cells.items()
        ]
        connection.execute(
            "create or replace temp table counted (geo_level text, geo_code text, age text, count int, persons int, is_suppressed boolean)"
        )
        connection.executemany("insert into counted values (?, ?, ?, ?, ?, ?)", rows)
        connection.execute(
            f"insert into {schema}.cube_x select {year} + 1 + unnest([0, 1]), geo_level, geo_code, age, persons, count, 'published' from counted"
        )
        connection.execute(
            f"create table {schema}.three_year_window as select 'cube_x' as statistic, {year} as first_year, {year + 2} as last_year, geo_level, geo_code, "
            "case when not is_suppressed then 3 * count end as numerator, 3 * persons as denominator, "
            "case when is_suppressed then 'small_cell' else 'published' end as status from counted where age = 'total'"
        )
    connection.execute(
        f"create table {schema}.stat_x as select * exclude ({FILTER}) from {schema}.cube_x where {FILTER} = 'total'"
    )


def attack(
    connection: duckdb.DuckDBPyConnection,
    *,
    thresholds: tuple[int, int] = (5, 5),
    vintages: tuple[int, int] = (2019, 2019),
) -> step.Finding:
    """Returns the finding on the schemas `last_release` and `new`."""
    tables: dict[str, list[str]] = {SCHEMA: [], "new": []}
    made = "select schema_name, table_name from duckdb_tables() where schema_name in (?, 'new') order by all"
    for schema, name in connection.execute(made, [SCHEMA]).fetchall():
        tables[schema].append(name)
    row = {"version": "x", "geography_vintage": vintages[0], "small_cell_threshold": thresholds[0]}
    last = LastRelease(None, row, {name: ("", []) for name in tables[SCHEMA]})
    new = Source({name: f"new.{name}" for name in tables["new"]}, vintages[1], thresholds[1])
    return step.attack(connection, last, new)
