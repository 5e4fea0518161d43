"""The cells of a statistic: counts as integers, suppressed or not, in the order of its array."""

from __future__ import annotations

import duckdb

from atlas.pages.codec import ABSENT, HIDDEN, NO_COUNT
from atlas.pages.release import SECTOR
from atlas.pages.statistic import Statistic
from atlas.settings import AtlasError


def read_cells(
    connection: duckdb.DuckDBPyConnection, statistic: Statistic, units: list[dict]
) -> tuple[list, list, list | None]:
    """Returns numerators, denominators and, where the table has them, limits of a statistic, in the order of its
    array.
    """
    positions = {(units[u]["level"], units[u]["code"]): i for i, u in enumerate(statistic.units)}
    combinations = {c: i for i, c in enumerate(statistic.combinations)}
    years = {year: i for i, year in enumerate(statistic.years)}
    size = len(positions) * len(combinations) * len(years)
    n, d = [ABSENT] * size, [ABSENT] * size
    limits = [None] * size if statistic.has_limits else None
    columns = ["geo_level", "geo_code", "reference_year", "numerator", "denominator", "status", *statistic.filters]
    if limits is not None:
        columns += ["lower_95", "upper_95"]
    last = 6 + len(statistic.filters)
    rows = connection.execute(
        f"select {', '.join(columns)} from {statistic.code} where geo_level <> '{SECTOR}'"
    ).fetchall()
    for row in rows:
        level, code, year, numerator, denominator, status = row[:6]
        place = (positions[level, code] * len(combinations) + combinations[row[6:last]]) * len(years) + years[year]
        if n[place] != ABSENT:
            raise AtlasError(
                f"{statistic.code}: two rows for {level} {code}, {year}, {row[6:last]}; the pages need one."
            )
        n[place], d[place] = encode_cell(statistic, numerator, denominator, status)
        if limits is not None and row[last] is not None:
            limits[place] = row[last:]
    return n, d, limits


def encode_cell(statistic: Statistic, numerator: int | None, denominator: int | None, status: str) -> tuple[int, int]:
    """Returns the two integers of a cell, from which the page tells its status: numerator suppressed, else denominator
    0, else published.

    Raises AtlasError when that would not be the status of the table.
    """
    if statistic.per is None:
        pair = (HIDDEN if numerator is None else numerator, NO_COUNT)
    else:
        pair = (HIDDEN if numerator is None else numerator, HIDDEN if denominator is None else denominator)
    read = "small_cell" if pair[0] == HIDDEN else "empty" if pair[1] == 0 else "published"
    if read != status or (status == "published" and pair[1] == HIDDEN):
        raise AtlasError(
            f"{statistic.code}: a cell of status {status} has the counts of a cell of status {read}; the pages were "
            "not written."
        )
    return pair


def home_cells(statistic: Statistic, units: list[dict], n: list, d: list) -> list:
    """Returns the totals of the last year by arrondissement, for the small maps of the first page: [code, year,
    [[unit, numerator, denominator]]].
    """
    combination = next((i for i, c in enumerate(statistic.combinations) if set(c) <= {"total"}), 0)
    cells = []
    for i, u in enumerate(statistic.units):
        if units[u]["level"] == "arrondissement":
            place = (i * len(statistic.combinations) + combination) * len(statistic.years) + len(statistic.years) - 1
            cells.append([u, n[place], d[place]])
    return [statistic.code, statistic.years[-1], cells]


def count_by_status(connection: duckdb.DuckDBPyConnection, statistics: list[Statistic]) -> list:
    """Returns the number of cells by statistic, year, level (sectors included) and status: [code, year, level,
    published, small_cell, empty].
    """
    rows = []
    for statistic in statistics:
        rows += connection.execute(
            f"""
            select
                '{statistic.code}', reference_year, geo_level,
                count(*) filter (where status = 'published'), count(*) filter (where status = 'small_cell'),
                count(*) filter (where status = 'empty')
            from {statistic.code}
            group by reference_year, geo_level
            order by reference_year, geo_level
            """
        ).fetchall()
    return rows
