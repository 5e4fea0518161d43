"""The cells of one series and year: what is suppressed, how far each cell can move, and the proofs."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy

from atlas.suppression.cells import Cells
from atlas.suppression.solver import TOLERANCE
from atlas.suppression.units import Units

# What a cell costs beside the threshold and its cases: a total over all filters counts this much more, a level this
# much more than the next, a margin of some filters twice as much as a cell of all of them.
COST_OF_TOTAL = 100.0
COST_OF_LEVEL = 3.0
WITHOUT_LIMIT = 1e9


@dataclass(frozen=True)
class Movement:
    """A change of cells of one series that keeps every published sum. cells: numbers; amounts: whole numbers. base: the
    movement that the denominators make at the same time, -1 for none.
    """

    cells: numpy.ndarray
    amounts: numpy.ndarray
    base: int


@dataclass
class Series:
    """The cells of one series and year by number. Arrays have an element a cell unless something else is said.

    A list that is part of the series' own (CT scans of a radiologist's examinations) belongs to it: its cells are here,
    and so are the cases of the series that are not in it, its rest. Part and rest add up to the series.

    numbers: the cell of the year, -1 for a rest. part: 0 for the series' own cells, 2k - 1 for those of its k-th part,
    2k for its rest. column: number of the combination of filters and part. denominator: the series that this one is
    divided by; denominator_cell: its cell, -1 for a rest. A suppressed denominator suppresses the cell. is_bounded: a
    count is at most its denominator; otherwise it is only 0 where that is a published 0. largest: the largest count of
    another series that the cell contains. entries: of the sums, first entry of each cell (one element more), row and
    sign (-1 for the total of the sum); rows: number of sums.

    hidden: suppressed, or published in no table (remainders, rests). settled: published for good, so that it never
    moves. target: must be able to move by the threshold. excused: a target that another proof protects. low, high: how
    far a cell is proven to move. highest: which of the `movements` moves it up farthest, -1 for none. changes: the
    cells that were suppressed, in their order.
    """

    name: str
    threshold: int
    numbers: numpy.ndarray
    cases: numpy.ndarray
    unit: numpy.ndarray
    column: numpy.ndarray
    part: numpy.ndarray
    is_total: numpy.ndarray
    cost: numpy.ndarray
    largest: numpy.ndarray
    entries: tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]
    rows: int
    hidden: numpy.ndarray
    settled: numpy.ndarray
    target: numpy.ndarray
    denominator: Series | None
    denominator_cell: numpy.ndarray
    is_bounded: bool = False
    contains_others: bool = False
    movements: list[Movement] = field(default_factory=list)
    changes: list[int] = field(default_factory=list)

    def __post_init__(self):
        count = len(self.cases)
        self.low, self.high = numpy.zeros((2, count))
        self.highest = numpy.full(count, -1)
        self.excused = numpy.zeros(count, dtype=bool)
        # a negative rest: a part that exceeds the series in this cell, where neither limits the other
        self.fall = numpy.where(self.cases < 0, WITHOUT_LIMIT, numpy.maximum(self.cases - self.largest, 0))
        self.headroom = numpy.full(count, WITHOUT_LIMIT)
        if self.denominator is not None and self.is_bounded:
            inside = numpy.flatnonzero(self.denominator_cell >= 0)
            around = self.denominator_cell[inside]
            self.headroom[inside] = numpy.maximum(self.denominator.cases[around] - self.cases[inside], 0.0)
            order = numpy.argsort(around, kind="stable")
            self.inside, self.sorted_around = inside[order], around[order]
        self.of_unit = numpy.argsort(self.unit, kind="stable")
        self.sorted_unit = self.unit[self.of_unit]

    def cells_of(self, units) -> numpy.ndarray:
        """Returns the numbers of the cells of some units, in the order of the units."""
        units = numpy.sort(numpy.asarray(units, dtype=int))
        first = numpy.searchsorted(self.sorted_unit, units)
        last = numpy.searchsorted(self.sorted_unit, units, side="right")
        return _slices(self.of_unit, first, last)

    def movable(self, cells) -> numpy.ndarray:
        """Returns those of some cells that are not bound to stay: a 0 of a published 0 is, and a settled cell."""
        moves = (self.fall[cells] > 0) | (self.headroom[cells] > 0) | self.target[cells]
        if self.denominator is not None:
            moves |= (self.denominator_cell[cells] >= 0) & self.denominator.hidden[self.denominator_cell[cells]]
        return cells[moves & ~self.settled[cells]]

    def is_open(self, cells):
        """Returns whether cells are targets without proof."""
        is_short = self.high[cells] - self.low[cells] < self.threshold - TOLERANCE
        return self.target[cells] & is_short & ~self.excused[cells]

    def hide(self, cells) -> None:
        """Suppresses further cells. Each must be protected itself, but for remainders that were no target before."""
        self.hidden[cells] = self.target[cells] = True
        self.changes += numpy.atleast_1d(cells).tolist()

    def follow(self) -> None:
        """Suppresses the cells whose denominators are suppressed, and takes note of counts that may be more than 0."""
        if self.denominator is None:
            return
        divided = self.denominator_cell >= 0
        self.hide(numpy.flatnonzero(divided & ~self.target & self.denominator.target[self.denominator_cell]))
        if not self.is_bounded:
            possible = (self.denominator.cases > 0) | self.denominator.target
            self.headroom = numpy.where(divided & ~possible[self.denominator_cell], 0.0, WITHOUT_LIMIT)

    def learn(self, movement: Movement) -> None:
        """Records that a movement of suppressed cells is possible."""
        cells, amounts = movement.cells, movement.amounts
        self.low[cells] = numpy.minimum(self.low[cells], amounts)
        higher = amounts > self.high[cells] + TOLERANCE
        if higher.any():
            self.high[cells[higher]] = amounts[higher]
            self.highest[cells[higher]] = len(self.movements)
            self.movements.append(movement)

    def of_column(self, cell: int, units) -> numpy.ndarray:
        """Returns the cells of some units in the column of a cell."""
        cells = self.cells_of(units)
        return cells[self.column[cells] == self.column[cell]]

    def farthest_up(self, cell: int) -> tuple[Movement | None, float]:
        """Returns the movement that is proven to move a cell up farthest and its amount; None and 0 where none does."""
        if self.highest[cell] < 0:
            return None, 0.0
        movement = self.movements[self.highest[cell]]
        return movement, float(movement.amounts[movement.cells == cell][0])

    def bases_of(self, cells: numpy.ndarray) -> numpy.ndarray:
        """Returns the movements of the denominators that give some cells most headroom, -1 for none."""
        bases = numpy.full(len(cells), -1)
        if self.denominator is not None and self.is_bounded:
            inside = numpy.flatnonzero(self.denominator_cell[cells] >= 0)
            bases[inside] = self.denominator.highest[self.denominator_cell[cells[inside]]]
        return bases

    def headroom_under(self, base: int) -> tuple[numpy.ndarray, numpy.ndarray]:
        """Returns the cells whose headroom changes while the denominators make a movement, and their headroom then."""
        movement = self.denominator.movements[base]
        first = numpy.searchsorted(self.sorted_around, movement.cells)
        last = numpy.searchsorted(self.sorted_around, movement.cells, side="right")
        cells = _slices(self.inside, first, last)
        around = numpy.repeat(self.denominator.cases[movement.cells] + movement.amounts, last - first)
        return cells, numpy.maximum(around - self.cases[cells], 0.0)

    def most_headroom(self, cells: numpy.ndarray) -> numpy.ndarray:
        """Returns how far cells can grow within their denominators, when these grow as far as they are proven to."""
        most = self.headroom[cells].copy()
        moves = numpy.flatnonzero(self.bases_of(cells) >= 0)
        if len(moves):
            around = self.denominator_cell[cells[moves]]
            most[moves] = self.denominator.cases[around] + self.denominator.high[around] - self.cases[cells[moves]]
        return most


def _slices(values: numpy.ndarray, first: numpy.ndarray, last: numpy.ndarray) -> numpy.ndarray:
    """Returns values[first:last] of each pair, one after the other."""
    if len(first) == 1:
        return values[first[0] : last[0]]
    lengths = last - first
    return values[numpy.repeat(first - numpy.cumsum(lengths) + lengths, lengths) + numpy.arange(lengths.sum())]


def read_series(
    cells: Cells, units: Units, name: str, parts: list[str], threshold: int, done: dict[str, Series]
) -> Series:
    """Returns a series of a year. parts: the series that are part of it. done: the denominators, by name."""
    numbers, part, whole = [numpy.flatnonzero(cells.series == name)], [], []
    own = numbers[0]
    part.append(numpy.zeros(len(own), int))
    cases = [cells.cases[own]]
    for place, inner in enumerate(parts, start=1):
        found = numpy.flatnonzero(cells.series == inner)
        around = cells.container[found]
        numbers += [found, numpy.full(len(found), -1)]
        part += [numpy.full(len(found), 2 * place - 1), numpy.full(len(found), 2 * place)]
        cases += [cells.cases[found], cells.cases[around] - cells.cases[found]]
        whole += [found, around]
    like = numpy.concatenate([own, *whole])  # the cell of the year that has the unit and filters of each cell
    numbers, part = numpy.concatenate(numbers), numpy.concatenate(part)
    cases = numpy.concatenate(cases).astype(float)
    is_rest = numbers < 0
    unit = cells.unit[like]
    filters = [values[like] for values in cells.filters]
    steps = numpy.cumprod([1, *(int(values.max(initial=0)) + 1 for values in cells.filters)])
    column = sum((values * step for values, step in zip(filters, steps, strict=False)), part * steps[-1])
    entries, rows = _sums(units, unit, column, filters, part, steps)
    depth = sum(((values > 0).astype(int) for values in filters), numpy.zeros(len(unit), int))
    rank = units.rank[unit].astype(float)
    cost = (
        (threshold + cases)
        * COST_OF_LEVEL ** (rank.max(initial=0) - rank)
        * numpy.where(depth == 0, COST_OF_TOTAL, 1.0 + (depth < depth.max(initial=0)))
    )
    is_unpublished = units.is_remainder[unit] | is_rest
    divided = numpy.where(is_rest, -1, cells.denominator[like])
    denominator = done[cells.series[divided[0]]] if len(divided) and divided[0] >= 0 else None
    if denominator is not None:
        divided = numpy.where(divided >= 0, numpy.searchsorted(denominator.numbers, divided), -1)
    is_small = cells.is_small[like] & ~is_rest
    return Series(
        name=name,
        threshold=threshold,
        numbers=numbers,
        cases=cases,
        unit=unit,
        column=column,
        part=part,
        is_total=(depth == 0) & (part == 0),
        cost=numpy.where(is_unpublished, 0.0, cost),
        largest=numpy.where(is_rest, 0, _largest_inside(cells)[like]),
        entries=entries,
        rows=rows,
        hidden=is_small | is_unpublished | (cells.is_hidden[like] & ~is_rest),
        settled=cells.is_settled[like] & ~is_rest,
        target=is_small,
        denominator=denominator,
        denominator_cell=divided,
        is_bounded=bool(cells.is_bounded[own].all()),
        contains_others=bool(numpy.isin(own, cells.denominator).any()),
    )


def _largest_inside(cells: Cells) -> numpy.ndarray:
    """Returns the largest numerator that each cell of the year contains, 0 where it contains none."""
    largest = numpy.zeros(len(cells.cases))
    contained = (cells.denominator >= 0) & cells.is_bounded
    numpy.maximum.at(largest, cells.denominator[contained], cells.cases[contained])
    return largest


def _sums(units: Units, unit, column, filters, part, steps) -> tuple[tuple, int]:
    """Returns the entries of the sums (see Series) and their number: values of a filter, children of a unit, part and
    rest of a list.
    """
    width = steps[-1] * (int(part.max(initial=0)) + 1)
    key = unit * width + column
    order = numpy.argsort(key, kind="stable")

    def find(wanted):
        if not len(key):
            return wanted
        place = numpy.minimum(numpy.searchsorted(key[order], wanted), len(key) - 1)
        return numpy.where(key[order][place] == wanted, order[place], -1)

    kinds = []  # the parts of the sums, and the keys of their totals
    for values, step in zip(filters, steps, strict=False):
        parts = numpy.flatnonzero(values > 0)
        kinds.append((parts, key[parts] - values[parts] * step))
    for place in range(1, int(part.max(initial=0)) + 1, 2):
        parts = numpy.flatnonzero((part == place) | (part == place + 1))
        kinds.append((parts, key[parts] - part[parts] * steps[-1]))
    parts = numpy.flatnonzero(units.parent[unit] >= 0)
    kinds.append((parts, units.parent[unit[parts]] * width + column[parts]))
    sums, rows = [(numpy.zeros(0, int),) * 3], 0
    for parts, wanted in kinds:
        totals = find(wanted)
        parts, totals = parts[totals >= 0], totals[totals >= 0]
        found, number = numpy.unique(totals, return_inverse=True)
        sums.append((rows + number, parts, numpy.ones(len(parts), int)))
        sums.append((rows + numpy.arange(len(found)), found, -numpy.ones(len(found), int)))
        rows += len(found)
    row, cell, sign = (numpy.concatenate(column) for column in zip(*sums, strict=True))
    by_cell = numpy.argsort(cell, kind="stable")
    first = numpy.searchsorted(cell[by_cell], numpy.arange(len(unit) + 1))
    return (first, row[by_cell], sign[by_cell].astype(float)), rows
