"""The texts of the pages in Dutch, French and English: one row a text in text.csv."""

from __future__ import annotations

import csv
from pathlib import Path

from atlas.settings import AtlasError

FILE = Path(__file__).parent / "text.csv"


def languages() -> list[str]:
    """Returns the languages of the pages: the columns of text.csv after the key."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file))[1:]


def read_texts(language: str) -> dict[str, str]:
    """Returns the texts of a language by key. Raises AtlasError when a key occurs twice or has no text."""
    texts: dict[str, str] = {}
    with FILE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["key"] in texts or not row[language]:
                raise AtlasError(f"{FILE.name}: key {row['key']} occurs twice or has no text in {language}.")
            texts[row["key"]] = row[language]
    return texts
