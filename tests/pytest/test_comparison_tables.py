"""Standardised rates, measures of variation and dispersion of a build, each number computed again from published tables alone."""

import math
import sys
from collections import defaultdict
from pathlib import Path

import duckdb
import pytest

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "tests" / "reference"))
import comparison

PER = {"share": 100, "volume": 1000, "mean": 1}


def rows_of(connection, table):
    """The rows of a table as mappings."""
    relation = connection.execute(f"select * from marts.{table} order by all")
    names = [column[0] for column in relation.description]
    return [dict(zip(names, row, strict=True)) for row in relation.fetchall()]


def differs(number, expected):
    """Whether two numbers differ by more than 1e-9, relative; None is a number that is not there."""
    if number is None or expected is None:
        return number is not expected
    if isinstance(number, str):
        return number != expected
    return not math.isclose(number, expected, rel_tol=1e-9, abs_tol=1e-9)


@pytest.fixture(scope="module")
def computed(masked):
    """(published rows of both tables, the same computed again)."""
    with duckdb.connect(str(masked.warehouse), read_only=True) as connection:
        statistics = {row["statistic"] for row in rows_of(connection, "standardised_rate")}
        declared = dict(
            (code, (measure, variable))
            for code, measure, variable in connection.execute(
                "select distinct code, measure, variable from reference.statistic"
            ).fetchall()
        )
        phi = {
            (r["reference_year"], r["variable"], r["procedure_type"]): r["phi"]
            for r in rows_of(connection, "dispersion")
        }
        esp = dict(connection.execute("select age_category, persons from seed.standard_population").fetchall())
        strata = comparison.read_strata(connection, "marts", sorted(statistics))
        published = rows_of(connection, "standardised_rate"), rows_of(connection, "variation")
    rates, by_level = {}, defaultdict(list)
    for (statistic, year, act), units in strata.items():
        measure, variable = declared[statistic]
        country = next(ages for (level, _), ages in units.items() if level == "country")
        weights = {"country_of_year": {age: row[1] for age, row in country.items()}}
        if "0-9" in country:
            weights["esp_2013"] = esp
        for (level, code), ages in units.items():
            row = comparison.standardise(
                ages,
                country,
                1.0 if measure == "share" else phi.get((year, variable, act)),
                PER[measure],
                weights,
                level in comparison.ABOVE_MUNICIPALITY,
            )
            rates[statistic, year, level, code, act] = row
            if level in ("arrondissement", "municipality") and row["status"] != "empty":
                by_level[statistic, year, act, level].append(row)
    return published, rates, {key: comparison.variation(rows) for key, rows in by_level.items()}


def test_every_standardised_rate_follows_from_published_tables(computed):
    (published, _), rates, _ = computed
    assert len(published) > 1000
    assert {row["status"] for row in published} >= {"published", "small_cell", "few_events", "few_strata"}
    seen = set()
    for row in published:
        key = tuple(row[name] for name in ("statistic", "reference_year", "geo_level", "geo_code", "procedure_type"))
        again = rates[key]
        direct = again["direct"].get(row["standard"], {})
        names = [name for name in row if name.startswith("direct_")] + ["observed", "pooled_ages", "coverage", "status"]
        expected = {name: direct.get(name, again.get(name)) for name in names}
        if row["standard"] == "country_of_year":
            seen.add(key)
            expected |= {
                name: again.get(name)
                for name in row
                if name.startswith("ratio") or name in ("expected", "dispersion", "indirect_value")
            }
        different = {name: (row[name], value) for name, value in expected.items() if differs(row[name], value)}
        assert not different, (key, different)
    assert seen == rates.keys()


def test_comparison_with_the_country_follows_from_the_limits(computed):
    (published, _), _, _ = computed
    compared = [row for row in published if row["compared_with_country"] is not None]
    assert {row["compared_with_country"] for row in compared} == {"higher", "lower", "not_different"}
    for row in compared:
        side = "higher" if row["ratio_lower_95"] > 1 else "lower" if row["ratio_upper_95"] < 1 else "not_different"
        assert row["compared_with_country"] == side and row["geo_level"] != "country"


def test_every_measure_of_variation_follows_from_published_tables(computed):
    (_, published), _, again = computed
    levels = [row for row in published if row["geo_level"] != "country"]
    assert any(row["status"] == "published" for row in levels)
    for row in levels:
        expected = again[row["statistic"], row["reference_year"], row["procedure_type"], row["geo_level"]]
        if row["status"] != "published":
            assert expected["status"] == row["status"] and row["scv"] is None
            continue
        different = {name: (row[name], value) for name, value in expected.items() if differs(row[name], value)}
        assert not different, (row["statistic"], row["reference_year"], row["geo_level"], different)
    assert len(levels) == len(again)


def test_expected_events_add_up_to_those_of_the_country(computed):
    _, rates, _ = computed
    sums, whole = defaultdict(float), {}
    for (statistic, year, level, _, act), row in rates.items():
        if level == "region" and "expected" in row:
            sums[statistic, year, act] += row["expected"]
        if level == "country" and "expected" in row:
            whole[statistic, year, act] = row["observed"]
    assert sums
    for key, total in sums.items():
        assert total <= whole[key] * (1 + 1e-9), key
