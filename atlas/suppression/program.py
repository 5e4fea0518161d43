"""The linear program of the movements of some cells while all others stay (HiGHS, one thread, no clock)."""

from __future__ import annotations

import highspy
import numpy

from atlas.suppression.series import Movement, Series
from atlas.suppression.solver import TOLERANCE, new_solver

# A move through suppressed cells costs next to nothing, and may be this many thresholds long.
COST_OF_SUPPRESSED = 1e-4
FARTHEST = 10
# Programs that prove many cells at once: at most so many, and until so many in turn prove less than so many cells, or
# less than a cell of so many: in large programs they cost more than one by one.
STRETCHES = 20
IDLE_STRETCHES = 2
LEAST_PROVEN = 3
CELLS_FOR_A_PROOF = 100
# A movement that is not in whole numbers is looked for again so often, with other costs of suppressed cells. Then whole
# numbers are required; their search ends after so many nodes, or where it could spare no published cell any more.
TRIES = 12
NODES = 20
LEAST_GAIN = 0.5
OPTIONS = {"dual_simplex_cost_perturbation_multiplier": 0.0, "mip_max_nodes": NODES, "mip_abs_gap": LEAST_GAIN}


class Program:
    """The program of some cells of a series. Each has two columns, up and down; a sum is a row.

    Movements that it returns keep every sum, leave no count below what it contains or above what contains it, and are
    whole numbers.
    """

    def __init__(self, series: Series, cells: numpy.ndarray):
        """Takes the cells that may move. A sum of which only the total is among them is not looked at: the sectors of a
        municipality are balanced by themselves (line.py).
        """
        self.series, self.cells, self.count = series, cells, len(cells)
        self.position = {cell: number for number, cell in enumerate(cells.tolist())}
        self.seen, self.is_stretched = len(series.changes), False
        first, row, sign = series.entries
        lengths = first[cells + 1] - first[cells]
        column = numpy.repeat(numpy.arange(self.count), lengths)
        entry = numpy.repeat(first[cells] - numpy.cumsum(lengths) + lengths, lengths) + numpy.arange(lengths.sum())
        row, sign = row[entry], sign[entry]
        has_part = numpy.zeros(series.rows, dtype=bool)
        has_part[row[sign > 0]] = True
        kept = has_part[row]
        used, row = numpy.unique(row[kept], return_inverse=True)
        column, sign = column[kept], sign[kept]
        start = numpy.searchsorted(column, numpy.arange(self.count + 1))
        self.limits = self._limits(cells)
        self.highs = highs = new_solver(**OPTIONS)
        zeros = numpy.zeros(len(used))
        highs.passModel(
            *(2 * self.count, len(used), 2 * len(row), 1, 1, 0.0),
            *(self._costs(cells), numpy.zeros(2 * self.count), self.limits, zeros, zeros),
            numpy.concatenate([start[:-1], start[:-1] + len(row)]).astype(numpy.int32),
            numpy.tile(row, 2).astype(numpy.int32),
            numpy.concatenate([sign, -sign]),
            numpy.zeros(2 * self.count, dtype=numpy.int32),
        )

    def _costs(self, cells):
        series = self.series
        return numpy.tile(
            numpy.where(series.hidden[cells], COST_OF_SUPPRESSED, series.cost[cells] / series.threshold), 2
        )

    def _longest(self, cells):
        return numpy.where(self.series.hidden[cells], FARTHEST, 1) * float(self.series.threshold)

    def _limits(self, cells):
        series = self.series
        limits = numpy.concatenate([series.headroom[cells], series.fall[cells]])
        return numpy.minimum(limits, numpy.tile(self._longest(cells), 2))

    def _limits_under(self, base: int):
        """Returns the positions whose upper limits differ under a movement of the denominators, and those limits."""
        cells, headroom = self.series.headroom_under(base)
        found = [(self.position[cell], place) for place, cell in enumerate(cells.tolist()) if cell in self.position]
        if not found:
            return numpy.zeros(0, dtype=int), numpy.zeros(0)
        positions, places = numpy.array(found).T
        return positions, numpy.minimum(headroom[places], self._longest(self.cells[positions]))

    def _set_limits(self, columns, limits) -> None:
        columns = columns.astype(numpy.int32)
        self.highs.changeColsBounds(len(columns), columns, numpy.zeros(len(columns)), limits)

    def _set_costs(self, positions, costs) -> None:
        """Sets the cost of some cells, the same up and down."""
        columns = numpy.concatenate([positions, positions + self.count]).astype(numpy.int32)
        self.highs.changeColsCost(len(columns), columns, numpy.tile(costs, 2))

    def refresh(self) -> None:
        """Takes note of the cells that were suppressed since."""
        changed = [self.position[cell] for cell in self.series.changes[self.seen :] if cell in self.position]
        self.seen = len(self.series.changes)
        if changed:
            positions = numpy.unique(changed)
            columns = numpy.concatenate([positions, positions + self.count]).astype(numpy.int32)
            self.highs.changeColsCost(len(columns), columns, self._costs(self.cells[positions]))
            self.limits[columns] = self._limits(self.cells[positions])
            self._set_limits(columns, self.limits[columns])

    def _solve(self):
        # from the true table: the basis of the movement before is farther away, and takes three times as long
        self.highs.clearSolver()
        self.highs.run()
        info = self.highs.getInfo()
        if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
            return None
        values = numpy.array(self.highs.getSolution().col_value)
        return values[: self.count] - values[self.count :]

    def move(self, cell: int, amount: float, *, base: int = -1, start=None, with_cells=None) -> Movement | None:
        """Returns the cheapest movement in which a cell grows by the amount (shrinks, if negative); None if there is
        none. base: the movement that the denominators make at the same time, -1 for none. start: a movement that is
        made outside of the program, with its base. with_cells: cells that are going to be suppressed.
        """
        place = self.position[cell]
        shift, changed = numpy.zeros(self.count), numpy.zeros(0, dtype=int)
        if start is not None:
            base = start.base
            shift = self._amounts(start)
        if start is not None or base >= 0:
            limits = self.limits.copy()
            if base >= 0:
                positions, under = self._limits_under(base)
                limits[positions] = under
            limits = numpy.maximum(limits - numpy.concatenate([shift, -shift]), 0)
            if amount - shift[place] > limits[place]:
                return None
            changed = numpy.flatnonzero(limits != self.limits)
            self._set_limits(changed, limits[changed])
        if with_cells is not None:
            positions = numpy.array([self.position[moved] for moved in with_cells.tolist()])
            self._set_costs(positions, numpy.full(len(positions), 10 * COST_OF_SUPPRESSED))
        own = numpy.array([place, place + self.count], dtype=numpy.int32)
        wanted = numpy.array([max(amount - shift[place], 0.0), max(shift[place] - amount, 0.0)])
        self.highs.changeColsBounds(2, own, wanted, wanted)
        found = self._whole(self._solve())
        self._set_limits(own, self.limits[own])
        if len(changed):
            self._set_limits(changed, self.limits[changed])
        if with_cells is not None:
            self._set_costs(positions, self._costs(self.cells[positions])[: len(positions)])
        if found is None:
            return None
        outside = [] if start is None else numpy.flatnonzero(~numpy.isin(start.cells, self.cells))
        moved = numpy.flatnonzero(found + shift)
        if not len(outside):
            return Movement(self.cells[moved], (found + shift)[moved], base)
        return Movement(
            numpy.concatenate([start.cells[outside], self.cells[moved]]),
            numpy.concatenate([start.amounts[outside], (found + shift)[moved]]),
            base,
        )

    def _amounts(self, movement: Movement) -> numpy.ndarray:
        """Returns how far a movement moves each cell of the program."""
        amounts = numpy.zeros(len(self.series.cases))
        amounts[movement.cells] = movement.amounts
        return amounts[self.cells]

    def opposite(self, movement: Movement, cell: int, amount: float) -> Movement | None:
        """Returns the movement times what makes the cell's part the amount; None where that is not possible."""
        amounts = movement.amounts * (amount / movement.amounts[movement.cells == cell][0])
        up, down = numpy.split(self._limits(movement.cells), 2)
        if not _is_whole(amounts) or (amounts > up).any() or (-amounts > down).any():
            return None
        return Movement(movement.cells, numpy.round(amounts), -1)

    def _whole(self, movement):
        """Returns a movement in whole numbers in place of one that may not be; None if none was found."""
        if movement is None or _is_whole(movement):
            return movement if movement is None else numpy.round(movement)
        columns = numpy.arange(2 * self.count, dtype=numpy.int32)
        costs = self._costs(self.cells)
        hidden = numpy.tile(self.series.hidden[self.cells], 2)
        generator = numpy.random.default_rng(self.count)
        for _ in range(TRIES):
            varied = numpy.where(hidden, costs * 10 ** (2 * generator.random(len(costs)) - 1), costs)
            self.highs.changeColsCost(len(columns), columns, varied)
            movement = self._solve()
            if movement is not None and _is_whole(movement):
                break
        else:
            self.highs.changeColsIntegrality(len(columns), columns, numpy.ones(len(columns), dtype=numpy.uint8))
            movement = self._solve()
            self.highs.changeColsIntegrality(len(columns), columns, numpy.zeros(len(columns), dtype=numpy.uint8))
        self.highs.changeColsCost(len(columns), columns, costs)
        return numpy.round(movement) if movement is not None and _is_whole(movement) else None

    def stretch(self, generator) -> None:
        """Proves as many open targets as possible by movements of suppressed cells alone: some upwards, some downwards,
        with random preferences.
        """
        series, cells, self.is_stretched = self.series, self.cells, True
        everything = numpy.arange(2 * self.count)
        published = numpy.tile(~series.hidden[cells], 2)
        idle = 0
        for number in range(STRETCHES):
            is_open, upwards = series.is_open(cells), number % 2 == 0
            if is_open.sum() < 2 or idle == IDLE_STRETCHES:
                break
            limits = self.limits.copy()
            base = self._common_base(cells[is_open], generator) if upwards and number else -1
            if base >= 0:
                positions, under = self._limits_under(base)
                limits[positions] = under
            limits[published] = 0
            goal = series.threshold + (series.low[cells] if upwards else -series.high[cells])
            part = slice(0, self.count) if upwards else slice(self.count, None)
            costs = numpy.full(2 * self.count, COST_OF_SUPPRESSED)
            costs[part] -= is_open * generator.random(self.count)
            limits[part] = numpy.where(is_open, numpy.minimum(limits[part], numpy.maximum(goal, 0)), limits[part])
            self.highs.changeColsCost(2 * self.count, everything.astype(numpy.int32), costs)
            self._set_limits(everything, limits)
            movement = self._solve()
            if movement is not None and _is_whole(movement):
                moved = numpy.flatnonzero(numpy.round(movement))
                series.learn(Movement(cells[moved], numpy.round(movement)[moved], base))
            proven = is_open.sum() - series.is_open(cells).sum()
            # the first upwards and the first downwards prove one half each
            idle = idle + 1 if number > 1 and proven < max(LEAST_PROVEN, self.count / CELLS_FOR_A_PROOF) else 0
        self.highs.changeColsCost(2 * self.count, everything.astype(numpy.int32), self._costs(cells))
        self._set_limits(everything, self.limits)

    def _common_base(self, cells, generator) -> int:
        """Returns a movement of the denominators that gives some of the cells headroom, -1 where there is none."""
        bases = self.series.bases_of(cells)
        bases = bases[bases >= 0]
        return int(bases[generator.integers(len(bases))]) if len(bases) else -1


def _is_whole(movement: numpy.ndarray) -> bool:
    """Returns whether all amounts are whole numbers."""
    return bool(numpy.abs(movement - numpy.round(movement)).max(initial=0) <= TOLERANCE)
