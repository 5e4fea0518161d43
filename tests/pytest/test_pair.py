"""Two releases beside each other: what falls, what the new one suppresses against it, and what the last one gave away."""

from __future__ import annotations

import dataclasses
import random
from types import SimpleNamespace

import attacker
import duckdb
import numpy
import pair_fixture
import pytest
from pair_fixture import AGES, FILTER, MERGED, PATIENTS

from atlas.pair import geography, programs, remedy, step, system
from atlas.pair.bounds import propagate
from atlas.pair.cells import Source, Statistic
from atlas.pair.links import Cells, unchanged


def square(rows: tuple[str, ...], columns: tuple[str, ...]) -> set[tuple[str, str]]:
    """Returns the cells of some municipalities by some ages."""
    return {(row, column) for row in rows for column in columns}


LAST = square(("44012", "44048"), AGES[:2])  # protects 3 patients of 44012
OTHER = square(("44012", "44081"), AGES[:2])  # protects them too


def cells(found: list[step.Cell]) -> set[tuple[str, str]]:
    return {(cell.code, cell.filters[FILTER]) for cell in found}


@pytest.fixture
def connection():
    with duckdb.connect() as connection:
        yield connection


def pair(
    connection,
    last: set,
    new: set,
    *,
    last_patients=None,
    new_patients=None,
    vintages=(2019, 2019),
    family="imaging",
    **more,
):
    """Returns the finding on two releases that suppress these cells."""
    for schema in ("last_release", "new"):
        connection.execute(f"drop schema if exists {schema} cascade")
    pair_fixture.release(connection, "last_release", last, patients=last_patients, vintage=vintages[0], family=family)
    pair_fixture.release(connection, "new", new, patients=new_patients, vintage=vintages[1], family=family)
    return pair_fixture.attack(connection, vintages=vintages, **more)


def solve(connection) -> system.System:
    """Returns the system of the pair that was attacked last."""
    tables = ("statistic", "geographic_unit", "cube_x", "stat_x")
    sources = tuple(
        Source({name: f"{schema}.{name}" for name in tables}, 2019, 5) for schema in ("last_release", "new")
    )
    rows = system.Rows("pair_row", [FILTER])
    return step.solve(connection, sources, sources[1].statistics(connection), geography.Geography(set(), []), rows)


def test_equal_releases_are_not_attacked(connection):
    assert pair(connection, LAST, LAST).years == []


def test_another_method_gives_a_cell_away_and_suppressing_what_the_last_release_did_protects_it(connection):
    found = pair(connection, LAST, OTHER)
    assert (found.years, found.attacked) == ([pair_fixture.YEAR], 4)
    assert found.fallen == 2 and found.repeated == 2  # 44012 is exact; 44081 was published before
    assert cells(found.withheld) == square(("44048",), AGES[:2]) and found.given == []
    assert not any(cell.hides_denominator for cell in found.withheld)
    after = pair(connection, LAST, OTHER | cells(found.withheld))
    assert (after.fallen, after.withheld, after.given) == (0, [], [])


def test_a_lower_threshold_shows_more_and_must_not_show_what_it_suppresses(connection):
    larger = square(("44012", "44048", "44081"), AGES[:2])
    found = pair(connection, larger, OTHER, thresholds=(10, 5))
    assert (found.fallen, found.withheld, found.given) == (0, [], [])  # 44081 is in no release: OTHER protects itself
    smaller = square(("44012", "44021"), AGES[:2])
    found = pair(connection, larger, smaller, thresholds=(10, 5))
    assert found.fallen == 2 and found.given == []
    assert cells(found.withheld) <= square(("44048", "44081"), AGES[:2])
    assert pair(connection, larger, smaller | cells(found.withheld), thresholds=(10, 5)).fallen == 0


def test_a_higher_threshold_cannot_take_back_what_was_published(connection):
    larger = square(("44012", "44048", "44081"), AGES[:2])
    found = pair(connection, LAST, larger, thresholds=(5, 10))
    assert {table for table, _ in found.given} == {"cube_x"}
    assert cells([cell for _, cell in found.given]) >= {("44081", "0-9")}  # 9 patients, published by the last release
    with pytest.raises(step.ConsentError) as stop:
        raise step.ConsentError(step.message(found))
    assert stop.value.exit_code == 77
    assert "cube_x, 2020, municipality: " in str(stop.value) and "44081 0-9" in str(stop.value)


def test_a_long_list_of_what_the_last_release_gave_away_is_cut_on_the_screen():
    """Every municipality of twenty years: the file has them all."""
    last = SimpleNamespace(version="2025-1")
    given = [("cube_x", step.Cell(2000 + i // 9, "A", "municipality", f"{i:05}", {})) for i in range(180)]
    lines = step.message(step.Finding(last, given=given)).splitlines()
    assert lines[0].endswith("also if it suppressed more:") and "gives away 180 cells" in lines[0]
    assert lines[1] == "  cube_x, 2000, municipality: 00000, 00001, 00002, 00003, 00004 and 4 more"
    assert lines[step.NAMED_GROUPS + 1] == "  and 72 cells in 8 more groups of a table, year and level"
    assert len(lines) == step.NAMED_GROUPS + 3


def test_a_merged_municipality_gives_a_part_away(connection):
    """44012 is the municipality of which it is a part since 2025, less 44048."""
    found = pair(connection, OTHER, set(), vintages=(2019, 2025))
    assert found.fallen == 2 and found.given == []
    assert ("44086", "0-9") in cells(found.withheld)
    after = pair(connection, OTHER, cells(found.withheld), vintages=(2019, 2025))
    assert (after.fallen, after.withheld, after.given) == (0, [], [])


def test_a_later_release_of_the_older_vintage_gives_a_whole_or_a_part_away(connection):
    merged = {(MERGED.get(code, code), age) for code, age in OTHER}
    whole = pair(connection, merged, set(), vintages=(2025, 2019))
    assert whole.fallen == 2 and cells(whole.withheld) & square(("44012", "44048"), AGES[:2])
    part = pair(connection, set(), OTHER, vintages=(2025, 2019))
    assert part.fallen == 2 and cells(part.withheld) == square(("44048",), AGES[:2])


def changed(code: str, age: int, by: int) -> dict:
    """Returns the patients of a corrected year."""
    arrondissement, counts = PATIENTS[code]
    return {**PATIENTS, code: (arrondissement, tuple(c + by * (i == age) for i, c in enumerate(counts)))}


def test_a_corrected_year_links_what_shows_no_change(connection):
    far = pair(connection, LAST, OTHER, new_patients=changed("45035", 0, 1))  # in another arrondissement
    assert far.fallen == 2 and cells(far.withheld) == square(("44048",), AGES[:2])
    # 44048 changed, its age 10-19 shows that it did not: 44012 follows for that age alone
    near = pair(connection, LAST, OTHER, new_patients=changed("44048", 0, 1))
    assert cells(near.withheld) == square(("44048",), AGES[:2]) and near.given == []


def test_two_changes_that_cancel_each_other_out_are_no_contradiction(connection):
    """Sums show no change, and two numbers are taken for one until they contradict."""
    arrondissement, counts = PATIENTS["44012"]
    swapped = {**changed("44048", 0, -1), "44012": (arrondissement, (counts[0] + 1, *counts[1:]))}
    found = pair(connection, LAST, OTHER, new_patients=swapped)
    assert (found.fallen, found.withheld, found.given) == (0, [], [])
    tables = ("statistic", "geographic_unit", "cube_x", "stat_x")
    sources = tuple(
        Source({name: f"{schema}.{name}" for name in tables}, 2019, 5) for schema in ("last_release", "new")
    )
    rows = system.Rows("pair_row", [FILTER])
    solved = step.solve(connection, sources, sources[1].statistics(connection), geography.Geography(set(), []), rows)
    assert not propagate(solved, remedy.known(solved, solved.cells.in_new & False)).contradicts.any()


def test_a_list_within_a_list_and_hospitals_within_the_country_are_limits(connection):
    """A CT scan is an examination of a radiologist: its patients are at most those of the wider list, its examinations too."""
    connection.execute(
        "create table statistic_code as select * from (values ('ct', '1'), ('rad', '1'), ('rad', '2'), ('dent', '3'), ('ct_v', '1'), ('rad_v', '1'), "
        "('rad_v', '2'), ('caesarean', '1')) as t (code, nomenclature_code)"
    )
    made = [
        Statistic(code, name, "beneficiaries", (), True, True)
        for code, name in (("ct", "CT"), ("rad", "RAD"), ("dent", "DENT"))
    ]
    made += [Statistic(f"{s.code}_v", f"{s.numerator} volume", "beneficiaries", (), False, True) for s in made]
    made.append(Statistic("caesarean", "caesareans", "deliveries", (), True, False))
    source = Source({"statistic_code": "statistic_code"}, 2025, 5)
    assert source.nested(connection, made) == {("CT", "RAD"), ("CT volume", "RAD volume")}
    columns = "quantity, id, 'country' as geo_level, '01000' as geo_code, true as in_last, true as in_new"
    connection.execute(
        f"create table pair_row as select {columns} from (values ('hospital_deliveries', 0), ('deliveries', 1)) as t (quantity, id)"
    )
    births = [Statistic("births", "hospital_deliveries", None, (), False, False)]
    sources = (Source({}, 2025, 5), Source({}, 2025, 5))
    found = system._limits(connection, sources, births, system.Rows("pair_row", []), numpy.array([[0, 1], [0, 1]]))
    assert [values.tolist() for values in found] == [[0], [1]]


def test_a_list_within_a_list_is_a_limit_in_the_release_whose_lists_say_so_alone(connection):
    """Not where the performer decides, who may be no radiologist: a limit that does not hold would hide what falls."""
    for schema, code_of_ct in (("last_release", "1"), ("new", "3")):
        connection.execute(
            f"create schema {schema}; create table {schema}.statistic_code as select * from "
            f"(values ('ct', '{code_of_ct}'), ('rad', '1'), ('rad', '2')) as t (code, nomenclature_code)"
        )
    columns = "quantity, id, 'country' as geo_level, '01000' as geo_code, true as in_last, true as in_new"
    connection.execute(
        f"create table pair_row as select {columns} from (values ('CT', 0), ('RAD', 1)) as t (quantity, id)"
    )
    made = [Statistic(code, code.upper(), "beneficiaries", (), False, True) for code in ("ct", "rad")]
    variable = numpy.array([[0, 1], [2, 3]])
    for performers, expected in (
        (("article", "article"), [[0], [1]]),  # in the last release; in the new one, CT is no part of the list
        (("qualification", "article"), [[], []]),
    ):
        sources = tuple(
            Source({"statistic_code": f"{schema}.statistic_code"}, 2025, 5, performer)
            for schema, performer in zip(("last_release", "new"), performers, strict=True)
        )
        found = system._limits(connection, sources, made, system.Rows("pair_row", []), variable)
        assert [values.tolist() for values in found] == expected


def test_what_is_suppressed_with_a_denominator(connection):
    pair(connection, LAST, OTHER)
    ids = dict(
        connection.execute(
            f"select quantity, id from pair_row where geo_code = '44021' and {FILTER} = '0-9'"
        ).fetchall()
    )
    solved = solve(connection)
    attack, chosen = remedy.Attack(solved, (5, 5)), solved.cells.in_new & False
    chosen[ids["beneficiaries"]] = True
    attack._hide(chosen)
    assert attack.hidden.nonzero()[0].tolist() == sorted(ids.values())


def test_what_is_one_quantity_in_a_corrected_year():
    """Rows: a total that changed, its parts 1 and 2; a total that did not, its parts 4, 5 and 6, of which 5 changed; 7, 8, 9: parts of 4, 5, 6; 9 changed."""
    none = numpy.nan
    before = numpy.array([10, 4, none, 20, none, 7, 8, none, none, 1])
    now = numpy.array([11, 4, none, 20, none, 8, none, 3, 2, 2])
    there = numpy.ones(10, bool)
    parents, children = numpy.array([0, 0, 3, 3, 3, 4, 5, 6]), numpy.array([1, 2, 4, 5, 6, 7, 8, 9])
    one = unchanged(Cells(before, now, there, there), parents, children)
    assert one.nonzero()[0].tolist() == [1, 3, 4, 7]
    assert unchanged(Cells(now, now, there, there), parents, children).all()


def test_bounds_follow_from_sums_and_limits():
    """10 = a + b; c <= a; 8 = c + d + persons without an address; e >= a."""
    none = numpy.nan
    known = numpy.array([10, none, none, none, none, 8, none])
    total, a, b, c, d, other, e = range(7)
    relations = system.System(
        cells=None,
        variable=numpy.array([range(7), range(7)]),
        relation=numpy.array([0, 0, 0, 1, 1, 1]),
        term=numpy.array([total, a, b, other, c, d]),
        sign=numpy.array([-1.0, 1, 1, -1, 1, 1]),
        has_rest=numpy.array([False, True]),
        smaller=numpy.array([c, a]),
        larger=numpy.array([a, e]),
        follows=None,
        persons=None,
    )
    bounds = propagate(relations, known)
    assert bounds.high[[a, b, c, d]].tolist() == [10, 10, 8, 8] and bounds.low[[a, b, c, d, e]].tolist() == [0] * 5
    known[[c, b]] = [6, 3]
    bounds = propagate(relations, known)
    assert (bounds.low[a], bounds.high[a], bounds.low[e]) == (7, 7, 7)
    assert (bounds.low[d], bounds.high[d]) == (0, 2)  # the rest may be without an address
    known[b] = 5
    assert propagate(relations, known).contradicts.any()


def test_units_of_two_vintages_add_up(connection):
    for schema, vintage in (("last_release", 2019), ("new", 2025)):
        pair_fixture.release(connection, schema, set(), vintage=vintage)
    last, new = (
        Source({"geographic_unit": f"{schema}.geographic_unit"}, vintage, 5)
        for schema, vintage in (("last_release", 2019), ("new", 2025))
    )
    found = geography.compare(connection, last, new)
    parts = [(0, "municipality", "44012"), (0, "municipality", "44048")]
    assert found.different == {("municipality", code) for code in ("44012", "44048", "44086")}
    assert found.sums == [geography.CrossSum([(1, "municipality", "44086")], parts)]
    connection.execute("update new.geographic_unit set parent_code = '45000' where geo_code = '44086'")
    moved = geography.compare(connection, last, new)
    assert geography.CrossSum([(1, "arrondissement", "45000")], [(0, "arrondissement", "45000"), *parts]) in moved.sums
    assert geography.CrossSum([(1, "arrondissement", "44000"), *parts], [(0, "arrondissement", "44000")]) in moved.sums


@pytest.mark.parametrize("family", ["imaging", "perinatal"])
def test_a_merged_municipality_whose_parts_were_published_is_no_small_group(connection, family):
    merged = {(MERGED.get(code, code), age) for code, age in OTHER}
    found = pair(connection, set(), merged, vintages=(2019, 2025), family=family)
    assert (found.fallen, found.withheld, found.given, found.repeated) == (0, [], [], 4)


def test_a_denominator_that_is_shown_for_the_first_time_is_suppressed_with_its_numerator(connection):
    """3 patients of 4 persons: the last release suppressed both, the new one shows the persons."""
    for schema in ("last_release", "new"):
        pair_fixture.release(connection, schema, OTHER, few={("44012", "0-9"): 4})
    for code, age in OTHER:
        connection.execute(
            f"update last_release.cube_x set denominator = null where geo_code = ? and {FILTER} = ?", [code, age]
        )
    found = pair_fixture.attack(connection)
    assert found.fallen and ("44012", "0-9") in cells(found.withheld)
    assert all(cell.hides_denominator for cell in found.withheld)


def test_a_withheld_denominator_withholds_its_numerators(connection):
    pair(connection, LAST, OTHER)
    for schema, hidden in (("last_release", LAST), ("new", OTHER)):
        for code, age in hidden:
            connection.execute(
                f"update {schema}.cube_x set denominator = null where geo_code = ? and {FILTER} = ?", [code, age]
            )
    found = pair_fixture.attack(connection)
    assert cells(found.withheld) == square(("44048",), AGES[:2]) and all(
        cell.hides_denominator for cell in found.withheld
    )


IN_ONE_YEAR = square(("44012", "44048"), (AGES[0], "total"))  # the first of three years


def windows(connection, last: set[str] | None, new: set[str], *, hidden=IN_ONE_YEAR, **more) -> step.Finding:
    """Returns the finding on two releases of three years whose windows are suppressed for these codes."""
    for schema, codes, cells in (("last_release", last, IN_ONE_YEAR), ("new", new, hidden)):
        connection.execute(f"drop schema if exists {schema} cascade")
        pair_fixture.release(connection, schema, cells, family="perinatal", windows=codes)
    return pair_fixture.attack(connection, **more)


def test_a_window_that_the_last_release_suppressed_gives_a_year_away_and_is_withheld(connection):
    both = {"44012", "44048"}
    assert windows(connection, both, both).attacked == 0
    found = windows(connection, both, set())
    assert found.years == [] and found.fallen > 0 and found.given == []
    withheld = {(cell.year, cell.series, cell.code) for cell in found.withheld}
    assert withheld == {(pair_fixture.YEAR, "three_year_IMAG_X_N", code) for code in both}
    assert windows(connection, both, both, hidden=IN_ONE_YEAR).withheld == []
    one = windows(connection, both, {"44048"})
    assert {(cell.series, cell.code) for cell in one.withheld} == {("three_year_IMAG_X_N", "44012")}


def test_a_window_of_the_last_release_that_gives_a_year_away_needs_consent(connection):
    found = windows(connection, set(), {"44012", "44048"})
    named = {(table, cell.year, cell.code) for table, cell in found.given}
    assert named == {("cube_x", pair_fixture.YEAR, code) for code in ("44012", "44048")} and found.withheld == []
    assert "cube_x, 2020, municipality: 44012" in step.message(found)


def test_a_window_of_statistics_that_the_last_release_lacks_is_not_attacked(connection):
    """The last release has one table of the year, which changed, and it has no part in the window."""
    windows(connection, None, {"44048"})
    connection.execute("drop table last_release.cube_x; delete from last_release.statistic where code = 'cube_x'")
    connection.execute("update last_release.stat_x set numerator = numerator + 1 where geo_code = '01000'")
    found = pair_fixture.attack(connection)
    assert pair_fixture.YEAR in found.years and found.withheld == found.given == []


def test_threshold_0_suppresses_nothing(connection):
    assert pair(connection, LAST, set(), thresholds=(5, 0)).years == []


def three_sums(stated: dict[str, tuple[float, float]]) -> system.System:
    """Returns three suppressed numbers of which each two have a sum: x + y = 9, y + z = 9, x + z = 8. stated: sum -> what
    the last release and the new one say of it, NaN for nothing.
    """
    before, now = numpy.array([(numpy.nan,) * 2] * 3 + [stated[name] for name in ("xy", "yz", "xz")]).T
    everywhere, none = numpy.ones(6, bool), numpy.array([], int)
    return system.System(
        cells=Cells(before, now, everywhere, everywhere),
        variable=numpy.stack([numpy.arange(6)] * 2),
        relation=numpy.repeat(numpy.arange(3), 3),
        term=numpy.array([0, 1, 3, 1, 2, 4, 0, 2, 5]),
        sign=numpy.array([1.0, 1.0, -1.0] * 3),
        has_rest=numpy.zeros(3, bool),
        smaller=none,
        larger=none,
        follows=(none, none),
        persons=numpy.zeros(6, bool),
    )


def test_linear_programs_find_what_bounds_do_not():
    """Two of the three sums leave 10 values of each number; all three leave one, which no relation alone says."""
    both = {"xy": (9, 9), "yz": (9, 9), "xz": (numpy.nan, 8)}
    found = three_sums(both)
    values = numpy.array([numpy.nan] * 3 + [9, 9, 8])
    assert (propagate(found, values).width[:3] >= 5).all()
    outcome = remedy.Attack(three_sums({**both, "xy": (9, numpy.nan)}), (5, 5)).run()
    assert outcome.fallen.nonzero()[0].tolist() == [0, 1, 2]  # the last release says xy, the new one xz
    assert outcome.withheld.nonzero()[0].tolist() == [5] and not outcome.given.any()
    alone = remedy.Attack(three_sums({**both, "xz": (8, numpy.nan)}), (5, 5)).run()
    # the last release says all that the new one says: its own suppression answers for it, and is not examined again
    assert not alone.fallen.any() and not alone.withheld.any()


def test_what_is_open_without_windows_is_examined_with_them():
    """A window gives u away by bounds, another one x, y, z and p by programs alone. The first falls first; that the others are open without the windows, when u is
    examined without them, says nothing of them.
    """
    sums = three_sums({"xy": (9, numpy.nan), "yz": (9, 9), "xz": (numpy.nan, 8)})
    # u + 10 = 13, a window; x + p = 20, which the new release alone states too
    added = [(numpy.nan, numpy.nan), (10, 10), (numpy.nan, 13), (numpy.nan, numpy.nan), (numpy.nan, 20)]
    stated = [
        numpy.append(values, more)
        for values, more in zip((sums.cells.before, sums.cells.now), zip(*added, strict=True), strict=True)
    ]
    everywhere = numpy.ones(11, bool)
    both = dataclasses.replace(
        sums,
        cells=Cells(*stated, everywhere, everywhere),
        variable=numpy.stack([numpy.arange(11)] * 2),
        relation=numpy.append(sums.relation, [3, 3, 3, 4, 4, 4]),
        term=numpy.append(sums.term, [6, 7, 8, 0, 9, 10]),
        sign=numpy.append(sums.sign, [1, 1, -1] * 2),
        has_rest=numpy.zeros(5, bool),
        persons=numpy.zeros(11, bool),
    )
    outcome = remedy.Attack(both, (5, 5), numpy.isin(numpy.arange(11), [5, 8])).run()
    assert outcome.fallen.nonzero()[0].tolist() == [0, 1, 2, 6, 9]
    assert outcome.withheld.nonzero()[0].tolist() == [5, 8] and not outcome.given.any()


def test_a_program_that_no_numbers_fit_says_nothing():
    """Where x + y = 9, y + z = 9 and x + z = 19, y would be below 0."""
    found = programs.Programs(three_sums({"xy": (9, 9), "yz": (9, 9), "xz": (19, 19)}))
    values, unknown = numpy.array([numpy.nan] * 3 + [9, 9, 19]), numpy.array([True] * 3 + [False] * 3)
    everything = (numpy.ones(6, bool),) * 2
    assert not found.narrowed(values, unknown, numpy.full(6, 5), everything).any()
    values[5] = 8
    assert found.narrowed(values, unknown, numpy.full(6, 5), everything).tolist() == unknown.tolist()


def blocks(draw: random.Random, codes: list[str]) -> set[tuple[str, str]]:
    """Returns some municipalities by two ages, at times with their totals."""
    rows = draw.sample(codes, draw.choice([2, 3]))
    return square(tuple(rows), (*draw.sample(AGES, 2), *(["total"] if draw.random() < 0.3 else [])))


# Seeds with which both releases withstand the attack one by one, and something falls when they are read together.
@pytest.mark.parametrize(
    ("vintages", "seed"), [((2019, 2019), 21), ((2019, 2025), 5), ((2019, 2025), 11), ((2025, 2019), 21)]
)
def test_linear_programs_find_nothing_beside_the_last_release(connection, vintages, seed):
    """Random releases, attacked by attacker.py one by one, and together before and after the remedy."""
    found, both, alone = attacked(connection, vintages, seed)
    assert alone == [[], []] and found.fallen and found.given == []
    # what is certainly no small group is not protected against what the last release published
    assert [cell for cell in both if cell.low < 5] == []


def attacked(connection, vintages, seed):
    """Returns the finding on two random releases, and what linear programs find in both after the remedy and in each before."""
    draw = random.Random(seed)
    patients = {
        code: (parent, tuple(draw.choice([0, 5, 7, 9, 12, 20, 40]) for _ in AGES))
        for code, (parent, _) in PATIENTS.items()
    }
    hidden = [
        blocks(draw, sorted({MERGED.get(c, c) if vintage == 2025 else c for c in PATIENTS})) for vintage in vintages
    ]
    patients = {"last_patients": patients, "new_patients": patients, "vintages": vintages}
    found = pair(connection, *hidden, **patients)
    systems = [attacker.read_system(connection, schema, schema) for schema in ("last_release", "new")]
    alone = [attacker.attack(system, 5, True)[0] for system in systems]
    pair(connection, hidden[0], hidden[1] | cells(found.withheld), **patients)
    systems = [attacker.read_system(connection, schema, schema) for schema in ("last_release", "new")]
    older, newer = systems if vintages[0] <= vintages[1] else systems[::-1]
    merged = {"44086": ["44012", "44048"]} if vintages[0] != vintages[1] else None
    return found, attacker.attack(attacker.pair_system(older, newer, merged), 5, True)[0], alone
