"""The languages of a release, and its sentences outside the tables: those of the cards and catalogues."""

from __future__ import annotations

import csv
from collections.abc import Iterable

from atlas.settings import PROJECT_DIR

LABEL = "label_"
# Fields of the table `statistic` below the title of a card; their headings are the phrases heading_<field>.
CARD_FIELDS = (
    "card_code",
    "description",
    "coding",
    "calculation",
    "available_since",
    "characteristics",
    "smallest_geographic_level",
    "update_frequency",
    "source_variables",
    "recommended_reference",
    "definition_reference",
    "metadata_updated",
    "keywords",
)


def languages(columns: Iterable[str]) -> list[str]:
    """Returns the languages of a release in the order of macros/lists.sql, from the columns label_<language>
    of a dimension (geo_level): a further language needs no change here.
    """
    return [column.removeprefix(LABEL) for column in columns if column.startswith(LABEL)]


def phrases(topic: str = "phrase") -> dict[tuple[str, str], str]:
    """Returns (key, language) -> text of a topic, from the seed that the cards are made of too."""
    with open(PROJECT_DIR / "seeds/statistics/text.csv", encoding="utf-8", newline="") as file:
        return {(row["key"], row["language"]): row["text"] for row in csv.DictReader(file) if row["topic"] == topic}
