"""The citation of a release's figures: publisher, title, version, date and table.

What the figures are defined after is a reference to a definition, never to a source of figures.
"""

from __future__ import annotations

import csv

import duckdb

from atlas.settings import PROJECT_DIR, AtlasError

TABLE = "statistic"
TEXTS = PROJECT_DIR / "seeds/statistics/text.csv"


def phrases() -> dict[tuple[str, str], str]:
    """Returns (phrase, language) -> text of the sentences and headings of the cards, from the seed of the cards."""
    with open(TEXTS, encoding="utf-8", newline="") as file:
        return {(row["key"], row["language"]): row["text"] for row in csv.DictReader(file) if row["topic"] == "phrase"}


def cite(connection: duckdb.DuckDBPyConnection, release: dict, publisher: str | None) -> None:
    """Writes the citation of this release into `atlas.statistic`, column `recommended_reference`.

    release: the row of the table `release`, with its version. publisher: who publishes the figures, None if nobody is
    named. A synthetic release says that it is synthetic and not to be cited. Raises AtlasError when a phrase has a
    placeholder that nothing fills.
    """
    texts = phrases()
    kind = "reference_synthetic" if release["is_synthetic"] else "reference_release"
    cards = connection.execute(
        "select code, language, basis, strftime(metadata_updated, '%d/%m/%Y') from atlas.statistic order by 1, 2"
    ).fetchall()
    for code, language, basis, card_date in cards:
        date = release["publication_date"]
        words = {
            "publisher": publisher or texts["reference_no_publisher", language],
            "version": release["version"],
            "date": "/".join(reversed(str(date).split("-"))) if date else texts["reference_undated", language],
            "code": code,
            "definition": texts[f"definition_after_{basis}", language].format(code=code, date=card_date),
        }
        try:
            text = texts[kind, language].format(**words)
        except KeyError as error:
            raise AtlasError(
                f"The phrase {kind} ({language}) in {TEXTS.name} has an unknown placeholder: {error}."
            ) from error
        connection.execute(
            "update atlas.statistic set recommended_reference = ? where code = ? and language = ?",
            [text, code, language],
        )
