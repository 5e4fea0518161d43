"""The comments of the published statistics: short texts, taken from the English cards in the tables statistic and
statistic_column.

The whole card in three languages is in the tables `statistic*` and on the page of the table in the site.
"""

from __future__ import annotations

import re

import duckdb

LONGEST = 300  # characters of a comment


def read_comments(connection: duckdb.DuckDBPyConnection, schema: str) -> dict[str, tuple[str, dict[str, str]]]:
    """Returns statistic -> (comment of its table, {column: comment}), from the cards in a schema of the attached
    `warehouse`.
    """
    cards = connection.execute(
        f"select code, title, description from warehouse.{schema}.statistic where language = 'en'"
    ).fetchall()
    columns: dict[str, dict[str, str]] = {}
    for code, column, description in connection.execute(
        f"select code, column_name, description from warehouse.{schema}.statistic_column where language = 'en'"
    ).fetchall():
        columns.setdefault(code, {})[column] = first_sentence(description)
    return {code: (table_comment(title, description), columns.get(code, {})) for code, title, description in cards}


def table_comment(title: str, description: str) -> str:
    """Returns the title and the first sentence of a card; where that is longer than LONGEST, the sentence ends at its
    colon, if it has one.
    """
    sentence = first_sentence(description)
    before, colon, _ = sentence.partition(": ")
    if colon and len(f"{title}. {sentence}") > LONGEST:
        sentence = f"{before}."
    return f"{title}. {sentence}"


def first_sentence(text: str) -> str:
    """Returns the text up to the first full stop that a space and a capital letter follow; all of it without one."""
    return re.split(r"(?<=[.])\s+(?=[A-Z])", text.strip(), maxsplit=1)[0]
