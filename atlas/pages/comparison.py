"""What the pages show of the tables that compare areas: standardised values, and variation between areas."""

from __future__ import annotations

import itertools
import math

import duckdb

from atlas.pages.codec import HIDDEN, encode_integers
from atlas.pages.limits import LIMIT_DECIMALS
from atlas.pages.release import columns_of, read_compared_filter
from atlas.pages.statistic import Statistic

Z_ONE_SIDED = 1.6448536269514722  # 95th percentile of the standard normal distribution

COMPARED = ("higher", "not_different", "lower")  # codes 1, 2, 3 of the chunk of standardised values; 0: none

# Columns of table `variation` that the page shows, with their decimals; None: those of the statistic's values
MEASURES = {
    "units_used": 0,
    "minimum": None,
    "p05": None,
    "median": None,
    "p95": None,
    "maximum": None,
    "extremal_quotient": 2,
    "quotient_05_95": 2,
    "cv": 3,
    "scv": 4,
    "eb_variance": 4,
    "chi_square": 1,
    "degrees_of_freedom": 0,
}


def read_standardised(connection: duckdb.DuckDBPyConnection, statistic: Statistic, units: list[dict]) -> bytes | None:
    """Returns the chunk of age-standardised values: for each unit, value of the compared filter and year the indirectly
    standardised value and its limits as integers, in units of the last of LIMIT_DECIMALS decimals, then the comparison
    with the country (COMPARED); None when the release has none for this statistic.
    """
    types = statistic.compared_values
    rows = connection.execute(
        f"""
        select geo_level, geo_code, {statistic.compared_by}, reference_year, indirect_value, indirect_lower_95,
        indirect_upper_95, compared_with_country
        from standardised_rate
        where statistic = ? and standard = 'country_of_year'
        """,
        [statistic.code],
    ).fetchall()
    if not rows:
        return None
    positions = {(units[u]["level"], units[u]["code"]): i for i, u in enumerate(statistic.units)}
    size = len(positions) * len(types) * len(statistic.years)
    scale = 10 ** LIMIT_DECIMALS[statistic.measure]
    parts = [[HIDDEN] * size for _ in range(3)] + [[0] * size]
    for level, code, compared_value, year, value, lower, upper, compared in rows:
        place = (positions[level, code] * len(types) + types.index(compared_value or "total")) * len(
            statistic.years
        ) + statistic.years.index(year)
        for part, number in zip(parts[:3], (value, lower, upper), strict=True):
            part[place] = HIDDEN if number is None else round(number * scale)
        parts[3][place] = 0 if compared is None else COMPARED.index(compared) + 1
    return encode_integers(itertools.chain(*parts), len(statistic.years))


def read_variation(connection: duckdb.DuckDBPyConnection) -> dict:
    """Returns table `variation` for arrondissements and municipalities: the measures that it has (MEASURES), and for
    each statistic, level and type of act the rows [year, status, measures], and whether the areas of the last year
    differ by more than chance.
    """
    present, compared_by = set(columns_of(connection, "variation")), read_compared_filter(connection)
    measures = {name: decimals for name, decimals in MEASURES.items() if name in present}
    rows: dict[str, list] = {}
    for key, *row in connection.execute(
        f"""
        select concat_ws(' ', statistic, geo_level, {compared_by}), reference_year, status, {", ".join(measures)}
        from variation where geo_level in ('arrondissement', 'municipality')
        order by statistic, reference_year, {compared_by}, geo_level
        """
    ).fetchall():
        rows.setdefault(key, []).append(row)
    return {
        "measures": list(measures.items()),
        "rows": rows,
        "chance": {key: beyond_chance(dict(zip(measures, row[2:], strict=True))) for key, (*_, row) in rows.items()},
    }


def beyond_chance(measures: dict) -> bool | None:
    """Returns whether areas differ by more than chance: chi-square beyond the 95th percentile of its distribution, by
    the approximation of Wilson and Hilferty (1931); None without chi-square.
    """
    chi_square, freedom = measures.get("chi_square"), measures.get("degrees_of_freedom")
    if chi_square is None or not freedom:
        return None
    spread = 2 / (9 * freedom)
    return chi_square > freedom * (1 - spread + Z_ONE_SIDED * math.sqrt(spread)) ** 3
