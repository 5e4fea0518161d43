"""How names and values are written into SQL text."""

from __future__ import annotations


def identifier(name: str) -> str:
    """Returns a name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: object) -> str:
    """Returns a text or path as a SQL literal."""
    return "'" + str(value).replace("'", "''") + "'"
