"""The labels of codes and the names of units of a release, for the exported files and the pages."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from atlas.sql import identifier


def labels_of(
    connection: duckdb.DuckDBPyConnection, relation: str, key: str, languages: list[str], where: str = "true"
) -> dict[str, list[str]]:
    """Returns code -> its label in each language, in reading order.

    relation: a dimension table with sort_order and label_<language>. key: its column of codes. where: SQL condition on
    its rows. A code of several rows (an age category of two schemes) has the label of the first one in reading order.
    """
    labels = ", ".join(f"min_by(label_{language}, sort_order)" for language in languages)
    rows = connection.execute(
        f"select {key}, {labels} from {relation} where {where} group by 1 order by min(sort_order), 1"
    ).fetchall()
    return {code: list(texts) for code, *texts in rows}


def filter_labels(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    name: str,
    language: str,
    *,
    schema: str = "",
    where: str = "true",
) -> dict[str, str]:
    """Returns value -> label of the values that a filter takes in a statistic, in reading order.

    The dimension table has the filter's name. schema: the attached release, with a point. where: rows of the statistic.
    """
    column = identifier(name)
    values = f"select {column} from {schema}{identifier(table)} where {where}"
    labels = labels_of(connection, f"{schema}{column}", column, [language], f"{column} in ({values})")
    return {value: label for value, (label,) in labels.items()}


def unit_name(own: str | None, official: Iterable[str | None], otherwise: str) -> str:
    """Returns the name of a unit in a language: the official one, without it all official names, for a hospital
    `otherwise`.
    """
    return own or " / ".join(dict.fromkeys(filter(None, official))) or otherwise


def units_of(
    connection: duckdb.DuckDBPyConnection, table: str, where: str, language: str
) -> list[tuple[str, str, str]]:
    """Returns (level, code, name) of the units and hospitals of some rows of a statistic of the attached release, by
    level and code; a hospital has its code as its name.
    """
    columns = [row[0] for row in connection.execute("describe atlas.geographic_unit").fetchall()]
    official = [column for column in columns if column.startswith("name_")]
    own = f"unit.name_{language}" if f"name_{language}" in official else "null"
    names = ", ".join(f"unit.{column}" for column in official)
    rows = connection.execute(
        f"""select figure.geo_level, figure.geo_code, {own}, [{names}]
        from (select distinct geo_level, geo_code from atlas.{identifier(table)} where {where}) as figure
        left join atlas.geographic_unit as unit using (geo_level, geo_code)
        order by all"""
    ).fetchall()
    return [(level, code, unit_name(name, others, code)) for level, code, name, others in rows]
