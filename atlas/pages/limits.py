"""The 95 % limits of a statistic: those that the page computes from the counts, where they are those of the table, and
those that it is given.
"""

from __future__ import annotations

import math

from atlas.pages.codec import HIDDEN, encode_integers
from atlas.pages.release import has_table
from atlas.pages.statistic import Statistic

Z_95 = 1.959963984540054  # the normal distribution's 97.5th percentile, as in source/code/data.js

LIMIT_DECIMALS = {
    "share": 3,
    "volume": 2,
    "mean": 4,
    "count": 1,
}  # what a stored confidence limit keeps: more than is shown

# Exact 95 % limits of a Poisson count from 0 to 9 events: half of chi-square's 2.5th and 97.5th percentile with 2n and
# 2n + 2 degrees of freedom
POISSON_95 = (
    (0.0, 3.6888794541139354),
    (0.025317807984289876, 5.571643390938898),
    (0.24220927854396496, 7.22468766772396),
    (0.6186721228956014, 8.767273069742323),
    (1.0898653736263249, 10.241588675403694),
    (1.6234863901184207, 11.66833207932267),
    (2.2018942534908508, 13.059474022518685),
    (2.8143630515198654, 14.422675361702376),
    (3.4538321767485014, 15.763189220193313),
    (4.115373097378334, 17.084803451419166),
)


def wilson(numerator: int, denominator: int, per: int) -> tuple[float, float]:
    """Returns the 95 % limits of a share by Wilson's score method, times per (Newcombe 1998, method 3)."""
    z2 = Z_95 * Z_95
    share = numerator / denominator
    middle = share + z2 / (2 * denominator)
    half = Z_95 * math.sqrt(share * (1 - share) / denominator + z2 / (4 * denominator * denominator))
    below = 1 + z2 / denominator
    return per * max(0.0, (middle - half) / below), per * min(1.0, (middle + half) / below)


def poisson(numerator: int, denominator: int, per: int, dispersion: float) -> tuple[float, float]:
    """Returns the 95 % limits of per * numerator / denominator: a Poisson count's, exact below 10 events, else
    Byar's, their distance from the count times the root of the dispersion, not below 0 (Breslow and Day 1987; Dobson et
    al. 1991).
    """
    if numerator < 10:
        lower, upper = POISSON_95[numerator]
    else:
        above = numerator + 1
        lower = numerator * (1 - 1 / (9 * numerator) - Z_95 / (3 * math.sqrt(numerator))) ** 3
        upper = above * (1 - 1 / (9 * above) + Z_95 / (3 * math.sqrt(above))) ** 3
    root = math.sqrt(dispersion)
    return tuple(per * max(0.0, numerator + root * (limit - numerator)) / denominator for limit in (lower, upper))


def computed(
    statistic: Statistic, numerator: int, denominator: int | None, dispersion: float | None
) -> tuple[float, float] | None:
    """Returns the limits that the page computes of a published cell; None without a dispersion, which a share does not
    need.
    """
    if statistic.measure == "share":
        return wilson(numerator, denominator, statistic.per)
    if dispersion is None:
        return None
    return poisson(numerator, 1 if statistic.per is None else denominator, statistic.per or 1, dispersion)


def agree(found: tuple | None, expected: tuple | None) -> bool:
    """Returns whether two pairs of limits are the same (relative 1e-9); None, or two of it: no limits."""
    no_limits = (None, None)
    return all(
        (a is None) == (b is None) and (a is None or math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9))
        for a, b in zip(found or no_limits, expected or no_limits, strict=True)
    )


def read_dispersion(connection, statistic: Statistic, n: list, d: list, units: list[dict]) -> list[list] | None:
    """Returns the dispersion of each type of act and year: 1 for a count, else phi of table `dispersion` less the
    country's mean, None without phi.
    None when the release has no such table.
    """
    types = statistic.compared_values
    if statistic.per is None:
        return [[1] * len(statistic.years) for _ in types]
    if not has_table(connection, "dispersion"):
        return None
    (variable,) = connection.execute(
        "select any_value(variable) from statistic where code = ?", [statistic.code]
    ).fetchone()
    rows = connection.execute(
        f"select {statistic.compared_by}, reference_year, phi from dispersion where variable = ?", [variable]
    ).fetchall()
    phi = {(kind or "total", year): value for kind, year, value in rows}
    country = next(i for i, u in enumerate(statistic.units) if units[u]["level"] == "country")
    result = []
    for kind in types:
        totals = tuple(kind if name == statistic.compared_by else "total" for name in statistic.filters)
        start = (country * len(statistic.combinations) + statistic.combinations.index(totals)) * len(statistic.years)
        row = []
        for y, year in enumerate(statistic.years):
            value, total, persons = phi.get((kind, year)), n[start + y], d[start + y]
            row.append(None if value is None or total < 0 or persons <= 0 else max(0.0, value - total / persons))
        result.append(row)
    return result


def limits_of(
    connection, statistic: Statistic, n: list, d: list, limits: list, units: list[dict]
) -> tuple[str, list | None]:
    """Returns how the page gets the limits of a statistic: "wilson" or "poisson" (with the dispersions) when the
    table's limits are those of its counts (relative 1e-9), so that the page computes them; else "stored".
    """
    years = len(statistic.years)
    types = len(statistic.compared_values)
    dispersion = None if statistic.measure == "share" else read_dispersion(connection, statistic, n, d, units)
    if statistic.measure != "share" and dispersion is None:
        return "stored", None
    for place, (numerator, denominator, pair) in enumerate(zip(n, d, limits, strict=True)):
        expected = None
        if numerator >= 0 and denominator != 0:
            scale = None if dispersion is None else dispersion[place // years % types][place % years]
            expected = computed(statistic, numerator, denominator, scale)
        if not agree(pair, expected):
            return "stored", None
    return ("wilson", None) if dispersion is None else ("poisson", dispersion)


def encode_limits(statistic: Statistic, limits: list) -> bytes:
    """Returns lower and then upper limits as integers, in units of the last of LIMIT_DECIMALS decimals; HIDDEN where
    the table has none.
    """
    scale = 10 ** LIMIT_DECIMALS[statistic.measure]
    values = []
    for side in (0, 1):
        values += [HIDDEN if pair is None else round(pair[side] * scale) for pair in limits]
    return encode_integers(values, len(statistic.years))
