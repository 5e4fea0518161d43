"""Replaces dbt's `modules` while sqlfluff renders a model: every date that a variable holds is the same one."""

import datetime as _datetime


class _Date(_datetime.date):
    @classmethod
    def fromisoformat(cls, _text):
        return _datetime.date(2025, 10, 1)


class datetime:
    date = _Date


class re:
    """Every text matches every pattern."""

    @staticmethod
    def match(_pattern, _text):
        return True
