"""The unknown numbers of two releases of one year, and every relation among them that holds by definition.

A variable is a cell of one release, or of both when it is one quantity in them (links.py). Sums: the children of a unit
add up to it, the values of a filter to its total, in each release; units of two vintages as geography.py says. Limits:
a share counts persons of its denominator, a patient has an examination, a list holds the lists within it, and
hospitals report no more than the country.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy

from atlas.pair.cells import ACT_FILTER, HOSPITAL, VOLUME, YEAR_FILTER, Source, Statistic, create_cells, filters_of
from atlas.pair.geography import Geography
from atlas.pair.links import Cells, unchanged
from atlas.sql import identifier, literal

# Persons without a known address are in the country alone, those without a known sector down to the municipality.
WITH_REST = ("region", "statistical_sector")
RELEASES = ("last", "new")


@dataclass
class System:
    """Arrays over variables and relations of one year.

    cells: published numbers by row. variable: [of the last release, of the new one] by row, -1 where it has no such
    cell. A term is (relation, variable, sign): the signed variables of a relation add up to 0, or to at most 0 where
    `has_rest`. smaller, larger: variables of which one is at most the other. follows: (row, row that is suppressed with
    it). persons: mask of the rows that count persons.
    """

    cells: Cells
    variable: numpy.ndarray
    relation: numpy.ndarray
    term: numpy.ndarray
    sign: numpy.ndarray
    has_rest: numpy.ndarray
    smaller: numpy.ndarray
    larger: numpy.ndarray
    follows: tuple[numpy.ndarray, numpy.ndarray]
    persons: numpy.ndarray

    @property
    def size(self) -> int:
        """The number of variables."""
        return int(self.variable.max()) + 1


@dataclass(frozen=True)
class Rows:
    """The rows of a system as the database has them: the name of a temporary table (id, quantity, geo_level, geo_code,
    filters), and its filters.
    """

    table: str
    filters: list[str]


def create_rows(
    connection: duckdb.DuckDBPyConnection,
    sources: tuple[Source, Source],
    statistics: list[Statistic],
    geography: Geography,
    years: range,
) -> Rows:
    """Creates the temporary tables of a year, or of the years of a three-year window and the window: the cells of both
    releases side by side, those of units that differ apart.
    """
    filters = filters_of(statistics) + [YEAR_FILTER] * (len(years) > 1)
    for name, source in zip(RELEASES, sources, strict=True):
        create_cells(connection, f"pair_{name}", source, statistics, filters, years)
    connection.execute("create or replace temp table pair_different (geo_level varchar, geo_code varchar)")
    if geography.different:
        values = ", ".join(f"({literal(level)}, {literal(code)})" for level, code in sorted(geography.different))
        connection.execute(f"insert into pair_different values {values}")
    key = ["quantity", "geo_level", "geo_code", *map(identifier, filters)]
    same = " and ".join(f"before.{column} = now.{column}" for column in key)
    shown = ", ".join(f"coalesce(before.{column}, now.{column}) as {column}" for column in key)
    # the cells of a unit that differs have a key of their own: a join by equality alone
    sides = [
        "(select *, true as is_there, case when (geo_level, geo_code) in (from pair_different) then "
        f"'{name}' else '' end as own from pair_{name}) as {side}"
        for name, side in zip(RELEASES, ("before", "now"), strict=True)
    ]
    connection.execute(
        f"""create or replace temp table pair_row as
        select row_number() over (order by {", ".join(key)}, in_last) - 1 as id, * from (
            select {shown}, before.value as before, now.value as now,
            before.is_there is not null as in_last, now.is_there is not null as in_new
            from {sides[0]} full outer join {sides[1]} on {same} and before.own = now.own
        )"""
    )
    return Rows("pair_row", filters)


def build(
    connection: duckdb.DuckDBPyConnection,
    sources: tuple[Source, Source],
    statistics: list[Statistic],
    geography: Geography,
    rows: Rows,
    separate: numpy.ndarray | None = None,
) -> System:
    """Returns the system of the rows. separate: mask of rows that are two quantities whatever links.py says."""
    read = connection.execute(
        f"select coalesce(before, 'nan'::double) as before, coalesce(now, 'nan'::double) as now, in_last, in_new "
        f"from {rows.table} order by id"
    ).fetchnumpy()
    cells = Cells(*(numpy.asarray(read[name]) for name in ("before", "now", "in_last", "in_new")))
    sums = [_sums(connection, source, rows, name) for source, name in zip(sources, RELEASES, strict=True)]
    one = unchanged(cells, sums[1]["parent"], sums[1]["child"])
    if separate is not None:
        one &= ~separate
    count = len(one)
    variable = numpy.stack(
        [
            numpy.where(cells.in_last, numpy.arange(count), -1),
            numpy.where(cells.in_new, numpy.where(one, numpy.arange(count), numpy.arange(count) + count), -1),
        ]
    )
    used, compact = numpy.unique(variable[variable >= 0], return_inverse=True)
    variable[variable >= 0] = compact
    relation, term, sign, rest = _terms(sums, variable, len(used))
    crossed = _cross_terms(connection, geography, rows, variable, len(rest))
    relation, term, sign = (numpy.concatenate(pair) for pair in zip((relation, term, sign), crossed[:3], strict=True))
    rest = numpy.concatenate([rest, numpy.zeros(crossed[3], bool)])
    smaller, larger = _limits(connection, sources, statistics, rows, variable)
    return System(
        cells,
        variable,
        relation,
        term,
        sign,
        rest,
        smaller,
        larger,
        _followers(connection, statistics, rows),
        _persons(connection, statistics, rows),
    )


def windows(connection, rows: Rows) -> numpy.ndarray:
    """Returns a mask of the rows that are totals of three years."""
    is_window = f"{YEAR_FILTER} = 'total'" if YEAR_FILTER in rows.filters else "false"
    read = connection.execute(f"select {is_window} as is_one from {rows.table} order by id")
    return numpy.asarray(read.fetchnumpy()["is_one"]).astype(bool)


def _persons(connection, statistics: list[Statistic], rows: Rows) -> numpy.ndarray:
    """Returns a mask of the rows that count persons, not examinations, acts or deliveries."""
    names = {name for s in statistics if s.counts_persons for name in (s.numerator, s.denominator)}
    listed = ", ".join(literal(name) for name in sorted(filter(None, names)) if not name.endswith(VOLUME))
    read = connection.execute(f"select quantity in ({listed or 'null'}) as is_one from {rows.table} order by id")
    return numpy.asarray(read.fetchnumpy()["is_one"]).astype(bool)


def _sums(connection, source: Source, rows: Rows, name: str) -> dict[str, numpy.ndarray]:
    """Returns arrays of the sums of a release: dimension, parent and child (rows), has_rest; one element a summand."""
    columns = ["quantity", *map(identifier, rows.filters)]
    there = f"(from {rows.table} where in_{name})"
    same = " and ".join(f"child.{column} = parent.{column}" for column in columns)
    geography = source.relations["geographic_unit"]
    units = (
        f"(select geo_level, geo_code, parent_level, parent_code from {geography} where parent_level is not null "
        f"union all select distinct 'hospital', cell.geo_code, 'country', country.geo_code from {there} as cell "
        f"inner join {geography} as country on cell.geo_level = 'hospital' and country.geo_level = 'country')"
    )
    # a table of its own: joined in another order, parents and units alone would be many times as many rows
    connection.execute(
        "create or replace temp table pair_child as select cell.*, unit.parent_level, unit.parent_code "
        f"from {there} as cell inner join {units} as unit using (geo_level, geo_code)"
    )
    selects = [
        f"select 0 as dimension, parent.id as parent, child.id as child, child.geo_level in {WITH_REST} as has_rest "
        f"from pair_child as child inner join {there} as parent on "
        f"parent.geo_level = child.parent_level and parent.geo_code = child.parent_code and {same}"
    ]
    for number, filter_ in enumerate(map(identifier, rows.filters), start=1):
        others = [column for column in [*columns, "geo_level", "geo_code"] if column != filter_]
        alike = " and ".join(f"child.{column} = parent.{column}" for column in others)
        selects.append(
            f"select {number}, parent.id, child.id, false from {there} as child inner join {there} as parent "
            f"on {alike} and child.{filter_} <> 'total' and parent.{filter_} = 'total'"
        )
    read = connection.execute(f"{' union all '.join(selects)} order by all").fetchnumpy()
    return {name: numpy.asarray(values) for name, values in read.items()}


def _terms(sums: list[dict[str, numpy.ndarray]], variable: numpy.ndarray, size: int) -> tuple:
    """Returns relation, variable and sign of the terms of both releases' sums, a relation of both once; has_rest by
    relation.
    """
    parts = []
    for side, found in enumerate(sums):
        # the parent of each sum and its summands
        key = found["parent"] * 100 + found["dimension"]
        heads, first, number = numpy.unique(key, return_index=True, return_inverse=True)
        parts.append(
            (
                numpy.concatenate([numpy.arange(len(heads)), number]),
                variable[side][numpy.concatenate([found["parent"][first], found["child"]])],
                numpy.concatenate([-numpy.ones(len(heads)), numpy.ones(len(number))]),
                found["has_rest"][first],
            )
        )
    shift = len(parts[0][3])
    relation = numpy.concatenate([parts[0][0], parts[1][0] + shift])
    term, sign = (numpy.concatenate([parts[0][i], parts[1][i]]) for i in (1, 2))
    rest = numpy.concatenate([parts[0][3], parts[1][3]])
    # two sums with the same variables are one relation: they are found by a sum of random numbers
    random = numpy.random.default_rng(1).integers(1, 2**40, size)
    mark = numpy.zeros(len(rest), numpy.int64)
    numpy.add.at(mark, relation, (random[term] * sign).astype(numpy.int64))
    _, kept = numpy.unique(mark, return_index=True)
    new_number = numpy.full(len(rest), -1)
    new_number[kept] = numpy.arange(len(kept))
    used = new_number[relation] >= 0
    return new_number[relation[used]], term[used], sign[used], rest[kept]


def _cross_terms(connection, geography: Geography, rows: Rows, variable: numpy.ndarray, first: int) -> tuple:
    """Returns relation (numbered from `first`), variable and sign of the terms of sums between two vintages, and the
    number of these relations.
    """
    empty = (numpy.array([], int), numpy.array([], int), numpy.array([]), 0)
    if not geography.sums:
        return empty
    values = ", ".join(
        f"({number}, {release}, {literal(level)}, {literal(code)}, {sign})"
        for number, found in enumerate(geography.sums)
        for units, sign in ((found.left, 1), (found.right, -1))
        for release, level, code in units
    )
    columns = ", ".join(["quantity", *map(identifier, rows.filters)])
    read = connection.execute(
        f"""with unit (number, release, geo_level, geo_code, sign) as (values {values}),
        term as (
            select number, {columns}, id, release, sign,
                count(*) over (partition by number, {columns}) as found,
            from {rows.table} as cell inner join unit using (geo_level, geo_code)
            where case when release = 0 then in_last else in_new end
        ),
        size as (select number, count(*) as terms from unit group by number)
        select dense_rank() over (order by number, {columns}) - 1 as relation, id, release, sign
        from term inner join size using (number) where found = terms order by all"""
    ).fetchnumpy()
    relation, row, release, sign = (numpy.asarray(read[name]) for name in ("relation", "id", "release", "sign"))
    if not len(relation):
        return empty
    return relation + first, variable[release, row], sign.astype(float), int(relation.max()) + 1


def _limits(
    connection, sources: tuple[Source, Source], statistics: list[Statistic], rows: Rows, variable: numpy.ndarray
) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Returns the variables that are at most others: (smaller, larger), in both releases. Which code list is part of
    another one may differ between them.
    """
    shared = {(s.numerator, s.denominator) for s in statistics if s.is_share}
    by_hospital = {name for s in statistics for name in (s.numerator, s.denominator or "") if name.startswith(HOSPITAL)}
    shared |= {(name, name.removeprefix(HOSPITAL)) for name in by_hospital}
    shared |= {(s.numerator.removesuffix(VOLUME), s.numerator) for s in statistics if s.numerator.endswith(VOLUME)}
    place = " and ".join(f"one.{c} = other.{c}" for c in ("geo_level", "geo_code", *map(identifier, rows.filters)))
    found = [numpy.zeros((2, 0), int)]
    for side, (name, source) in enumerate(zip(RELEASES, sources, strict=True)):
        pairs = shared | source.nested(connection, statistics)
        read = connection.execute(
            f"with pair (one, other) as ({_pairs(pairs)}) select one.id as one, other.id as other from pair "
            f"inner join {rows.table} as one on one.quantity = pair.one and one.in_{name} "
            f"inner join {rows.table} as other on other.quantity = pair.other and other.in_{name} "
            f"and {place} order by all"
        ).fetchnumpy()
        found.append(variable[side][numpy.stack([read["one"], read["other"]])])
    both = numpy.unique(numpy.concatenate(found, axis=1), axis=1)
    return both[0], both[1]


def _pairs(pairs: set[tuple[str, str]]) -> str:
    """Returns a query of pairs of texts, of no row where there is none."""
    values = ", ".join(f"({literal(one)}, {literal(other)})" for one, other in sorted(pairs))
    return f"values {values}" if pairs else "select '', '' where false"


def _followers(connection, statistics: list[Statistic], rows: Rows) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Returns (row, row that the new release suppresses with it): the numerators of a denominator; the patients of
    examinations and the reverse.
    """
    pairs = {(s.denominator, s.numerator) for s in statistics if s.denominator}
    volumes = {(s.numerator.removesuffix(VOLUME), s.numerator) for s in statistics if s.numerator.endswith(VOLUME)}
    pairs |= volumes | {(other, one) for one, other in volumes}
    wholes = ", ".join(sorted({literal(s.denominator) for s in statistics if s.denominator}))
    same = {name: f"one.{name} = other.{name}" for name in ("geo_level", "geo_code", *map(identifier, rows.filters))}
    if ACT_FILTER in rows.filters:
        same[identifier(ACT_FILTER)] = f"({same[identifier(ACT_FILTER)]} or one.quantity in ({wholes}))"
    place = " and ".join(same.values())
    read = connection.execute(
        f"with pair (one, other) as ({_pairs(pairs)}) select one.id as one, other.id as other from pair "
        f"inner join {rows.table} as one on one.quantity = pair.one and one.in_new "
        f"inner join {rows.table} as other on other.quantity = pair.other and other.in_new and {place} order by all"
    ).fetchnumpy()
    return numpy.asarray(read["one"]), numpy.asarray(read["other"])
