"""The cards of the statistics as HTML, and how a table or the whole release is cited."""

from __future__ import annotations

import duckdb

from atlas.pages import prose, texts
from atlas.pages.release import columns_of, has_table


def read_cards(connection: duckdb.DuckDBPyConnection, words: dict[str, str], language: str) -> dict[str, str]:
    """Returns the cards in a language, {statistic: HTML}. words: the texts of the pages in that language."""
    remarks: dict[str, list[str]] = {}
    for code, remark in connection.execute(
        "select code, remark from statistic_remark where language = ? order by code, position", [language]
    ).fetchall():
        remarks.setdefault(code, []).append(remark)
    wanted = ["code", "recommended_reference", "title", "description", "calculation", "coding", "source_variables"]
    cards = connection.execute(
        f"select {', '.join(wanted)} from statistic where language = ? order by code", [language]
    ).fetchall()
    return {
        code: prose.card_html(words, dict(zip(wanted[1:], card, strict=True)), remarks.get(code, []))
        for code, *card in cards
    }


def read_citation(connection: duckdb.DuckDBPyConnection, release: dict, code: str | None, language: str) -> str:
    """Returns how to cite a table of the release, or the release as a whole (code None): the text of the release where
    it has one.
    """
    if code and "definition_reference" in columns_of(connection, "statistic"):
        query = "select recommended_reference from statistic where code = ? and language = ?"
        return connection.execute(query, [code, language]).fetchone()[0]
    published = None
    if has_table(connection, "release_publication"):
        query = "select citation, publisher from release_publication where language = ?"
        published = connection.execute(query, [language]).fetchone()
    if published and not code:
        return published[0]
    words = texts.read_texts(language)
    return words["citation_synthetic" if release["is_synthetic"] else "citation"].format(
        publisher=published[1] if published else words["atlas"],
        version=release["version"],
        date=release["publication_date"] or words["undated"],
        code=code or words["all_tables"],
    )
