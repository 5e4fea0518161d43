"""Small cells: nothing that is suppressed can be recovered from what is published, and the attack that says so would notice."""

import adversarial
import attacker
import duckdb
import pytest
from conftest import ATTACKED_YEAR, YEARS
from dbt_runs import WITHOUT_TESTS, run_dbt
from oracle import AGE

THRESHOLD = 5


def read_system(atlas, years=(ATTACKED_YEAR,)):
    """What the attacker knows of a build: its published tables and the public geography."""
    with duckdb.connect(str(atlas.warehouse), read_only=True) as connection:
        return attacker.read_system(connection, "marts", "reference", years)


def add_comparisons(system, atlas, years=(ATTACKED_YEAR,)):
    """Adds what the standardised values and the variation say. Returns how many statements hold no suppressed number."""
    with duckdb.connect(str(atlas.warehouse), read_only=True) as connection:
        weights = dict(connection.execute(f"select {AGE}, persons from seed.standard_population").fetchall())
        return attacker.add_comparisons(
            system, connection, {"esp_2013": weights}, "marts", "comparison", "reference", years
        )


def table_names(atlas):
    """The published tables."""
    return [row[0] for row in atlas.query("select distinct code from reference.statistic order by code")]


def test_no_suppressed_number_can_be_narrowed(masked, unmasked):
    system = read_system(masked)
    assert attacker.attack_remainders(system, read_system(unmasked), THRESHOLD) > 100
    assert add_comparisons(system, masked) > 30
    assert len(system.weighted) > 5  # statements about suppressed denominators, which are pooled
    fallen, attacked = attacker.attack(system, THRESHOLD)
    assert attacked == len(system.unknown) > 1000
    assert not fallen, f"{len(fallen)} of {attacked} suppressed numbers fall, first {fallen[:5]}"


def test_statements_of_the_tables_that_compare_areas_hold(unmasked):
    """Expected events, direct values and ratios by increased reimbursement: a wrong one raises an error."""
    assert add_comparisons(read_system(unmasked), unmasked) > 1000
    year = ATTACKED_YEAR
    ratios = f"select count(reimbursement_ratio) from comparison.variation where reference_year = {year}"
    assert unmasked.query(ratios)[0][0] > 1


def test_a_direct_value_over_suppressed_ages_is_found(masked):
    """The control: the attack sees that a directly standardised value gives two ages away, if they were suppressed."""
    years = ", ".join(map(str, YEARS))
    of_ages = masked.totals("cube_013_013", AGE)
    unit = masked.query(
        f"""select reference_year, geo_level, geo_code from marts.cube_013_013 where {of_ages}
        and geo_level in ('country', 'region', 'province', 'arrondissement') and reference_year in ({years})
        group by all having count(nullif(denominator, 0)) = count(*) and count(*) = count(numerator) and sum(numerator) > {10 * THRESHOLD} order by all"""
    )[0]
    where = of_ages + " and reference_year = {} and geo_level = '{}' and geo_code = '{}'".format(*unit)
    rows = masked.query(f"select {AGE}, numerator, denominator from marts.cube_013_013 where {where}")
    events, persons = ({row[0]: row[number] for row in rows} for number in (1, 2))
    ages = sorted(events.keys() - {"total"}, key=lambda age: (events[age], age))
    hidden = ages[-2:]
    system = attacker.System(sums=[(("total",), [(age,) for age in ages], False)])
    for age, number in events.items():
        system.state((age,), None if age in hidden else number)
    assert attacker.attack(system, THRESHOLD)[0] == []
    weighted = [((age,), 1000 / persons[age]) for age in ages]
    system.weighted.append((weighted, sum(weight * events[age] for (age,), weight in weighted)))
    fallen, _ = attacker.attack(system, THRESHOLD)
    assert {(*cell.cell, round(cell.low), round(cell.high)) for cell in fallen} == {
        (age, events[age], events[age]) for age in hidden
    }


def test_attack_subtracts_the_parts_of_a_unit_from_it():
    """A municipality of 42 with sectors of 30 and 9: three without a known sector, unless a sector is suppressed."""
    units = (("municipality", "m", 42), ("statistical_sector", "a", 30), ("statistical_sector", "b", 9))

    def municipality(*suppressed):
        cells = {("patients", 2023, *unit): value for *unit, value in units}
        system = attacker.System()
        for cell, value in cells.items():
            system.state(cell, None if cell[3] in suppressed else value)
        (total, *parts) = cells
        system.sums.append((total, parts, True))
        return system

    system = municipality()
    assert attacker.attack(system, THRESHOLD) == ([], 0)
    assert attacker.attack_remainders(system, municipality(), THRESHOLD) == 1
    ((fallen,), attacked) = attacker.attack(system, THRESHOLD)
    assert (attacked, fallen.cell[3], round(fallen.low), round(fallen.high)) == (1, "remainder of m", 3, 3)
    system = municipality("b")
    attacker.attack_remainders(system, municipality(), THRESHOLD)
    assert attacker.attack(system, THRESHOLD) == ([], 2)
    assert attacker.attack_remainders(municipality(), municipality(), 3) == 0


def test_without_secondary_suppression_many_fall(primary_only):
    # the cells on the shortest lines of each part of the system: enough to see that they fall, and every one of them needs programs of its own
    fallen, attacked = attacker.attack(read_system(primary_only), THRESHOLD, tries=2, limit=60)
    exact = [cell for cell in fallen if cell.high - cell.low < 0.5]
    assert len(fallen) > 100, f"{len(fallen)} of {attacked}"
    assert len(exact) > 50, f"{len(exact)} of {attacked}"


def test_attack_finds_the_cell_that_two_suppressed_cells_a_line_do_not_protect():
    # two rectangles and one cell between them: rows 1 and 2 less columns 1 and 2 is that cell
    rows, columns = ("r1", "r2", "r3", "r4"), ("c1", "c2", "c3", "c4")
    values = {(row, column): 10 + 3 * i + 7 * j for i, row in enumerate(rows) for j, column in enumerate(columns)}
    hidden = {(row, column) for row in rows[:2] for column in columns[:2]} | {
        (row, column) for row in rows[2:] for column in columns[2:]
    }
    bridge = ("r1", "c3")
    for line in rows:
        assert sum(row == line for row, _ in hidden | {bridge}) >= 2
    for line in columns:
        assert sum(column == line for _, column in hidden | {bridge}) >= 2
    fallen, attacked = attacker.attack(attacker.table_system(rows, columns, hidden | {bridge}, values), THRESHOLD)
    assert attacked == 9
    assert [(cell.cell[2:], round(cell.low), round(cell.high)) for cell in fallen] == [
        (bridge, values[bridge], values[bridge])
    ]


def test_attack_uses_that_counts_are_not_negative():
    # one rectangle with two small corners: nothing is determined, but no corner can move by 5
    rows, columns = ("r1", "r2"), ("c1", "c2")
    values = {("r1", "c1"): 1, ("r1", "c2"): 9, ("r2", "c1"): 8, ("r2", "c2"): 2}
    small = attacker.attack(attacker.table_system(rows, columns, set(values), values), 12)[0]
    assert len(small) == 4
    assert attacker.attack(attacker.table_system(rows, columns, set(values), values), THRESHOLD)[0] == []


def test_threshold_0_hides_nothing(unmasked):
    for name in table_names(unmasked):
        assert unmasked.query(f"select count(*) from marts.{name} where status = 'small_cell'") == [(0,)], name


def test_published_numbers_are_the_unmasked_ones(masked, unmasked):
    for name in table_names(masked):
        open_rows = set(unmasked.table(name))
        published = [row for row in masked.table(name) if row[-1] != "small_cell"]
        assert published and set(published) <= open_rows, name
        hidden = masked.query(
            f"select count(*) from marts.{name} where status = 'small_cell' and (numerator is not null or value is not null)"
        )
        assert hidden == [(0,)], name


@pytest.mark.warehouse
def test_a_source_whose_every_cell_is_small_is_hidden_whole(tmp_path):
    source = adversarial.write_source(tmp_path / "source", 3, persons=12, years=(2022,), hive=True)
    arguments = (*WITHOUT_TESTS, "--exclude", "published_stratum+")
    atlas = run_dbt(source, tmp_path / "out", *arguments, variables={"small_cell_threshold": 100})
    assert atlas.ok, atlas.log[-3000:]
    for name in table_names(atlas):
        assert atlas.query(f"select count(*) from marts.{name} where status = 'published' and numerator > 0") == [
            (0,)
        ], name
    system = read_system(atlas, (2022,))
    fallen, attacked = attacker.attack(system, 5)
    assert attacked == len(system.unknown) > 0
    assert not fallen
