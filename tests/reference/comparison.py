"""Standardised rates and measures of variation computed again in Python, from published tables alone.

Reads the tables of the statistics, `dispersion`, and the weights of the European Standard Population, and nothing else of a build: whatever it can
compute, any reader can. Limits come from scipy's chi-square quantiles (exact below 10 events, Byar from 10 on), not from the seed of the product.
"""

import math
from collections import defaultdict

import numpy
from oracle import AGE, TYPE  # the filters that are standardised and compared
from scipy.stats import chi2, norm

EVENTS, COVERAGE, EXPECTED, UNITS, SHARE = 10, 0.8, 5, 10, 0.9
ABOVE_MUNICIPALITY = ("country", "region", "province", "arrondissement")


def poisson_limits(events, confidence):
    """Lower and upper limit of a Poisson count."""
    tail = (1 - confidence) / 2
    if events < 10:
        return (chi2.ppf(tail, 2 * events) / 2 if events else 0.0), chi2.ppf(1 - tail, 2 * events + 2) / 2
    z = norm.ppf(1 - tail)
    over = events + 1
    return events * (1 - 1 / (9 * events) - z / (3 * math.sqrt(events))) ** 3, over * (
        1 - 1 / (9 * over) + z / (3 * math.sqrt(over))
    ) ** 3


def filters_of(connection, schema, name):
    """The filters of a table: the columns between the unit and the numbers."""
    columns = [row[0] for row in connection.execute(f"describe {schema}.{name}").fetchall()]
    return columns[columns.index("geo_code") + 1 : columns.index("numerator")]


def total_of_other_filters(connection, schema, name):
    """The condition of the rows that are the total of every filter that is neither standardised nor compared."""
    others = [name for name in filters_of(connection, schema, name) if name not in (AGE, TYPE)]
    return " and ".join(["true", *(f"{name} = 'total'" for name in others)])


def read_strata(connection, schema, statistics):
    """Published rows by (statistic, year, type of act) and unit: {age: (numerator, denominator, value, status)}, 'total' included.

    Perinatal ages that a municipality has no row for take their denominators from the table of deliveries, without a numerator.
    """
    strata = defaultdict(dict)
    deliveries = defaultdict(dict)
    for year, level, code, age, count in connection.execute(
        f"select reference_year, geo_level, geo_code, {AGE}, numerator"
        f" from {schema}.cube_007_001a_denom where {total_of_other_filters(connection, schema, 'cube_007_001a_denom')}"
    ).fetchall():
        deliveries[year, level, code][age] = (None, count, None, "published" if count is not None else "small_cell")
    for name in statistics:
        act = TYPE if TYPE in filters_of(connection, schema, name) else "'total'"
        for year, level, code, age, act_type, *row in connection.execute(
            f"select reference_year, geo_level, geo_code, {AGE}, {act}, numerator, denominator, value, status"
            f" from {schema}.{name} where {total_of_other_filters(connection, schema, name)}"
        ).fetchall():
            strata[name, year, act_type].setdefault((level, code), {})[age] = tuple(row)
    for (name, year, _), units in strata.items():
        for (level, code), ages in units.items():
            if name.startswith("cube_007"):
                units[level, code] = deliveries[year, level, code] | ages
    return strata


def standardise(unit, country, phi, per, weights, with_direct):
    """One unit's numbers as a mapping of the columns of standardised_rate; weights: {standard: {age: persons}}."""
    observed, persons, _, status = unit["total"]
    row = {"observed": observed, "status": status, "direct": {}}
    ages = [age for age in country if age != "total"]
    usable = [age for age in ages if unit[age][1] is not None and None not in country[age][:2]]
    row["pooled_ages"] = len(ages) - len(usable)
    inside = sum(unit[age][1] for age in usable)
    row["coverage"] = inside / persons if persons else None
    if status != "published":
        return row
    rates = {age: country[age][0] / country[age][1] for age in usable if country[age][1]}
    expected = math.fsum(unit[age][1] * rates.get(age, 0) for age in usable)
    squared = math.fsum(unit[age][1] * rates.get(age, 0) ** 2 for age in usable)
    if persons > inside:
        rest = (country["total"][0] - sum(country[age][0] for age in usable)) / (
            country["total"][1] - sum(country[age][1] for age in usable)
        )
        expected += (persons - inside) * rest
        squared += (persons - inside) * rest**2
    if row["coverage"] < COVERAGE:
        row["status"] = "few_strata"
        return row
    row["status"] = "few_events" if observed < EVENTS else "published"
    if not expected:
        return row
    row |= {"expected": expected, "ratio": observed / expected}
    if phi is not None:
        row["dispersion"] = max(phi - squared / expected, 0)
        for suffix, confidence in (("95", 0.95), ("998", 0.998)):
            for side, limit in zip(("lower", "upper"), poisson_limits(observed, confidence), strict=True):
                row[f"ratio_{side}_{suffix}"] = (
                    max(observed + math.sqrt(row["dispersion"]) * (limit - observed), 0)
                ) / expected
    whole = country["total"][2]
    row |= {
        name.replace("ratio", "indirect", 1): value * whole for name, value in row.items() if name.startswith("ratio_")
    }
    row["indirect_value"] = row["ratio"] * whole
    if with_direct and observed >= EVENTS and phi is not None:
        for standard, weight in weights.items():
            if any(unit[age][0] is None or not unit[age][1] or weight.get(age) is None for age in ages):
                continue
            total = sum(weight[age] for age in ages)
            value = per * math.fsum(weight[age] * unit[age][0] / unit[age][1] for age in ages) / total
            variance = (per / total) ** 2 * math.fsum(
                weight[age] ** 2 * max(phi - unit[age][0] / unit[age][1], 0) * unit[age][0] / unit[age][1] ** 2
                for age in ages
            )
            limits = {
                f"direct_{side}_{suffix}": max(value + math.sqrt(variance / observed) * (limit - observed), 0)
                for suffix, confidence in (("95", 0.95), ("998", 0.998))
                for side, limit in zip(("lower", "upper"), poisson_limits(observed, confidence), strict=True)
            }
            row["direct"][standard] = {"direct_value": value, **limits}
    return row


def variation(rows):
    """The measures of variation of one statistic, year, type of act and level, from its rows of `standardise` that are not empty."""
    used = [row for row in rows if "ratio" in row and row["expected"] >= EXPECTED]
    result = {"units": len(rows), "units_used": len(used)}
    if len(used) < UNITS or len(used) < SHARE * len(rows):
        return result | {"status": "too_few_units"}
    observed = numpy.array([row["observed"] for row in used], float)
    expected = numpy.array([row["expected"] for row in used])
    dispersion = numpy.array([row.get("dispersion", numpy.nan) for row in used])
    values = numpy.array([row["indirect_value"] for row in used])
    ratio = observed / expected
    excess = ratio - 1
    for name, share in (("p05", 5), ("p25", 25), ("median", 50), ("p75", 75), ("p95", 95)):
        result[name] = numpy.percentile(values, share)
    mean = numpy.average(ratio, weights=expected)
    scv = {"scv": numpy.mean(excess**2 - dispersion / expected), "scv_poisson": numpy.mean(excess**2 - 1 / expected)}
    known = dispersion > 0  # False without a phi
    estimate = 1.0
    for _ in range(12):
        spread = estimate + dispersion * observed / expected**2
        weighted = spread > 0  # an area without events has no weight once the estimate is 0
        weight, square = 1 / spread[weighted], excess[weighted] ** 2
        change = ((weight**2 * square).sum() - weight.sum()) / (weight**2).sum() if weighted.any() else 0
        estimate = max(0, estimate + change)
    return result | {
        "status": "published",
        "minimum": values.min(),
        "maximum": values.max(),
        "extremal_quotient": ratio.max() / ratio.min() if ratio.min() else None,
        "quotient_05_95": result["p95"] / result["p05"],
        "cv": 100 * ratio.std(ddof=1) / ratio.mean(),
        "cv_weighted": 100 * math.sqrt(numpy.average((ratio - mean) ** 2, weights=expected)) / mean,
        **{name: 100 * value if value >= 0 else None for name, value in scv.items()},
        "eb_variance": estimate if known.any() else None,
        "chi_square": ((observed - expected) ** 2)[known].dot(1 / (dispersion * expected)[known])
        if known.any()
        else None,
        "degrees_of_freedom": len(used) - 1,
    }


def row_limits(measure, numerator, denominator, per, phi, mean):
    """Lower and upper 95 % limit of a published row; (None, None) without a dispersion. phi, mean: of the variable in the country, persons of all ages."""
    if measure == "share":
        z = norm.ppf(0.975)
        centre, width = 2 * numerator + z**2, z * math.sqrt(z**2 + 4 * numerator * (1 - numerator / denominator))
        return tuple(per * (centre + sign * width) / (2 * (denominator + z**2)) for sign in (-1, 1))
    limits = poisson_limits(numerator, 0.95)
    if measure == "count":
        return limits
    if phi is None or mean is None:
        return None, None
    scale = math.sqrt(max(phi - mean, 0))
    return tuple(per * max(numerator + scale * (limit - numerator), 0) / denominator for limit in limits)
