"""YAML without repeated keys, of which the last one would silently count."""

from __future__ import annotations

from typing import Any

import yaml


class RepeatedKeyError(yaml.YAMLError):
    """A mapping has a key twice."""

    def __init__(self, key: str):
        """key: text, also an attribute of the error."""
        super().__init__(f"the key {key} is given twice")
        self.key = key


class _Loader(yaml.SafeLoader):
    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        for key in keys:
            if keys.count(key) > 1:
                raise RepeatedKeyError(key)
        return super().construct_mapping(node, deep)


def read(text: str) -> Any:
    """Returns the content of a YAML text, of plain types only. Raises RepeatedKeyError, yaml.YAMLError for text that
    is no YAML, ValueError for a date of no calendar.
    """
    loader = _Loader(text)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()
