"""The dbt variables of a build, as text: names that exist, each at most once. What each may hold is checked by dbt
(macros/load/validate_variables.sql).
"""

from __future__ import annotations

import difflib
from functools import cache

import yaml

from atlas import strict_yaml
from atlas.settings import PROJECT_DIR, InputError


@cache
def known_names() -> tuple[str, ...]:
    """Returns the names of all variables (home: dbt_project.yml)."""
    return tuple(yaml.safe_load((PROJECT_DIR / "dbt_project.yml").read_text(encoding="utf-8"))["vars"])


def check_text(text: str) -> None:
    """Raises InputError when the YAML of variables cannot be read, or has an unknown name or a name twice."""
    try:
        values = strict_yaml.read(text) or {}
    except strict_yaml.RepeatedKeyError as error:
        raise InputError(f"The variable {error.key} is given twice. Give it once.") from error
    except (yaml.YAMLError, ValueError) as error:
        raise InputError(
            f"The variables cannot be read: {str(error).splitlines()[0]}. Give YAML, as in "
            "VARS='{first_reference_year: 2022, publication_date: 2026-12-05}'."
        ) from error
    if not isinstance(values, dict):
        raise InputError("The variables are no YAML mapping. Give them as in VARS='{first_reference_year: 2022}'.")
    check_names(list(values))


def check_names(names: list) -> None:
    """Raises InputError for a name that no variable has: dbt would ignore it."""
    for name in names:
        if name not in known_names():
            near = difflib.get_close_matches(str(name), known_names(), 1)
            raise InputError(
                f"There is no variable {name}."
                + (f" Is {near[0]} meant?" if near else "")
                + f" The variables are {', '.join(known_names())}."
            )
