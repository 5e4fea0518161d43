"""The statistical sectors of the release: one chunk for each arrondissement, which the page of a municipality loads
when a reader asks for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import duckdb

from atlas.pages import limits
from atlas.pages.codec import ABSENT, HIDDEN, NO_COUNT, encode_integers, json_bytes
from atlas.pages.release import SECTOR
from atlas.pages.statistic import Statistic
from atlas.settings import AtlasError

ORDER = "unit.municipality_code, unit.geo_code"  # of the sectors of a chunk


def read_with_sectors(connection: duckdb.DuckDBPyConnection, statistics: list[Statistic]) -> list[Statistic]:
    """Returns the statistics that have statistical sectors; they have no filters."""
    query = f"select distinct code from statistic where smallest_level = '{SECTOR}'"
    codes = {code for (code,) in connection.execute(query).fetchall()}
    return [s for s in statistics if s.code in codes and not s.filters]


def read_sectors(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, list[list[str]]]]:
    """Returns {arrondissement: {municipality: sectors by code}}: [code, Dutch name] and the French name where it
    differs.
    """
    sectors: dict[str, dict[str, list[list[str]]]] = {}
    for arrondissement, municipality, code, dutch, french in connection.execute(
        f"""
        select arrondissement_code, municipality_code, geo_code, name_nl, name_fr
        from geographic_unit as unit where geo_level = '{SECTOR}'
        order by arrondissement_code, {ORDER}
        """
    ).fetchall():
        names = [dutch or code] if french in (dutch, None) else [dutch or code, french]
        sectors.setdefault(arrondissement, {}).setdefault(municipality, []).append([code, *names])
    return sectors


def read_counts(connection: duckdb.DuckDBPyConnection, code: str, years: list[int], has_denominator: bool) -> dict:
    """Returns {arrondissement: (numerators, denominators)} of a statistic, lists in the order [sector][year].

    The integers are those of cells.encode_cell. Raises AtlasError when a cell contradicts its status, or belongs to
    a sector that table geographic_unit does not hold.
    """
    denominator = "denominator" if has_denominator else "null"
    listed = ", ".join(f"({year})" for year in years)
    found = connection.execute(
        f"""
        with cell as (
            select
                geo_code, reference_year, status,
                coalesce(numerator, {HIDDEN}) as n,
                coalesce({denominator}, {HIDDEN if has_denominator else NO_COUNT}) as d
            from {code} where geo_level = '{SECTOR}'
        )
        select
            unit.arrondissement_code,
            list(coalesce(cell.n, {ABSENT}) order by {ORDER}, wanted.year),
            list(coalesce(cell.d, {ABSENT}) order by {ORDER}, wanted.year),
            count(cell.status),
            count(*) filter (
                where cell.status <> case
                    when cell.n = {HIDDEN} then 'small_cell'
                    when cell.d = 0 then 'empty'
                    when cell.d = {HIDDEN} then 'contradiction'
                    else 'published' end
            )
        from geographic_unit as unit
        cross join (values {listed}) as wanted (year)
        left join cell on unit.geo_code = cell.geo_code and wanted.year = cell.reference_year
        where unit.geo_level = '{SECTOR}'
        group by 1
        """
    ).fetchall()
    (cells,) = connection.execute(f"select count(*) from {code} where geo_level = '{SECTOR}'").fetchone()
    if sum(row[4] for row in found):
        raise AtlasError(f"{code}: cells of statistical sectors contradict their status; the pages were not written.")
    if sum(row[3] for row in found) != cells:
        raise AtlasError(
            f"{code}: statistical sectors that table geographic_unit does not hold, or two rows for one sector and "
            "year; the pages were not written."
        )
    return {arrondissement: (n, d) for arrondissement, n, d, *_ in found}


def limits_are_computed(connection: duckdb.DuckDBPyConnection, statistic: Statistic, dispersions: dict) -> bool:
    """Returns whether the page computes the limits of the sectors of a statistic from their counts, as the table
    does. dispersions: by code, what limits_of returned; a statistic without an entry has no limits in its table.
    """
    if statistic.code not in dispersions:
        return False
    dispersion = dispersions[statistic.code]
    if dispersion is None and statistic.measure != "share":
        return False
    rows = connection.execute(
        f"""
        select distinct numerator, denominator, reference_year, lower_95, upper_95
        from {statistic.code} where geo_level = '{SECTOR}' and status = 'published'
        """
    ).fetchall()
    for numerator, denominator, year, *pair in rows:
        scale = None if dispersion is None else dispersion[0][statistic.years.index(year)]
        if not limits.agree(tuple(pair), limits.computed(statistic, numerator, denominator, scale)):
            return False
    return True


def chunks(connection: duckdb.DuckDBPyConnection, statistics: list[Statistic]) -> Iterator[tuple[str, bytes]]:
    """Yields (`sectors_<arrondissement>`, bytes) for every arrondissement: a line of JSON, then integers.

    statistics: those that have sectors. JSON: {units: [municipality, its sectors] in the order of
    the integers, of: for each statistic the number of its denominators, -1 without them, denominators: for each list
    of denominators the first statistic that has it}. Integers: numerators of each statistic, then the different lists
    of denominators.
    """
    counts = [read_counts(connection, s.code, s.years, s.per is not None) for s in statistics]
    for arrondissement, sectors in read_sectors(connection).items():
        known: dict[str, int] = {}
        of, first, parts, shared = [], [], [], []
        for position, (statistic, found) in enumerate(zip(statistics, counts, strict=True)):
            n, d = found[arrondissement]
            parts.append(encode_integers(n, len(statistic.years)))
            if statistic.per is None:
                of.append(-1)
                continue
            key = json.dumps([statistic.years, d])
            if key not in known:
                known[key] = len(first)
                first.append(position)
                shared.append(encode_integers(d, len(statistic.years)))
            of.append(known[key])
        head = {"units": list(sectors.items()), "of": of, "denominators": first}
        yield f"sectors_{arrondissement}", json_bytes(head) + b"\n" + b"".join(parts + shared)
