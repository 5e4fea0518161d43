"""Standardised rates, measures of variation and dispersion of a build, each number computed again from published tables alone."""

import json
import math
from collections import defaultdict

import comparison
import duckdb
import pytest
from oracle import AGE, REIMBURSEMENT, TYPE

PER = {"share": 100, "volume": 1000, "mean": 1}


def rows_of(connection, table, schema="comparison"):
    """The rows of a table as mappings."""
    relation = connection.execute(f"select * from {schema}.{table} order by all")
    names = [column[0] for column in relation.description]
    return [dict(zip(names, row, strict=True)) for row in relation.fetchall()]


def differs(number, expected):
    """Whether two numbers differ by more than 1e-9, relative; None is a number that is not there."""
    if number is None or expected is None:
        return number is not expected
    if isinstance(number, str):
        return number != expected
    return not math.isclose(number, expected, rel_tol=1e-9, abs_tol=1e-9)


@pytest.fixture(scope="module", params=["masked", "unmasked"])
def computed(request):
    """(published rows of both tables, the same computed again), with and without suppression."""
    masked = request.getfixturevalue(request.param)
    with duckdb.connect(str(masked.warehouse), read_only=True) as connection:
        statistics = {row["statistic"] for row in rows_of(connection, "standardised_rate")}
        declared = dict(
            (code, (measure, variable))
            for code, measure, variable in connection.execute(
                "select distinct code, measure, variable from reference.statistic"
            ).fetchall()
        )
        phi = {(r["reference_year"], r["variable"], r[TYPE]): r["phi"] for r in rows_of(connection, "dispersion")}
        esp = dict(connection.execute(f"select {AGE}, persons from seed.standard_population").fetchall())
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
    assert {row["status"] for row in published} >= {"published", "empty"}
    seen = set()
    for row in published:
        key = tuple(row[name] for name in ("statistic", "reference_year", "geo_level", "geo_code", TYPE))
        again = rates[key]
        direct = again["direct"].get(row["standard"], {})
        names = [name for name in row if name.startswith("direct_")] + ["observed", "pooled_ages", "coverage", "status"]
        expected = {name: direct.get(name, again.get(name)) for name in names}
        if row["standard"] == "country_of_year":
            seen.add(key)
            expected |= {
                name: again.get(name)
                for name in row
                if name.startswith(("ratio", "indirect_")) or name in ("expected", "dispersion")
            }
        different = {name: (row[name], value) for name, value in expected.items() if differs(row[name], value)}
        assert not different, (key, different)
    assert seen == rates.keys()


def test_comparison_with_the_country_follows_from_the_limits(computed):
    (published, _), _, _ = computed
    compared = [row for row in published if row["compared_with_country"] is not None]
    assert {row["compared_with_country"] for row in compared} > {"not_different"}
    for row in compared:
        side = "higher" if row["ratio_lower_95"] > 1 else "lower" if row["ratio_upper_95"] < 1 else "not_different"
        assert row["compared_with_country"] == side and row["geo_level"] != "country"


def test_every_measure_of_variation_follows_from_published_tables(computed, request):
    (_, published), _, again = computed
    levels = [row for row in published if row["geo_level"] != "country"]
    assert levels
    for row in levels:
        expected = again[row["statistic"], row["reference_year"], row[TYPE], row["geo_level"]]
        if row["status"] != "published":
            assert expected["status"] == row["status"] and row["scv"] is None
            continue
        different = {name: (row[name], value) for name, value in expected.items() if differs(row[name], value)}
        assert not different, (row["statistic"], row["reference_year"], row["geo_level"], different)
    assert len(levels) == len(again)
    assert request.node.callspec.params["computed"] == "masked" or any(row["status"] == "published" for row in levels)


def test_the_ratio_by_reimbursement_follows_from_the_rows_of_the_country(unmasked):
    with duckdb.connect(str(unmasked.warehouse), read_only=True) as connection:
        countries = [row for row in rows_of(connection, "variation") if row["geo_level"] == "country"]
        ratios = 0
        for row in countries:
            split = [TYPE] if TYPE in comparison.filters_of(connection, "marts", row["statistic"]) else []
            of_type = "".join(f" and {name} = '{row[name]}'" for name in split)
            value = dict(
                connection.execute(
                    f"select {REIMBURSEMENT}, value from marts.{row['statistic']} where geo_level = 'country'"
                    f" and {unmasked.totals(row['statistic'], REIMBURSEMENT, *split)}"
                    f" and reference_year = {row['reference_year']}{of_type}"
                ).fetchall()
            )
            expected = value["yes"] / value["no"] if value["yes"] is not None and value["no"] else None
            assert not differs(row["reimbursement_ratio"], expected), row
            ratios += expected is not None
    assert ratios > 5


def test_phi_is_that_of_the_persons_and_deliveries(unmasked):
    """The sum of the squares of what each had, divided by the sum."""
    with duckdb.connect(str(unmasked.warehouse), read_only=True) as connection:
        published = {
            (row["reference_year"], row["variable"], row[TYPE]): row["phi"] for row in rows_of(connection, "dispersion")
        }
        had = defaultdict(list)
        persons = "inner join intermediate.int_beneficiary using (reference_year, person_id)"
        for variable in ("imag_rad_n", "imag_ct_n"):
            for year, number in connection.execute(
                f"select reference_year, {variable} from intermediate.int_imaging_use {persons} where {variable} > 0"
            ).fetchall():
                had[year, variable.upper(), "total"].append(number)
        for year, act, number in connection.execute(
            f"select reference_year, {TYPE}, acts from intermediate.int_prenatal_act {persons}"
        ).fetchall():
            had[year, "prenatal_acts", act].append(number)
        compared = 0
        for key, numbers in had.items():
            if published.get(key) is not None:
                assert not differs(published[key], sum(n * n for n in numbers) / sum(numbers)), key
                compared += 1
    assert compared > 5


def test_every_limit_in_a_row_follows_from_the_row_and_the_dispersion(masked):
    with duckdb.connect(str(masked.warehouse), read_only=True) as connection:
        declared = connection.execute(
            "select distinct code, measure, variable from reference.statistic order by code"
        ).fetchall()
        phi = {(r["reference_year"], r["variable"], r[TYPE]): r["phi"] for r in rows_of(connection, "dispersion")}
        compared = 0
        for code, measure, variable in declared:
            rows = rows_of(connection, code, "marts")
            filters = set(comparison.filters_of(connection, "marts", code)) - {TYPE}
            per = PER.get(measure, 1)
            means = {
                (row["reference_year"], row.get(TYPE, "total")): None if row["value"] is None else row["value"] / per
                for row in rows
                if row["geo_level"] == "country" and all(row[name] == "total" for name in filters)
            }
            for row in rows:
                if row["status"] != "published":
                    assert row["lower_95"] is None and row["upper_95"] is None, (code, row)
                    continue
                act = row.get(TYPE, "total")
                expected = comparison.row_limits(
                    measure,
                    row["numerator"],
                    row["denominator"],
                    per,
                    phi.get((row["reference_year"], variable, act)),
                    means.get((row["reference_year"], act)),
                )
                different = [
                    differs(row[side], limit) for side, limit in zip(("lower_95", "upper_95"), expected, strict=True)
                ]
                assert not any(different), (code, row, expected)
                compared += 1
    assert compared > 10_000


def test_tables_that_compare_areas_read_published_tables_seeds_and_dispersion_alone(masked):
    """Safety by construction, read from dbt's manifest: what a reader can compute from the release says nothing more about a suppressed cell."""
    nodes = json.loads((masked.output / "target" / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    published = {key for key, node in nodes.items() if node.get("access") == "public" and node["schema"] == "marts"}
    parents, waiting = set(), ["model.health_atlas.standardised_rate", "model.health_atlas.variation"]
    while waiting:
        for parent in nodes[waiting.pop()]["depends_on"]["nodes"]:
            if parent in published or parent in parents or nodes[parent]["resource_type"] == "seed":
                continue
            parents.add(parent)
            if not parent.endswith((".dispersion", ".load_plan")):  # the plan says which years, never a number
                waiting.append(parent)
    assert parents <= {
        f"model.health_atlas.{name}"
        for name in (
            "published_stratum",
            "dispersion",
            "load_plan",
            "indirect_standardisation",
            "direct_standardisation",
            "standardised_rate",
        )
    }
    assert "model.health_atlas.dispersion" in parents
