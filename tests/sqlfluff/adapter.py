"""Replaces dbt's `adapter` while sqlfluff renders a model: a dispatched macro becomes a call of its own name, which any dialect parses."""


def dispatch(name, *_):
    """Returns a function that writes `name(arguments)`; a regular expression becomes a text literal."""
    if name == "matches":
        return lambda expression, pattern: f"matches({expression}, '{pattern}')"
    return lambda *arguments: f"{name}({', '.join(str(argument) for argument in arguments)})"
