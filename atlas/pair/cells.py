"""The counts that a release states for a reference year, as cells: quantity, unit and a value of each filter.

A cell is stated by several tables: the total of a cube is a stat, all shares and volumes of a family have one
denominator. A number that one table suppresses and another publishes is known.

Quantities have the names of the project's series (macros/lists.sql): beneficiaries, deliveries, caesareans,
IMAG_CT_N, hospital_deliveries; `<series> volume` counts examinations.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from atlas.sql import identifier, literal

VOLUME = " volume"
# Before the name of a quantity that is counted by hospital.
HOSPITAL = "hospital_"
# The denominator of a family; the filter by kind of act does not split it.
DENOMINATORS = {"imaging": "beneficiaries", "perinatal": "deliveries"}
ACT_FILTER = "procedure_type"
# The public table of totals of three years; beside its years it is the total of one more filter.
WINDOWS = "three_year_window"
YEAR_FILTER = "year"


@dataclass(frozen=True)
class Statistic:
    """A published statistic and the quantities that it states; a count has no denominator."""

    code: str
    numerator: str
    denominator: str | None
    filters: tuple[str, ...]
    is_share: bool
    counts_persons: bool  # its cases are persons: beneficiaries and patients, not deliveries and acts


@dataclass(frozen=True)
class Source:
    """Where a release is: relation of a table name, as the connection knows it, and the release's settings.

    performer_from: what says by whom an examination was performed, the `article` of its code or the `qualification` of
    the performer.
    """

    relations: dict[str, str]
    vintage: int
    threshold: int
    performer_from: str = "article"

    def statistics(self, connection: duckdb.DuckDBPyConnection) -> list[Statistic]:
        """Returns the statistics of the release that are tables of it, in the order of their codes."""
        rows = connection.execute(
            "select distinct code, family, measure, variable, filters, smallest_level from "
            f"{self.relations['statistic']} order by code"
        ).fetchall()
        return [_statistic(*row) for row in rows if row[0] in self.relations]

    def states(self, statistics: list[Statistic]) -> bool:
        """Returns whether one of the statistics is a table of the release."""
        return any(statistic.code in self.relations for statistic in statistics)

    def nested(self, connection: duckdb.DuckDBPyConnection, statistics: list[Statistic]) -> set[tuple[str, str]]:
        """Returns (part, whole) of the numerators whose code list is part of another one's: a CT scan is an examination
        of a radiologist. None where the performer decides, who may be no radiologist (model contained_series).
        """
        if self.performer_from != "article" or "statistic_code" not in self.relations:
            return set()
        codes: dict[str, set[str]] = {}
        numerators = {statistic.code: statistic.numerator for statistic in statistics if statistic.counts_persons}
        for code, nomenclature_code in connection.execute(
            f"select distinct code, nomenclature_code from {self.relations['statistic_code']}"
        ).fetchall():
            if code in numerators:
                codes.setdefault(numerators[code], set()).add(nomenclature_code)
        return {
            (part, whole)
            for part in codes
            for whole in codes
            if codes[part] < codes[whole] and part.endswith(VOLUME) == whole.endswith(VOLUME)
        }


def _statistic(code: str, family: str, measure: str, variable: str, filters: str | None, level: str) -> Statistic:
    """Returns a statistic from its card."""
    place = HOSPITAL if level == "hospital" else ""
    denominator = f"{place}{DENOMINATORS[family]}"
    numerator = denominator if measure == "count" else f"{place}{variable}"
    if measure == "volume":
        numerator += VOLUME
    names = tuple(name for name in (filters or "").split(";") if name)
    whole = None if measure == "count" else denominator
    return Statistic(code, numerator, whole, names, measure == "share", family == "imaging")


def filters_of(statistics: list[Statistic]) -> list[str]:
    """Returns all filters of statistics, in order."""
    return sorted({name for statistic in statistics for name in statistic.filters})


def differing_years(
    connection: duckdb.DuckDBPyConnection, last: Source, new: Source, statistics: list[Statistic]
) -> list[int]:
    """Returns the reference years of both releases in which one of the statistics states anything else. Statistics that
    one release lacks count as different in all their years: the tables that remain may have been published with them.
    """
    differing: set[int] = set()
    both: set[int] = set()
    for statistic in statistics:
        columns = ["geo_level", "geo_code", *statistic.filters, "numerator", "denominator", "status"]
        hashed = ", ".join(identifier(name) for name in columns)
        years = [
            dict(
                connection.execute(
                    f"select reference_year, (count(*), sum(hash({hashed}))) from {source.relations[statistic.code]} "
                    "group by reference_year"
                ).fetchall()
            )
            if statistic.code in source.relations
            else {}
            for source in (last, new)
        ]
        both |= years[0].keys() & years[1].keys()
        differing |= {year for year in years[0].keys() | years[1].keys() if years[0].get(year) != years[1].get(year)}
    return sorted(differing & both)


def differing_windows(
    connection: duckdb.DuckDBPyConnection, last: Source, new: Source, years: list[int]
) -> dict[range, list[str]]:
    """Returns the years of each three-year window to attack, with the statistics of it: a release has the window, and
    one of its years differs, or its rows do. years: those that differ.
    """
    stated: list[dict[range, tuple]] = []
    codes: dict[range, set[str]] = {}
    for source in (last, new):
        rows = (
            connection.execute(
                "select first_year, last_year, list(distinct statistic), count(*), "
                "sum(hash(statistic, geo_level, geo_code, numerator, denominator, status)) "
                f"from {source.relations[WINDOWS]} group by first_year, last_year"
            ).fetchall()
            if WINDOWS in source.relations
            else []
        )
        stated.append({range(first, last + 1): tuple(rest) for first, last, _, *rest in rows})
        for first, last, found, *_ in rows:
            codes.setdefault(range(first, last + 1), set()).update(found)
    return {
        window: sorted(codes[window])
        for window in sorted(codes, key=lambda window: window.start)
        if set(window) & set(years) or (window in stated[0] and stated[0][window] != stated[1].get(window))
    }


def create_cells(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    source: Source,
    statistics: list[Statistic],
    filters: list[str],
    years: range,
) -> None:
    """Creates a temporary table of the cells of a year: quantity, geo_level, geo_code, the filters, value; null in a
    suppressed cell. With YEAR_FILTER among the filters, of the years of a window and the window.
    """
    by_window = YEAR_FILTER in filters
    stated = []
    for statistic in (statistic for statistic in statistics if statistic.code in source.relations):
        relation = source.relations[statistic.code]
        where = f"where reference_year between {years[0]} and {years[-1]}"
        own_year = {YEAR_FILTER: f"reference_year::varchar as {YEAR_FILTER}"} if by_window else {}
        parts = [(statistic.numerator, "case when status = 'empty' then 0 else numerator end", None)]
        if statistic.denominator:
            parts.append((statistic.denominator, "denominator", ACT_FILTER))
        for quantity, value, unsplit in parts:
            own = [
                own_year.get(name) or (name if name in statistic.filters else f"'total' as {identifier(name)}")
                for name in filters
            ]
            whole = f" and {unsplit} = 'total'" if unsplit in statistic.filters else ""
            stated.append(
                f"select {literal(quantity)} as quantity, geo_level, geo_code, {', '.join(own)}, {value} as value "
                f"from {relation} {where}{whole}"
            )
            if by_window and WINDOWS in source.relations:
                totals = ", ".join(f"'total' as {identifier(name)}" for name in filters)
                stated.append(
                    f"select {literal(quantity)} as quantity, geo_level, geo_code, {totals}, {value} as value "
                    f"from {source.relations[WINDOWS]} where first_year = {years[0]} "
                    f"and statistic = {literal(statistic.code)}"
                )
    key = ", ".join(["quantity", "geo_level", "geo_code", *map(identifier, filters)])
    connection.execute(
        f"create or replace temp table {name} as select {key}, max(value)::double as value "
        f"from ({' union all '.join(stated)}) group by all order by all"
    )
