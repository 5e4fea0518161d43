"""Totals of three years: what they are, and that the years and windows together give nothing suppressed away."""

import shutil

import attacker
import duckdb
import pytest
from conftest import YEARS
from dbt_runs import run_dbt
from oracle import TYPE
from test_attacker import THRESHOLD

WINDOW = (YEARS[0], YEARS[-1])
UNIT = "geo_level, geo_code"


def read_system(atlas):
    """What the attacker knows of deliveries: three years and their totals."""
    with duckdb.connect(str(atlas.warehouse), read_only=True) as connection:
        return attacker.read_system(connection, "marts", "reference", YEARS, "perinatal")


def test_windows_are_the_sums_of_their_years(unmasked):
    assert unmasked.query("select distinct first_year, last_year from three_year.three_year_window") == [WINDOW]
    for code, per in (("cube_007_001a_denom", None), ("cube_007_005a", 1), ("cube_007_006a", 100)):
        summed = unmasked.query(
            f"select {UNIT}, sum(numerator)::bigint, sum(denominator)::bigint from marts.{code} where {unmasked.totals(code)} group by all order by all"
        )
        windows = unmasked.query(
            f"select {UNIT}, numerator, denominator, value, status from three_year.three_year_window where statistic = '{code}' order by all"
        )
        # an average without deliveries is not applicable: its number of acts is 0 in the window, and in the cube
        assert [row[:4] for row in windows] == summed
        assert len(windows) > 600
        for *_, count, whole, value, status in windows:
            expected = float(count) if per is None else count * per / whole if whole else None
            assert value == pytest.approx(expected) if expected is not None else (value, status) == (None, "empty")


def test_a_series_that_lacks_a_year_has_no_window(unmasked, tmp_path):
    """The SQL of the model, as dbt compiled it, reads a copy of the warehouse."""
    (model,) = (unmasked.output / "target" / "compiled").rglob("three_year_cell.sql")
    series = f"select distinct series from ({model.read_text(encoding='utf-8')}) where is_window"
    with duckdb.connect(str(shutil.copy(unmasked.warehouse, tmp_path))) as connection:
        whole = set(connection.execute(series).fetchall())
        connection.execute(
            f"delete from intermediate.publishable_cell where series = 'no_postnatal_midwife' and reference_year = {YEARS[-1]}"
        )
        assert whole - set(connection.execute(series).fetchall()) == {("no_postnatal_midwife",)}


def test_limits_of_a_mean_are_those_of_three_years_of_women(unmasked, tmp_path):
    """Poisson limits by Byar, scaled by the dispersion: phi of the years weighted by their acts, less the mean of the window."""
    shutil.copy(unmasked.warehouse, tmp_path)
    arguments = ("run", "--select", "path:models/load", "dispersion", "three_year_window")
    # the small source has too few women for a published phi
    variables = {"small_cell_threshold": 0, "least_persons_of_dispersion": 1}
    atlas = run_dbt(unmasked.source, tmp_path, *arguments, variables=variables)
    assert atlas.ok, atlas.log[-3000:]
    phi, mean = atlas.query(
        f"""select sum(phi * numerator) / sum(numerator), sum(numerator) / sum(denominator)
        from comparison.dispersion inner join marts.cube_007_005a using (reference_year, {TYPE})
        where variable = 'prenatal_acts' and geo_level = 'country' and {atlas.totals("cube_007_005a")}"""
    )[0]
    count, whole, lower, upper = atlas.query(
        "select numerator, denominator, lower_95, upper_95 from three_year.three_year_window where statistic = 'cube_007_005a' and geo_level = 'country'"
    )[0]
    z, spread = 1.959963984540054, max(phi - mean, 0) ** 0.5
    below = count * (1 - 1 / (9 * count) - z / (3 * count**0.5)) ** 3
    above = (count + 1) * (1 - 1 / (9 * (count + 1)) + z / (3 * (count + 1) ** 0.5)) ** 3
    assert lower == pytest.approx((count + spread * (below - count)) / whole)
    assert upper == pytest.approx((count + spread * (above - count)) / whole)


def test_no_suppressed_number_can_be_narrowed_by_years_and_windows(masked, unmasked):
    system = read_system(masked)
    windows = [cell for cell in system.known.keys() | system.hidden if cell[1] not in YEARS]
    suppressed = set(system.unknown)
    assert 100 < sum(cell in suppressed for cell in windows) < len(windows) - 10
    assert attacker.attack_remainders(system, read_system(unmasked), THRESHOLD) > 10
    fallen, attacked = attacker.attack(system, THRESHOLD)
    assert attacked == len(system.unknown) > 1000
    assert not fallen, f"{len(fallen)} of {attacked} suppressed numbers fall, first {fallen[:5]}"
