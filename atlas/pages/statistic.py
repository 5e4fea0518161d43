"""A statistic of the release as the pages hold it: the shape of its array, its group in the list of statistics, and
what the page shows of it before it loads its cells.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

import duckdb

from atlas.pages import cards, texts
from atlas.pages.release import SECTOR, columns_of, read_compared_filter, read_levels

GROUPS = ("imaging_share", "imaging_volume", "imaging_all_ages", "other")  # of the list of statistics


@dataclass(frozen=True)
class Statistic:
    """One statistic of the release and the shape of its array: [unit][filter combination][year]."""

    code: str
    measure: str
    per: int | None
    levels: list[str]
    units: list[int]  # positions in the list of units of the whole release
    filters: dict[str, list[str]]  # in the order of the array
    years: list[int]
    has_limits: bool
    compared_by: str | None = None  # the filter that the tables of the layer comparison have too

    @property
    def combinations(self) -> list[tuple]:
        """Every combination of filter values, the last filter fastest."""
        return list(itertools.product(*self.filters.values()))

    @property
    def compared_values(self) -> list[str]:
        """The values of `compared_by` for which areas are compared; the total where the statistic lacks the filter."""
        return self.filters.get(self.compared_by, ["total"])


def read_statistics(connection: duckdb.DuckDBPyConnection, units: list[dict]) -> list[Statistic]:
    """Returns the statistics of the release with the levels, filters and years that their tables hold. A statistic
    without a published year (its years are none of those that the build published) is not among them: the pages have
    nothing to show of it.
    """
    result = []
    all_levels, compared_by = read_levels(connection), read_compared_filter(connection)
    for code, measure, per, named in connection.execute(
        "select code, any_value(measure), any_value(per), any_value(filters) from statistic group by 1 order by 1"
    ).fetchall():
        columns = columns_of(connection, code)

        def values(column: str, table: str = code) -> list:
            found = connection.execute(
                f"select distinct {column} from {table} where geo_level <> '{SECTOR}' order by 1"
            ).fetchall()
            return [value for (value,) in found]

        years = values("reference_year")
        if not years:
            continue
        present_levels = set(values("geo_level"))
        levels = [level for level in all_levels if level in present_levels]
        filters = {}
        for name in filter(None, (named or "").split(";")):
            present = set(values(name))
            filters[name] = [value for value in read_values(connection, name) if value in present]
        positions = [position for position, unit in enumerate(units) if unit["level"] in levels]
        has_limits = "lower_95" in columns
        result.append(Statistic(code, measure, per, levels, positions, filters, years, has_limits, compared_by))
    return result


def read_values(connection: duckdb.DuckDBPyConnection, name: str) -> list[str]:
    """Returns the values of a filter in the order of its table."""
    rows = connection.execute(f"select {name} from {name} group by 1 order by min(sort_order), 1").fetchall()
    return [value for (value,) in rows]


def repeats_a_cube(statistic: Statistic, statistics: list[Statistic]) -> bool:
    """Returns whether a table stat_... holds the totals of a cube of the same years: overviews show the cube."""
    cube = statistic.code.replace("stat_", "cube_")
    return cube != statistic.code and any(s.code == cube and s.years == statistic.years for s in statistics)


def group_of(statistic: Statistic, family: str) -> str:
    """Returns the group of GROUPS under which the list of statistics shows a statistic."""
    if family != "imaging":
        return "other"
    if len(statistic.combinations) == 1:
        return "imaging_all_ages"
    return "imaging_share" if statistic.measure == "share" else "imaging_volume"


def describe(connection: duckdb.DuckDBPyConnection, statistic: Statistic, release: dict) -> dict:
    """Returns what the page shows of a statistic before it loads its cells; `ages`: the filter with age categories."""
    rows = connection.execute(
        "select language, title, coding, family, variable, characteristics from statistic where code = ? "
        "order by language",
        [statistic.code],
    ).fetchall()
    names = {language: (named or "").split("; ") for language, *_, named in rows}
    classes = [name for name in statistic.filters if "age_from" in columns_of(connection, name)]
    return {
        "code": statistic.code,
        "measure": statistic.measure,
        "per": statistic.per,
        "group": group_of(statistic, rows[0][3]),
        "variable": rows[0][4],
        "title": {language: title for language, title, *_ in rows},
        "unit": {language: unbroken(coding) for language, _, coding, *_ in rows},
        "names": {
            name: {language: words[i][:1].upper() + words[i][1:] for language, words in names.items()}
            for i, name in enumerate(statistic.filters)
        },
        "ages": next(iter(classes), None),
        "citation": {
            code: cards.read_citation(connection, release, statistic.code, code) for code in texts.languages()
        },
        "levels": statistic.levels,
        "filters": statistic.filters,
        "years": statistic.years,
    }


def unbroken(text: str) -> str:
    """Returns a text whose numbers are not broken at the end of a line: `1 000` with a narrow no-break space."""
    return re.sub(r"(?<=\d) (?=\d{3}\b)", "\u202f", text)
