"""The texts of the pages in Dutch, French and English: one row a text in text.csv."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from atlas.settings import AtlasError

FILE = Path(__file__).parent / "text.csv"


def languages() -> list[str]:
    """Returns the languages of the pages: the columns of text.csv after the key."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file))[1:]


def unbroken(text: str) -> str:
    """Returns a text with no-break spaces where no line may end: before `%` and French punctuation, within quotation
    marks, between the limits of an interval.
    """
    text = re.sub(r" (?=[%:;?!»])|(?<=«) ", "\u00a0", text)
    return re.sub(r"(?<=\{lower\}) (\S+) (?=\{upper\})", "\u00a0\\1\u00a0", text)


def read_texts(language: str) -> dict[str, str]:
    """Returns the texts of a language by key, with no-break spaces (unbroken). Raises AtlasError when a key occurs
    twice or has no text.
    """
    texts: dict[str, str] = {}
    with FILE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["key"] in texts or not row[language] or None in row:
                raise AtlasError(
                    f"{FILE.name}: key {row['key']} occurs twice, has no text in {language}, or has a comma without "
                    "quotation marks around its text."
                )
            texts[row["key"]] = unbroken(row[language])
    return texts
