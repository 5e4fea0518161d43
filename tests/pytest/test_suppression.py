"""Secondary suppression on small tables: the attack finds nothing, and the same cells are suppressed however they are given."""

import itertools
from dataclasses import dataclass

import attacker
import duckdb
import numpy
import pytest

from atlas.settings import AtlasError
from atlas.suppression import cells as cells_of_year
from atlas.suppression import protect, step
from atlas.suppression.cells import Cells
from atlas.suppression.series import Series
from atlas.suppression.units import Units

THRESHOLD = 5
YEAR = 2024
SOURCES = 12  # random tables


@dataclass
class Table:
    """Counts before suppression. units: (parent, level, is a remainder); ages, groups: values of two filters. counts: {series: array of unit, age,
    group, totals last}; around: {series: (denominator, container)}.
    """

    units: list[tuple[int, str, bool]]
    ages: int
    groups: int
    counts: dict[str, numpy.ndarray]
    around: dict[str, tuple[str | None, str | None]]

    def rows(self):
        """The cells in a total order: (series, unit, age, group, cases); sectors have totals only."""
        for series, counts in self.counts.items():
            for (unit, age, group), cases in numpy.ndenumerate(counts):
                if self.units[unit][1] != "sector" or (age == self.ages and group == self.groups):
                    yield series, unit, age, group, int(cases)


def random_table(generator) -> Table:
    """A country of two regions and persons of no known address; provinces left out; municipalities, of which the first has sectors."""
    units = [(-1, "country", False), (0, "region", False), (0, "region", False), (0, "region", True)]
    for region in (1, 2):
        units += [(region, "municipality", False)] * int(generator.integers(2, 5))
    units += [(4, "sector", False)] * 4 + [(4, "sector", True)]
    ages, groups = int(generator.integers(2, 5)), int(generator.integers(1, 3))
    counts = {}
    shape = (len(units), ages, groups)
    leaf = numpy.array([unit not in {parent for parent, _, _ in units} for unit in range(len(units))])
    size = generator.choice([4, 15, 60])
    persons = numpy.floor(generator.exponential(size, shape)).astype(int) * leaf[:, None, None]
    patients = generator.binomial(persons, generator.choice([0.01, 0.2, 0.7]))
    scans = generator.binomial(patients, 0.6)
    acts = generator.poisson(2, shape) * (persons > 0)
    for series, values in (("persons", persons), ("patients", patients), ("scans", scans), ("acts", acts)):
        for unit in range(len(units) - 1, 0, -1):
            values[units[unit][0]] += values[unit]
        values = numpy.concatenate([values, values.sum(axis=1, keepdims=True)], axis=1)
        counts[series] = numpy.concatenate([values, values.sum(axis=2, keepdims=True)], axis=2)
    around = {
        "persons": (None, None),
        "patients": ("persons", None),
        "scans": ("persons", "patients"),
        "acts": ("persons", None),
    }
    return Table(units, ages, groups, counts, around)


def literals(rows: list[tuple]) -> str:
    """Rows of numbers, names, truth values and None as SQL: one statement is read in a tenth of the time of one a row."""
    return ", ".join(str(row).replace("None", "null") for row in rows)


def write(table: Table, folder, order=None) -> None:
    """Writes the table as a build does, its rows in some order."""
    ids = {row[:4]: number for number, row in enumerate(table.rows(), start=1)}
    ranks = {"country": 0, "region": 1, "municipality": 2, "sector": 3}
    rows = []
    for series, *place, cases in table.rows():
        around = [ids.get((outer, *place)) if outer else None for outer in table.around[series]]
        names = [
            str(value) if value < size else "total"
            for value, size in zip(place[1:], (table.ages, table.groups), strict=True)
        ]
        rows.append(
            (
                ids[series, *place],
                series,
                place[0] + 1,
                *names,
                cases,
                0 < cases < THRESHOLD,
                *around,
                series != "acts" and around[0] is not None,
            )
        )
    rows = rows if order is None else [rows[place] for place in order]
    units = [
        (n + 1, parent + 1, ranks[level], level == "sector", rest)
        for n, (parent, level, rest) in enumerate(table.units)
    ]
    with duckdb.connect() as connection:
        columns = (
            "cell_id bigint, series text, unit_id bigint, age_filter text, group_filter text, cases bigint, is_small boolean,"
            " denominator_id bigint, container_id bigint, is_bounded boolean"
        )
        connection.execute(f"create table cell ({columns})")
        connection.execute(f"insert into cell values {literals(rows)}")
        connection.execute(f"copy cell to '{folder / cells_of_year.cells_file(YEAR)}'")
        connection.execute(
            "create table unit (unit_id bigint, parent_unit_id bigint, level_rank bigint, is_sector boolean, is_remainder boolean)"
        )
        connection.execute(f"insert into unit values {literals(units)}")
        connection.execute(f"copy unit to '{folder / cells_of_year.UNITS}'")


def system_of(table: Table, suppressed: set[int]) -> attacker.System:
    """What a reader knows: published counts, all sums, and that patients are persons, scans of patients. A remainder is never published; it has to be
    protected when it is small.
    """
    system = attacker.System()
    cells, remainders = {}, set()
    for number, (series, unit, age, group, cases) in enumerate(table.rows(), start=1):
        cell = (series, YEAR, unit, age, group)
        if number in suppressed:
            system.state(cell, None)
        elif table.units[unit][2]:
            remainders.add((series, unit, age, group))
            continue
        else:
            system.state(cell, cases)
        cells[series, unit, age, group] = cell
    for (series, unit, age, group), cell in cells.items():
        children = [child for child, (parent, _, _) in enumerate(table.units) if parent == unit]
        parts = [cells[series, child, age, group] for child in children if (series, child, age, group) in cells]
        if parts:
            has_rest = any((series, child, age, group) in remainders for child in children)
            system.sums.append((cell, parts, has_rest))
        if table.units[unit][1] != "sector" and not table.units[unit][2]:
            if age == table.ages:
                system.sums.append((cell, [cells[series, unit, value, group] for value in range(table.ages)], False))
            if group == table.groups:
                system.sums.append((cell, [cells[series, unit, age, value] for value in range(table.groups)], False))
        outer = {"patients": "persons", "scans": "patients"}.get(series)
        if (outer, unit, age, group) in cells:
            system.at_most.append((cell, cells[outer, unit, age, group]))
    return system


def suppress(table: Table, folder, *, secondary: bool = True):
    """The outcome of the method on a table, and the numbers of its suppressed cells."""
    write(table, folder)
    found, units = cells_of_year.read(folder, YEAR)
    outcome = protect.suppress(found, units, THRESHOLD, secondary=secondary)
    return outcome, set((numpy.flatnonzero(outcome.suppressed) + 1).tolist())


def faults_of(movement, series: Series, is_sector: numpy.ndarray) -> list[str]:
    """What a movement contradicts: each sum stays, no count falls below what it contains or exceeds what contains it, and no published cell moves."""
    moved = numpy.zeros(len(series.cases))
    moved[movement.cells] = movement.amounts
    headroom = series.headroom.copy()
    if movement.base >= 0:
        cells, under = series.headroom_under(movement.base)
        headroom[cells] = under
    first, row, sign = series.entries
    cell = numpy.repeat(numpy.arange(len(moved)), numpy.diff(first))
    sums = numpy.bincount(row, weights=sign * moved[cell], minlength=series.rows)
    # a municipality may move without its sectors: they are balanced apart (line.py)
    of_sector = is_sector[series.unit[cell]]
    has_sectors = numpy.bincount(row, weights=of_sector, minlength=series.rows) > 0
    moves_sectors = numpy.bincount(row, weights=of_sector & (moved[cell] != 0), minlength=series.rows) > 0
    holds = {
        "a count exceeds what contains it or falls below what it contains": (moved >= -series.fall).all()
        and (moved <= headroom).all(),
        "a published cell moves": series.hidden[movement.cells].all(),
        "a sum changes": not sums[~has_sectors | moves_sectors].any(),
    }
    return [fault for fault, is_kept in holds.items() if not is_kept]


@pytest.fixture(scope="module")
def movements() -> list[tuple[int, list[str]]]:
    """The base of each movement that proved cells of the tables of `decided`, and what it contradicts."""
    return []


@pytest.fixture(scope="module")
def decided(movements, tmp_path_factory) -> list[tuple]:
    """Random tables, each with the outcome of the method and the numbers of its suppressed cells."""
    folder, learn, found = tmp_path_factory.mktemp("decided"), Series.learn, []

    def look(series, movement):
        movements.append((movement.base, faults_of(movement, series, is_sector)))
        learn(series, movement)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Series, "learn", look)
        for seed in range(SOURCES):
            table = random_table(numpy.random.default_rng(seed))
            is_sector = numpy.array([level == "sector" for _, level, _ in table.units])
            found.append((table, *suppress(table, folder)))
    return found


@pytest.mark.parametrize("number", range(SOURCES))
def test_the_attack_narrows_no_suppressed_count_of_a_random_table(number, decided):
    table, outcome, suppressed = decided[number]
    small = {number for number, row in enumerate(table.rows(), start=1) if 0 < row[-1] < THRESHOLD}
    assert small and small <= suppressed
    assert (outcome.below + outcome.above)[outcome.suppressed].min() >= THRESHOLD, "a cell without proof"
    fallen, attacked = attacker.attack(system_of(table, suppressed), THRESHOLD)
    assert attacked == len(suppressed)
    assert not fallen, fallen[:3]


def test_every_movement_that_proves_cells_agrees_with_everything_published(decided, movements):
    assert len(movements) > 100 and max(base for base, _ in movements) >= 0
    assert [faults for _, faults in movements if faults] == []


def test_without_secondary_suppression_the_attack_narrows_many(tmp_path):
    for seed in range(2):
        table = random_table(numpy.random.default_rng(seed))
        _, suppressed = suppress(table, tmp_path, secondary=False)
        fallen, _ = attacker.attack(system_of(table, suppressed), THRESHOLD)
        assert len(fallen) > 10


def test_a_numerator_is_suppressed_with_its_denominator(decided):
    for table, _, suppressed in decided:
        ids = {row[:4]: number for number, row in enumerate(table.rows(), start=1)}
        hidden = [key[1:] for key, number in ids.items() if key[0] == "persons" and number in suppressed]
        assert all(ids[series, *place] in suppressed for place in hidden for series in ("patients", "scans", "acts"))


def test_a_table_without_small_cells_is_published_whole(tmp_path):
    table = random_table(numpy.random.default_rng(0))
    for counts in table.counts.values():
        counts *= THRESHOLD
    assert suppress(table, tmp_path)[1] == set()


def test_a_municipality_without_cases_protects_another_by_its_sectors(tmp_path):
    """A municipality of 4 of 6 persons has to shrink, and only one of 0 can grow: nobody learns that it is 0 from its sectors."""
    levels = ["country", "region", "region", "municipality", "municipality", "municipality", "sector", "sector"]
    parents = [-1, 0, 0, 1, 1, 1, 3, 3]
    patients = [111, 11, 100, 0, 4, 7, 0, 0]
    persons = [613, 213, 400, 200, 6, 7, 100, 100]
    units = [(parent, level, False) for parent, level in zip(parents, levels, strict=True)]
    counts = {
        name: numpy.repeat(values, 4).reshape(len(units), 2, 2)
        for name, values in (("persons", persons), ("patients", patients), ("scans", patients), ("acts", patients))
    }
    around = {
        "persons": (None, None),
        "patients": ("persons", None),
        "scans": ("persons", None),
        "acts": ("persons", None),
    }
    table = Table(units, 1, 1, counts, around)
    _, suppressed = suppress(table, tmp_path)
    fallen, attacked = attacker.attack(system_of(table, suppressed), THRESHOLD)
    ids = {row[:4]: number for number, row in enumerate(table.rows(), start=1)}
    assert ids["patients", 3, 1, 1] in suppressed, "the municipality of 0 is not suppressed: this test tests nothing"
    assert attacked == len(suppressed)
    assert not fallen, fallen[:3]


def test_a_list_that_exceeds_the_one_around_it_is_protected_by_itself(tmp_path):
    """A correction may leave a person in the smaller list alone."""
    table = random_table(numpy.random.default_rng(1))
    table.counts["scans"] += table.counts["patients"]
    outcome, suppressed = suppress(table, tmp_path)
    assert suppressed and (outcome.below + outcome.above)[outcome.suppressed].min() >= THRESHOLD


@pytest.mark.parametrize("seed", range(SOURCES))
def test_a_correction_in_one_sector_leaves_the_limits_of_all_other_cells(seed, tmp_path):
    """One sector has more scans than patients. Everywhere else a reader relies on scans being patients."""
    table = random_table(numpy.random.default_rng(seed))
    scans, sector = table.counts["scans"], len(table.units) - 2
    patients = table.counts["patients"][sector]
    scans[sector] = patients
    scans[sector, 0, 0] += 1
    scans[sector, 0, -1] += 1
    scans[sector, -1, 0] += 1
    scans[sector, -1, -1] += 1
    outcome, suppressed = suppress(table, tmp_path)
    assert (outcome.below + outcome.above)[outcome.suppressed].min() >= THRESHOLD
    system = system_of(table, suppressed)
    system.at_most = [pair for pair in system.at_most if pair[0][:3] != ("scans", YEAR, sector)]
    fallen, _ = attacker.attack(system, THRESHOLD, with_inequalities=True)
    assert not fallen, fallen[:3]


def test_the_worked_example_of_the_documentation_is_suppressed_as_it_says():
    # docs/methods/disclosure.md
    cases = numpy.array([[2, 20, 30, 12], [10, 15, 40, 25], [50, 60, 70, 80], [9, 33, 45, 21]])
    cases = numpy.vstack([cases, cases.sum(axis=0)])
    cases = numpy.hstack([cases, cases.sum(axis=1, keepdims=True)])
    places = list(
        itertools.product(range(5), range(5))
    )  # municipalities 0 to 3 and their arrondissement; ages 0 to 3 and all
    counted = numpy.array([cases[place] for place in places])
    nothing = numpy.full(len(places), -1)
    cells = Cells(
        cell_id=numpy.arange(len(places)),
        series=numpy.array(["patients"] * len(places), dtype=object),
        unit=numpy.array([unit for unit, _ in places]),
        filters=[numpy.array([(age + 1) % 5 for _, age in places])],
        cases=counted,
        is_small=(counted > 0) & (counted < THRESHOLD),
        denominator=nothing,
        container=nothing,
        is_bounded=numpy.zeros(len(places), dtype=bool),
    )
    flags = numpy.zeros(5, dtype=bool)
    units = Units(numpy.array([4, 4, 4, 4, -1]), numpy.array([1, 1, 1, 1, 0]), flags, flags)
    outcome = protect.suppress(cells, units, THRESHOLD)
    suppressed = [places[number] for number in numpy.flatnonzero(outcome.suppressed)]
    assert suppressed == [(0, 0), (0, 3), (3, 0), (3, 3)]


@pytest.mark.parametrize("processes", [1, 2])
def test_the_same_cells_whatever_the_order_of_rows_the_groups_of_series_and_the_number_of_processes(
    processes, tmp_path
):
    table = random_table(numpy.random.default_rng(3))
    expected = suppress(table, tmp_path)[1]
    generator = numpy.random.default_rng(processes)
    write(table, tmp_path, generator.permutation(sum(1 for _ in table.rows())))
    one, two = (str(tmp_path / cells_of_year.cells_file(year)) for year in (YEAR, YEAR + 1))
    with duckdb.connect() as connection:  # the second year has the series twice, which are decided in two groups
        connection.execute(
            """copy (
                from read_parquet($one) union all
                select * replace (
                    cell_id + 1000000 as cell_id,
                    'other_' || series as series,
                    denominator_id + 1000000 as denominator_id,
                    container_id + 1000000 as container_id
                )
                from read_parquet($one)
            ) to $two (format parquet)""",
            {"one": one, "two": two},
        )
    series = ["acts", "patients", "persons", "scans"]
    assert cells_of_year.groups(tmp_path, YEAR) == [series]
    assert cells_of_year.groups(tmp_path, YEAR + 1) == [series, [f"other_{name}" for name in series]]
    step.run(tmp_path, [YEAR, YEAR + 1], THRESHOLD, secondary=True, processes=processes)
    twice = [*sorted(expected), *(number + 1000000 for number in sorted(expected))]
    for year, numbers in ((YEAR, sorted(expected)), (YEAR + 1, twice)):
        with duckdb.connect() as connection:
            results = str(tmp_path / step.result_file(year))
            rows = connection.execute(
                "select year, cell_id from read_parquet(?) order by cell_id", [results]
            ).fetchall()
        assert rows == [(year, number) for number in numbers]


def test_a_year_that_fails_is_named(tmp_path):
    write(random_table(numpy.random.default_rng(3)), tmp_path)
    with pytest.raises(AtlasError, match=f"The suppression of {YEAR + 1} failed: .*cell_{YEAR + 1}"):
        step.run(tmp_path, [YEAR, YEAR + 1], THRESHOLD, secondary=True, processes=2)
