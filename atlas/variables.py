"""The dbt variables of a build: which names exist (home: dbt_project.yml), each at most once, and what each may hold
(home: ALLOWED).

A build checks them before anything else; plain `dbt build` checks them when it starts (macro validate_variables).
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

import yaml

from atlas import strict_yaml
from atlas.settings import PROJECT_DIR, InputError

LEAST_THRESHOLD = 5  # source: IMA-AIM; a smaller one but 0 protects nobody
SHOWN = 40  # characters of a value in a message
LISTS = PROJECT_DIR / "macros" / "lists.sql"


@dataclass(frozen=True)
class Kind:
    """What a variable may hold: a test of the value, and the end of the sentence `give ...`."""

    holds: Callable[[object], bool]
    words: str


def whole(least: int, most: int, more: str = "") -> Kind:
    """Returns the kind of whole numbers from `least` to `most`. more: another sentence of the message."""
    return Kind(
        lambda value: type(value) is int and least <= value <= most,
        f"a whole number from {least} to {most}, in plain digits without quotes{more}",
    )


def share() -> Kind:
    """Returns the kind of numbers from 0 to 1."""
    return Kind(
        lambda value: type(value) in (int, float) and math.isfinite(value) and 0 <= value <= 1,
        "a number from 0 to 1, such as 0.8, without quotes",
    )


def one_of(values: tuple) -> Kind:
    """Returns the kind of a list of values."""
    return Kind(
        lambda value: any(type(value) is type(known) and value == known for known in values),
        f"one of {', '.join(map(str, values))}",
    )


YEAR = whole(1900, 2200)
NO_YEAR = Kind(lambda value: value is None or YEAR.holds(value), "a year such as 2022, or leave it out")
BOOLEAN = Kind(lambda value: type(value) is bool, "true or false, without quotes")


@cache
def vintages() -> tuple[int, ...]:
    """Returns the vintages of the geography (home: geography_vintages in macros/lists.sql)."""
    found = re.findall(r"'vintage': (\d{4})\b", LISTS.read_text(encoding="utf-8"))
    return tuple(map(int, found))


def is_day(value: object) -> bool:
    """Returns whether a value is a day of the calendar, as YAML reads it or as a text YYYY-MM-DD."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return True
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


ALLOWED = {
    "geography_vintage": one_of(vintages()),
    "small_cell_threshold": Kind(
        lambda value: type(value) is int and (value == 0 or LEAST_THRESHOLD <= value <= 10_000),
        f"a whole number from {LEAST_THRESHOLD} to 10000: 5 suppresses groups of 1 to 4 persons, and is the least that "
        "protects (source: IMA-AIM). 0 publishes everything and is for private use",
    ),
    "first_reference_year": NO_YEAR,
    "last_reference_year": NO_YEAR,
    "publication_date": Kind(
        lambda value: value is None or is_day(value), "a day of the calendar as YYYY-MM-DD, or leave it out"
    ),
    "rebuild_years": Kind(
        lambda value: isinstance(value, list) and len(value) <= 300 and all(map(YEAR.holds, value)),
        "a list of years, as in [2022, 2023]",
    ),
    "drop_missing_years": BOOLEAN,
    "largest_loss_of_rows": share(),
    "protect_complement": BOOLEAN,
    "smallest_levels": BOOLEAN,
    "complementary_masking": BOOLEAN,
    "delivery_gap_days": whole(0, 365, ". A year is computed from its claims and those of the year before"),
    "performer_from": Kind(
        one_of(("article", "qualification")).holds,
        "article (the article of the code decides by whom) or qualification (that of the performer where it is known)",
    ),
    "first_postnatal_day": whole(0, 365),
    "last_postnatal_day": whole(0, 365),
    "oldest_age": whole(100, 150),
    "largest_case_count": whole(1, 2**31 - 1),
    "first_sector_year": YEAR,
    "first_filter_year": YEAR,
    "least_standardisation_coverage": share(),
    "least_standardisation_events": whole(0, 1_000_000),
    "least_expected_events": whole(0, 1_000_000),
    "least_units": whole(1, 1_000_000),
    "least_share_of_units": share(),
    "least_persons_of_dispersion": whole(1, 1_000_000),
}
# Of the first of a pair, what cannot be after the second.
ORDERED = {
    ("first_postnatal_day", "last_postnatal_day"): "no contact could count",
    ("first_reference_year", "last_reference_year"): "no year could be built",
}


@cache
def defaults() -> dict:
    """Returns all variables with their values without --vars (home: dbt_project.yml). Raises InputError when that file
    gives a key twice.
    """
    try:
        return strict_yaml.read((PROJECT_DIR / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    except strict_yaml.RepeatedKeyError as error:
        raise InputError(f"dbt_project.yml gives {error.key} twice. Give it once.") from error


def check_text(text: str) -> None:
    """Raises InputError when the YAML of variables cannot be read, or as `check_values` does."""
    try:
        values = strict_yaml.read(text)
    except strict_yaml.RepeatedKeyError as error:
        raise InputError(f"The variable {shown(error.key)} is given twice. Give it once.") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(
            f"The variables cannot be read: {shown(str(error).partition(chr(10))[0])}. Give YAML, as in "
            "VARS='{first_reference_year: 2022, publication_date: 2026-12-05}'."
        ) from error
    if values is None:
        values = {}
    if not isinstance(values, dict):
        raise InputError("The variables are no YAML mapping. Give them as in VARS='{first_reference_year: 2022}'.")
    check_values(values)


def check_values(given: dict) -> None:
    """Raises InputError for a name that no variable has, which dbt would ignore, and for a value that its variable
    cannot hold. given: what takes the place of the defaults, which are checked too.
    """
    for name in given:
        if name not in defaults():
            near = difflib.get_close_matches(str(name), defaults(), 1)
            raise InputError(
                f"There is no variable {shown(name)}."
                + (f" Is {near[0]} meant?" if near else "")
                + f" The variables are {', '.join(defaults())}."
            )
    values = {**defaults(), **given}
    for name, kind in ALLOWED.items():
        if not kind.holds(values[name]):
            raise InputError(f"{name} is {shown(values[name])}; give {kind.words}.")
    for (first, last), result in ORDERED.items():
        if None not in (values[first], values[last]) and values[first] > values[last]:
            raise InputError(
                f"{first} is {values[first]}, after {last} ({values[last]}): {result}. Give a {first} that is not "
                f"after {last}."
            )


def shown(value: object) -> str:
    """Returns a value as a message shows it: in quotes where it is a text, at most 40 characters of it."""
    if isinstance(value, dict | list | tuple | set):
        return {dict: "a mapping", list: "a list"}.get(type(value), "no single value")
    text = ascii(value) if isinstance(value, str) else str(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
