"""YAML without what is silently read as something else: repeated keys, of which the last one would count, and numbers
that are not written in plain digits (010 is 8, 1:30 is 90).
"""

from __future__ import annotations

import re
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

    def construct_whole_number(self, node):
        return int(node.value) if re.fullmatch("[-+]?(0|[1-9][0-9]{0,18})", node.value) else node.value

    def construct_day(self, node):
        try:
            return super().construct_yaml_timestamp(node)
        except ValueError:
            return node.value


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_whole_number)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.construct_day)


def read(text: str) -> Any:
    """Returns the content of a YAML text, of plain types only. A number that is not written in plain digits, and a date
    of no calendar, remain the text that was written. Raises RepeatedKeyError, yaml.YAMLError for text that is no YAML.
    """
    loader = _Loader(text)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()
