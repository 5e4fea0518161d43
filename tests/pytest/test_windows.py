"""Totals of three years beside the years, on small random tables: the attack finds nothing, and what a year decided stays."""

from functools import cache

import attacker
import numpy
import pytest

from atlas.suppression import protect, window
from atlas.suppression.cells import Cells
from atlas.suppression.units import Units

THRESHOLD = 5
YEARS = 3
AGES = 3
SOURCES = 12  # random tables
SERIES = ("deliveries", "caesareans", "acts")
REMAINDER = 3  # the unit of women without a known address
# country, two regions and the remainder, municipalities of the regions
PARENT = numpy.array([-1, 0, 0, 0, *[1] * 5, *[2] * 4])
UNITS = Units(
    parent=PARENT,
    rank=numpy.where(PARENT < 0, 0, numpy.where(PARENT == 0, 1, 2)),
    is_sector=numpy.zeros(len(PARENT), bool),
    is_remainder=numpy.arange(len(PARENT)) == REMAINDER,
)


def year_cells(generator, size: float) -> Cells:
    """One year: deliveries, caesareans among them, and acts, by unit and age (0: all ages)."""
    shape = (len(PARENT), AGES + 1)
    is_leaf = ~numpy.isin(numpy.arange(len(PARENT)), PARENT)
    deliveries = numpy.floor(generator.exponential(size, shape)).astype(int) * is_leaf[:, None]
    counts = [
        deliveries,
        generator.binomial(deliveries, 0.3),
        generator.poisson(2, shape) * (deliveries > 0) * is_leaf[:, None],
    ]
    for values in counts:
        values[:, 0] = values[:, 1:].sum(axis=1)
        for unit in range(len(PARENT) - 1, 0, -1):
            values[PARENT[unit]] += values[unit]
    cases = numpy.concatenate([values.ravel() for values in counts])
    count = deliveries.size
    return Cells(
        cell_id=numpy.arange(3 * count),
        series=numpy.repeat(numpy.array(SERIES, dtype=object), count),
        unit=numpy.tile(numpy.repeat(numpy.arange(len(PARENT)), AGES + 1), 3),
        filters=[numpy.tile(numpy.arange(AGES + 1), 3 * len(PARENT))],
        cases=cases,
        is_small=(cases > 0) & (cases < THRESHOLD),
        denominator=numpy.concatenate([numpy.full(count, -1), numpy.arange(count), numpy.arange(count)]),
        container=numpy.full(3 * count, -1),
        is_bounded=numpy.repeat([False, True, False], count),
    )


def window_cells(years: list[Cells]) -> Cells:
    """The cells of the years as each left them, and the totals of all ages over the years (year 0), as the models hand them over."""
    size = len(years[0].cases)
    hidden = numpy.array([protect.suppress(year, UNITS, THRESHOLD).suppressed for year in years])
    cases = numpy.array([year.cases for year in years])
    totals = numpy.flatnonzero(years[0].filters[0] == 0)
    place = numpy.full(size, -1)
    place[totals] = numpy.arange(len(totals)) + YEARS * size
    around = years[0].denominator
    in_year = numpy.concatenate([numpy.where(around >= 0, around + number * size, -1) for number in range(YEARS)])
    is_remainder = UNITS.is_remainder[years[0].unit]
    whole = cases[:, totals].sum(axis=0)
    open_ = (hidden | is_remainder)[:, totals].any(axis=0)
    like = numpy.concatenate([*[numpy.arange(size)] * YEARS, totals])
    return Cells(
        cell_id=numpy.arange(len(like)),
        series=years[0].series[like],
        unit=years[0].unit[like],
        filters=[years[0].filters[0][like], numpy.repeat([1, 2, 3, 0], [size, size, size, len(totals)])],
        cases=numpy.concatenate([cases.ravel(), whole]),
        is_small=numpy.concatenate([hidden.ravel(), (whole > 0) & (whole < THRESHOLD)]),
        denominator=numpy.concatenate([in_year, numpy.where(around[totals] >= 0, place[around[totals]], -1)]),
        container=numpy.full(len(like), -1),
        is_bounded=years[0].is_bounded[like],
        is_hidden=numpy.concatenate([(hidden | is_remainder).ravel(), numpy.zeros(len(totals), bool)]),
        is_settled=numpy.concatenate([~(hidden | is_remainder).ravel(), ~open_]),
    )


def system_of(cells: Cells, suppressed: numpy.ndarray) -> attacker.System:
    """What a reader knows of the years and windows. A remainder is never published; it has to be protected when it is small."""
    system = attacker.System()
    names, rests = {}, set()
    for number, (series, unit, age, year) in enumerate(
        zip(cells.series, cells.unit.tolist(), *(values.tolist() for values in cells.filters), strict=True)
    ):
        if unit == REMAINDER and not suppressed[number]:
            rests.add((series, age, year))
            continue
        names[series, unit, age, year] = cell = (series, year, unit, age)
        system.state(cell, None if suppressed[number] else int(cells.cases[number]))
    for (series, unit, age, year), cell in names.items():
        parts = [
            names[series, child, age, year] for child in UNITS.children[unit] if (series, child, age, year) in names
        ]
        if parts:
            system.sums.append((cell, parts, unit == 0 and (series, age, year) in rests))
        # what of a remainder is no cell is a rest of its sums
        parts = [(series, unit, value, year) for value in range(1, AGES + 1)]
        if year == 0:
            parts = [(series, unit, 0, number) for number in range(1, YEARS + 1)]
        if age == 0:
            found = [names[part] for part in parts if part in names]
            system.sums.append((cell, found, len(found) < len(parts)))
        if series == "caesareans" and ("deliveries", unit, age, year) in names:
            system.at_most.append((cell, names["deliveries", unit, age, year]))
    return system


@cache
def source(seed: int) -> Cells:
    """The cells of a random window, made once. Municipalities of the same size each year, small, middling or large."""
    generator = numpy.random.default_rng(seed)
    size = generator.choice([3, 8, 25])
    return window_cells([year_cells(generator, size) for _ in range(YEARS)])


@cache
def decided(seed: int):
    """The outcome of the method on a random window, computed once. Read only."""
    return window.suppress(source(seed), UNITS, THRESHOLD)


def is_new(cells: Cells) -> numpy.ndarray:
    """Windows that say more than their years: one at least is suppressed."""
    return (cells.filters[1] == 0) & ~cells.is_settled & ~UNITS.is_remainder[cells.unit]


@pytest.mark.parametrize("seed", range(SOURCES))
def test_years_and_windows_give_no_suppressed_count_away(seed):
    cells, outcome = source(seed), decided(seed)
    of_year = cells.filters[1] > 0
    assert (outcome.suppressed[of_year] == (cells.is_small)[of_year]).all(), "a year's decision was changed"
    assert not (outcome.suppressed & cells.is_settled).any()
    needed = outcome.suppressed & ~outcome.is_excused
    assert (outcome.below + outcome.above)[needed].min() >= THRESHOLD, "a cell without proof"
    fallen, attacked = attacker.attack(system_of(cells, outcome.suppressed), THRESHOLD, with_inequalities=True)
    assert attacked == outcome.suppressed.sum()
    assert not fallen, fallen[:3]


def test_some_windows_say_more_than_their_years():
    published = [(is_new(source(seed)) & ~decided(seed).suppressed).sum() for seed in range(SOURCES)]
    assert sum(published) > 20


def test_a_window_over_one_suppressed_year_falls_if_it_is_published():
    """The control: the attack sees that a total of three years less two published ones is the third."""
    fallen = 0
    for seed in range(SOURCES):
        cells = source(seed)
        suppressed = decided(seed).suppressed.copy()
        suppressed[is_new(cells)] = False
        fallen += len(attacker.attack(system_of(cells, suppressed), THRESHOLD, with_inequalities=True)[0])
    assert fallen > 50


def test_in_a_large_component_only_windows_that_say_nothing_new_are_published(monkeypatch):
    monkeypatch.setattr(window, "LARGEST", 0)
    for seed in range(SOURCES):
        cells = source(seed)
        outcome = window.suppress(cells, UNITS, THRESHOLD)
        assert (outcome.suppressed[is_new(cells)]).all()
        assert not (outcome.suppressed & cells.is_settled).any()
        assert outcome.is_excused[outcome.suppressed].all()


def test_no_cells_have_no_window():
    cells = source(0)
    none = Cells(**{name: values[:0] for name, values in vars(cells).items() if name != "filters"}, filters=[])
    assert len(window.suppress(none, UNITS, THRESHOLD).suppressed) == 0
