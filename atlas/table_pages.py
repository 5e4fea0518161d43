"""One Markdown page per published table, from the cards in the public file, in the languages of the release."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb

from atlas import schema_org, texts
from atlas.labels import filter_labels

Rows = list[dict[str, Any]]


def pages(atlas: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str]]:
    """Yields (name of the file, Markdown) of every page: one per statistic, one of the other tables, and the list of
    all.

    atlas: connection to the public file.
    """
    phrases = texts.phrases()
    languages = texts.languages(row[0] for row in atlas.execute("describe geo_level").fetchall())
    cards = _rows(atlas, "from statistic order by code")
    titles = {card["code"]: card for card in cards if card["language"] == "en"}
    index = [
        "# Tables",
        "",
        "One page per published table. Tables without a filter are named `stat_`, those with filters `cube_`.",
    ]
    for family in sorted({card["family"] for card in titles.values()}):
        index += ["", f"## {family.capitalize()}", "", "| table | title | value |", "|---|---|---|"]
        index += [
            f"| [{code}]({code}.md) | {card['title']} | {card['coding']} |"
            for code, card in titles.items()
            if card["family"] == family
        ]
    index += [
        "",
        "## Reference tables",
        "",
        "Codes, labels, cards and the release itself: [reference tables](reference.md).",
    ]
    yield "index.md", "\n".join(index)
    yield "reference.md", _reference_page(atlas, set(titles))
    for code, english in titles.items():
        columns = _rows(atlas, "from statistic_column where code = ? order by position", code)
        links = " · ".join(f"[{phrases['language_name', language]}](#{language})" for language in languages)
        text = [f"# {english['title']}", "", f"Table `{code}`. {links}"]
        for language in languages:
            card = next(card for card in cards if (card["code"], card["language"]) == (code, language))
            text += ["", *_card(atlas, card, [column for column in columns if column["language"] == language], phrases)]
        described = schema_org.dataset(atlas, code)
        if described:
            text += ["", schema_org.script(described)]
        yield f"{code}.md", "\n".join(text)


def _card(
    atlas: duckdb.DuckDBPyConnection, card: dict[str, Any], columns: Rows, phrases: dict[tuple[str, str], str]
) -> list[str]:
    """Returns the lines of one card in one language: its fields, remarks, relations, code lists, columns and filter
    values.
    """
    code, language = card["code"], card["language"]

    def heading(field: str) -> str:
        return phrases[f"heading_{field}", language]

    lines = [f"## {phrases['language_name', language]} {{#{language}}}", "", f"**{card['title']}**"]
    for field in texts.CARD_FIELDS:
        lines += ["", f"**{heading(field)}:** {card[field]}"]
    decision = f" *({phrases['our_decision', language]})*"
    lines += ["", f"**{heading('remarks')}**", ""]
    for remark in _rows(
        atlas, "from statistic_remark where code = ? and language = ? order by position", code, language
    ):
        lines.append(f"- {remark['remark']}{decision if remark['origin'] == 'decision' else ''}")
    lines += ["", f"**{heading('related')}**", ""]
    for related in _rows(atlas, "from statistic_relation where code = ? order by position", code):
        name = (
            f"[{related['related_code']}]({related['related_code']}.md)"
            if related["is_built"]
            else f"`{related['related_code']}`"
        )
        note = "" if related["is_built"] else f" *({phrases['not_built', language]})*"
        lines.append(f"- {name}: {related[f'related_title_{language}']}{note}")
    lines += ["", f"**{heading('code_lists')}**", ""]
    lists = "from code_list where list_code in (select list_code from statistic_code where code = ?) order by list_code"
    lines += [f"- `{row['list_code']}`: {row[f'label_{language}']}" for row in _rows(atlas, lists, code)]
    lines += ["", phrases["code_lists_where", language], "", "| `column` | |", "|---|---|"]
    lines += [f"| `{column['column_name']}` | {_cell(column['description'])} |" for column in columns]
    for name in filter(None, (card["filters"] or "").split(";")):
        lines += ["", f"| `{name}` | |", "|---|---|"]
        lines += [f"| `{value}` | {label} |" for value, label in filter_labels(atlas, code, name, language).items()]
    return lines


def _reference_page(atlas: duckdb.DuckDBPyConnection, statistics: set[str]) -> str:
    """Returns the page of the tables that are no statistics: what a row is, and the columns, as their comments say."""
    text = ["# Reference tables"]
    columns = _rows(
        atlas,
        "select table_name, column_name, data_type, comment from duckdb_columns() where not internal order by "
        "column_index",
    )
    for table in _rows(atlas, "select table_name, comment from duckdb_tables() order by table_name"):
        if table["table_name"] in statistics:
            continue
        text += [
            "",
            f"## {table['table_name']}",
            "",
            table["comment"] or "",
            "",
            "| column | type | content |",
            "|---|---|---|",
        ]
        own = [column for column in columns if column["table_name"] == table["table_name"]]
        text += [
            f"| `{row['column_name']}` | {row['data_type'].lower()} | {_cell(row['comment'] or '')} |" for row in own
        ]
    return "\n".join(text)


def _rows(atlas: duckdb.DuckDBPyConnection, query: str, *values: str) -> Rows:
    """Returns the rows of a query, each as {column: value}."""
    cursor = atlas.execute(query, values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _cell(text: str) -> str:
    """Returns a text for a cell of a Markdown table."""
    return text.replace("|", "\\|").replace("\n", " ")
