"""What a linear-program method would suppress on the cells of a warehouse, beside what the method in use suppresses.

`python tests/bench/linear_program.py WAREHOUSE --year 2024`, on a copy: reads `protected_cell` and prints secondary cells and the cases in them by
series, and the seconds. Nothing in the product reads it; docs/adr/0003-secondary-suppression-method.md has what was measured. It protects remainders
(persons of no known address or sector) as cells too.

A suppressed cell is protected when there are two tables that agree with everything published and differ in the cell by
the threshold. Each is the true table plus a movement: a change of suppressed cells that keeps every published sum and
leaves no count negative, nor larger than the count that contains it. A linear program finds the movement that
suppresses the least more.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import highspy
import numpy

# What a cell costs beside the threshold and its cases: a total counts this much more, a level this much more than the next.
COST_OF_TOTAL = 100.0
COST_OF_LEVEL = 3.0
# A move through suppressed cells costs next to nothing, and may be this many thresholds long.
COST_OF_SUPPRESSED = 1e-4
FARTHEST = 10
# Programs that prove many cells at once, before each unproven cell gets its own.
STRETCHES = 4
ROUNDS = 20
TOLERANCE = 1e-6
WITHOUT_LIMIT = 1e9


@dataclass
class Units:
    """The tree of units. A parent's remainder, the persons of no known child, has the number of the parent + `count`."""

    parent: numpy.ndarray  # -1: none
    rank: numpy.ndarray
    has_rest: numpy.ndarray  # siblings and a remainder add up to the parent
    is_line: numpy.ndarray  # a statistical sector: has no filters, and is protected within its municipality

    def __post_init__(self):
        self.count = len(self.parent)
        self.children = [[] for _ in range(self.count)]
        for unit, parent in enumerate(self.parent.tolist()):
            if parent >= 0:
                self.children[parent].append(unit)

    def parent_of(self, slot: int) -> int:
        """Returns the parent of a unit, or of a remainder; -1 for the country."""
        return slot - self.count if slot >= self.count else int(self.parent[slot])

    def below(self, unit: int) -> list[int]:
        """Returns the units below a unit, without sectors unless it is a municipality, and their remainders."""
        found, todo = [], [unit]
        while todo:
            parent = todo.pop()
            children = self.children[parent]
            if children and (parent == unit or not self.is_line[children[0]]):
                found += [*children, self.count + parent]
                todo += children
        return found


@dataclass
class Series:
    """The cells of one series and year, remainders last. A cell that is `hidden` may move; one that is a `target` must be able to."""

    threshold: int
    cases: numpy.ndarray
    fall: numpy.ndarray  # how much a cell can shrink, for what it contains
    headroom: numpy.ndarray  # how much it can grow, within what contains it
    cost: numpy.ndarray
    hidden: numpy.ndarray
    target: numpy.ndarray
    slot: numpy.ndarray
    column: numpy.ndarray
    is_total: numpy.ndarray
    entries: tuple  # of the sums: first entry of each cell, row, sign (-1: the sum's total)
    rows: int
    low: numpy.ndarray = field(init=False)
    high: numpy.ndarray = field(init=False)

    def __post_init__(self):
        self.low, self.high = numpy.zeros((2, len(self.cases)))
        self.changes: list[int] = []
        self.of_slot = numpy.argsort(self.slot, kind="stable")
        self.sorted_slot = self.slot[self.of_slot]

    def is_open(self, cells):
        """Whether cells are targets without proof."""
        return self.target[cells] & (self.high[cells] - self.low[cells] < self.threshold - TOLERANCE)

    def hide(self, cells) -> None:
        """Suppresses further cells, which then must be protected themselves."""
        self.hidden[cells] = self.target[cells] = True
        self.changes += numpy.atleast_1d(cells).tolist()

    def learn(self, cells, movement) -> None:
        """Records that a movement of suppressed cells is possible."""
        self.low[cells] = numpy.minimum(self.low[cells], movement)
        self.high[cells] = numpy.maximum(self.high[cells], movement)

    def cells_of(self, slots) -> numpy.ndarray:
        """Returns the numbers of the cells of some units and remainders."""
        slots = numpy.sort(numpy.asarray(slots, dtype=int))
        first = numpy.searchsorted(self.sorted_slot, slots)
        last = numpy.searchsorted(self.sorted_slot, slots, side="right")
        return numpy.concatenate([self.of_slot[a:b] for a, b in zip(first, last, strict=True)] or [slots])


class Program:
    """The linear program of the movements of some cells while all others stay. Each cell has two columns, up and down."""

    def __init__(self, series: Series, cells: numpy.ndarray):
        self.series, self.cells, self.count = series, cells, len(cells)
        self.position = {cell: number for number, cell in enumerate(cells.tolist())}
        self.seen = len(series.changes)
        first, row, sign = series.entries
        lengths = first[cells + 1] - first[cells]
        column = numpy.repeat(numpy.arange(self.count), lengths)
        entry = numpy.repeat(first[cells] - numpy.cumsum(lengths) + lengths, lengths) + numpy.arange(lengths.sum())
        row, sign = row[entry], sign[entry]
        # a sum of which only the total is here (a municipality without its sectors) is balanced by `protect_line`
        has_part = numpy.zeros(series.rows, dtype=bool)
        has_part[row[sign > 0]] = True
        kept = has_part[row]
        used, row = numpy.unique(row[kept], return_inverse=True)
        column, sign = column[kept], sign[kept]
        start = numpy.searchsorted(column, numpy.arange(self.count + 1))
        self.highs = highs = highspy.Highs()
        for option, value in (("output_flag", False), ("threads", 1), ("presolve", "off"), ("solver", "simplex")):
            highs.setOptionValue(option, value)
        zeros = numpy.zeros(len(used))
        highs.passModel(
            *(2 * self.count, len(used), 2 * len(row), 1, 1, 0.0),
            *(self._costs(cells), numpy.zeros(2 * self.count), self._limits(cells), zeros, zeros),
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

    def _limits(self, cells):
        series = self.series
        longest = numpy.where(series.hidden[cells], FARTHEST, 1) * series.threshold
        return numpy.minimum(numpy.concatenate([series.headroom[cells], series.fall[cells]]), numpy.tile(longest, 2))

    def _columns(self, positions):
        return numpy.concatenate([positions, positions + self.count]).astype(numpy.int32)

    def _set(self, columns, costs=None, limits=None) -> None:
        if costs is not None:
            self.highs.changeColsCost(len(columns), columns, costs)
        if limits is not None:
            self.highs.changeColsBounds(len(columns), columns, numpy.zeros(len(columns)), limits)

    def refresh(self) -> None:
        """Takes note of the cells that were suppressed since."""
        changed = [self.position[cell] for cell in self.series.changes[self.seen :] if cell in self.position]
        self.seen = len(self.series.changes)
        if changed:
            positions = numpy.array(changed)
            cells = self.cells[positions]
            self._set(self._columns(positions), self._costs(cells), self._limits(cells))

    def _solve(self):
        self.highs.run()
        if self.highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        values = numpy.array(self.highs.getSolution().col_value)
        return values[: self.count] - values[self.count :]

    def move(self, cell: int, amount: float):
        """Returns the cheapest movement in which the cell grows by the amount (shrinks, if negative); None if there is none."""
        position = numpy.array([self.position[cell]])
        columns = self._columns(position)
        wanted = numpy.array([max(amount, 0.0), max(-amount, 0.0)])
        self.highs.changeColsBounds(2, columns, wanted, wanted)
        movement = self._solve()
        if movement is not None and numpy.abs(movement - numpy.round(movement)).max() > TOLERANCE:
            movement = self._solve_in_whole_numbers()
        elif movement is not None:
            movement = numpy.round(movement)
        self._set(columns, limits=self._limits(self.cells[position]))
        return movement

    def _solve_in_whole_numbers(self):
        columns = numpy.arange(2 * self.count, dtype=numpy.int32)
        self.highs.changeColsIntegrality(len(columns), columns, numpy.ones(len(columns), dtype=numpy.uint8))
        movement = self._solve()
        self.highs.changeColsIntegrality(len(columns), columns, numpy.zeros(len(columns), dtype=numpy.uint8))
        return None if movement is None else numpy.round(movement)

    def stretch(self, generator) -> None:
        """Proves as many open targets as possible by movements of suppressed cells alone."""
        series, cells = self.series, self.cells
        everything = numpy.arange(2 * self.count, dtype=numpy.int32)
        published = numpy.tile(~series.hidden[cells], 2)
        for number in range(2 * STRETCHES):
            is_open = series.is_open(cells)
            if is_open.sum() < 2:
                break
            limits = self._limits(cells)
            limits[published] = 0
            goal = numpy.where(
                number % 2 == 0, series.threshold + series.low[cells], series.threshold - series.high[cells]
            )
            part = slice(0, self.count) if number % 2 == 0 else slice(self.count, None)
            costs = numpy.full(2 * self.count, COST_OF_SUPPRESSED)
            costs[part] -= is_open * (0.5 + generator.random(self.count))
            limits[part] = numpy.where(is_open, numpy.minimum(limits[part], numpy.maximum(goal, 0)), limits[part])
            self._set(everything, costs, limits)
            movement = self._solve()
            if movement is not None and numpy.abs(movement - numpy.round(movement)).max() <= TOLERANCE:
                series.learn(cells, numpy.round(movement))
        self._set(everything, self._costs(cells), self._limits(cells))
        self.seen = len(series.changes)


def protect(series: Series, units: Units) -> int:
    """Suppresses further cells until every suppressed cell is protected. Returns how many have no proof within their
    own series (the count inside them would have to move too).
    """
    lost: set[int] = set()
    generator = numpy.random.default_rng(series.threshold)
    everything = numpy.arange(len(series.cases))
    for _ in range(ROUNDS):
        for municipality in sorted({int(units.parent[unit]) for unit in numpy.flatnonzero(units.is_line)}):
            protect_line(series, units, municipality)
        todo = [cell for cell in everything[series.is_open(everything)].tolist() if cell not in lost]
        if not todo:
            break
        place = {cell: units.parent_of(int(series.slot[cell])) for cell in todo}
        rank = {cell: -1 if place[cell] < 0 else int(units.rank[place[cell]]) for cell in todo}
        programs: dict[tuple, Program] = {}
        for cell in sorted(todo, key=lambda cell: (rank[cell], place[cell], -series.cases[cell], cell)):
            if series.is_open(cell) and not protect_cell(series, units, cell, programs, generator):
                lost.add(cell)
    return len(lost)


def ways(series: Series, cell: int) -> list[list[float]]:
    """Returns the pairs of movements that protect a cell: half up, half down, then as much as possible up."""
    threshold, found = series.threshold, []
    for down in (min(series.fall[cell], threshold // 2), 0):
        up = min(threshold - down, series.headroom[cell])
        pair = [amount for amount in (up, up - threshold) if amount]
        if threshold - up <= series.fall[cell] and pair not in found:
            found.append(pair)
    return found


def protect_cell(series: Series, units: Units, cell: int, programs: dict, generator) -> bool:
    """Protects one cell within the smallest surroundings in which it can move: its siblings and what is below them, then
    those of the parent, and so on. Returns whether there are any.
    """
    parent = units.parent_of(int(series.slot[cell]))
    municipality = parent if parent >= 0 and units.children[parent] and units.is_line[units.children[parent][0]] else -1
    for way in (pair for pair in [ways(series, cell)] if pair):
        top = parent
        while True:
            while top >= 0 and not has_counterweight(series, units, cell, top, way):
                top = int(units.parent[top])
            key = (top, municipality)
            if key not in programs:
                slots = list(range(units.count)) if top < 0 else units.below(top)
                if top < 0:
                    roots = numpy.flatnonzero(units.parent < 0).tolist()
                    slots = roots + [slot for root in roots for slot in units.below(root)]
                if municipality not in (-1, top):
                    slots += units.below(municipality)
                programs[key] = Program(series, series.cells_of(slots))
                if municipality < 0:
                    programs[key].stretch(generator)
                    if not series.is_open(cell):
                        return True
            program = programs[key]
            program.refresh()
            for pair in way:
                movements = [program.move(cell, amount) for amount in pair]
                if all(movement is not None for movement in movements):
                    for movement in movements:
                        moved = program.cells[movement != 0]
                        series.hide(moved[~series.hidden[moved]])
                        series.learn(program.cells, movement)
                    return True
            if top < 0:
                return False
            top = int(units.parent[top])
    return False


def has_counterweight(series: Series, units: Units, cell: int, top: int, way) -> bool:
    """Returns False where a cell cannot move because the other children of `top` hold too few cases of its column."""
    child = int(series.slot[cell])
    while units.parent_of(child) != top:
        child = units.parent_of(child)
    others = series.cells_of([unit for unit in (*units.children[top], units.count + top) if unit != child])
    others = others[series.column[others] == series.column[cell]]
    return any(max(pair) <= series.fall[others].sum() and -min(pair) <= series.headroom[others].sum() for pair in way)


def protect_line(series: Series, units: Units, municipality: int) -> None:
    """Suppresses sectors until each suppressed one, and the municipality if it is suppressed, can move within the line of
    the municipality's sectors and its remainder. Without linear programs: the line is one sum.
    """
    threshold = series.threshold
    cells = series.cells_of(units.below(municipality))
    whole = series.cells_of([municipality])
    whole = whole[series.is_total[whole]]
    while True:
        hidden, target = series.hidden[cells], series.target[cells]
        must_move = bool(series.hidden[whole].any())
        if not len(cells) or not (target.any() or must_move):
            return
        fall, headroom = series.fall[cells], numpy.minimum(series.headroom[cells], FARTHEST * threshold)
        all_fall, all_headroom = fall[hidden].sum(), headroom[hidden].sum()
        up = numpy.minimum(numpy.minimum(headroom, all_fall - fall), threshold)
        down = numpy.minimum(numpy.minimum(fall, all_headroom - headroom), threshold)
        lacking = numpy.where(target, threshold - up - down, 0).max()
        if must_move:
            lacking = max(lacking, min(threshold, series.fall[whole].sum()) - all_fall, threshold - all_headroom)
        if lacking <= 0:
            series.learn(cells[target], up[target])
            series.learn(cells[target], -down[target])
            return
        free = numpy.flatnonzero(~hidden & (series.cases[cells] > 0))
        if not len(free):
            return
        # the cheapest that is enough alone, else the largest
        enough = free[(fall[free] >= lacking) & (headroom[free] >= lacking)]
        chosen = enough[numpy.argmin(series.cost[cells[enough]])] if len(enough) else free[numpy.argmax(fall[free])]
        series.hide(cells[[chosen]])


@dataclass
class Cells:
    """The cells of one year, one number each in all arrays; `container` and `denominator` are such numbers, or -1."""

    series: numpy.ndarray
    unit: numpy.ndarray
    filters: list[numpy.ndarray]  # the number of each filter's value, 0 for the total
    cases: numpy.ndarray
    persons: numpy.ndarray
    is_small: numpy.ndarray
    denominator: numpy.ndarray
    container: numpy.ndarray
    is_bounded: numpy.ndarray  # the count is at most its denominator


def suppress(cells: Cells, units: Units, threshold: int) -> tuple[numpy.ndarray, ...]:
    """Returns for each cell whether it is suppressed, and how far below and above its count the proven interval ends."""
    hidden = cells.is_small.copy()
    low, high = numpy.zeros((2, len(hidden)), dtype=int)
    done: dict[str, tuple[Series, numpy.ndarray, numpy.ndarray]] = {}
    names = {}
    for name, denominator, container in zip(cells.series, cells.denominator >= 0, cells.container >= 0, strict=True):
        names[name] = bool(denominator) + bool(container)
    largest = numpy.zeros(len(hidden))
    for inner in (cells.denominator * cells.is_bounded - ~cells.is_bounded, cells.container):
        contained = (inner >= 0) & ~cells.is_small  # a small cell inside can move as well
        numpy.maximum.at(largest, inner[contained], cells.cases[contained])
    for name in sorted(names, key=lambda name: (names[name], name)):
        numbers = numpy.flatnonzero(cells.series == name)
        hidden[numbers] |= hidden[cells.denominator[numbers]] & (cells.denominator[numbers] >= 0)
        series, totals = read_series(cells, units, numbers, hidden, largest, threshold, done)
        done[name] = (series, numbers, totals)
        protect(series, units)
        own = slice(0, len(numbers))
        hidden[numbers], low[numbers], high[numbers] = series.hidden[own], series.low[own], series.high[own]
    return hidden, low, high


def read_series(cells, units, numbers, hidden, largest, threshold, done) -> tuple[Series, numpy.ndarray]:
    """Returns the cells of a series with their remainders and sums, and the cell from which each remainder is left."""
    cases, unit = cells.cases[numbers].astype(float), cells.unit[numbers]
    widths = [int(values.max(initial=0)) + 1 for values in cells.filters]
    steps = numpy.cumprod([1, *widths])
    column = sum(values[numbers] * step for values, step in zip(cells.filters, steps, strict=False))
    key = unit * steps[-1] + column
    order = numpy.argsort(key)

    def find(wanted):
        place = numpy.minimum(numpy.searchsorted(key[order], wanted), len(key) - 1)
        return numpy.where(key[order][place] == wanted, order[place], -1)

    sums, rows = [], 0  # (row, cell, sign)
    for values, step in zip(cells.filters, steps, strict=False):
        parts = numpy.flatnonzero(values[numbers] > 0)
        totals = find(key[parts] - values[numbers][parts] * step)
        rows += _add(sums, rows, totals, parts)
    parts = numpy.flatnonzero(units.parent[unit] >= 0)
    totals = find(units.parent[unit[parts]] * steps[-1] + column[parts])
    parts, totals = parts[totals >= 0], totals[totals >= 0]
    left = numpy.unique(totals[units.has_rest[unit[parts]]])
    first = rows
    rows += _add(sums, rows, totals, parts)
    rest = [
        values[left] - numpy.bincount(totals, values[parts], len(cases))[left]
        for values in (cases, cells.persons[numbers].astype(float))
    ]
    sums.append(
        (
            first + numpy.searchsorted(numpy.unique(totals), left),
            len(cases) + numpy.arange(len(left)),
            numpy.ones(len(left)),
        )
    )
    all_cases = numpy.concatenate([cases, rest[0]])
    small_rest = numpy.any([(values > 0) & (values < threshold) for values in rest], axis=0)
    headroom = numpy.full(len(all_cases), WITHOUT_LIMIT)
    for outer, is_bounded in (
        (cells.denominator[numbers], cells.is_bounded[numbers]),
        (cells.container[numbers], True),
    ):
        if (outer < 0).any():
            continue
        around, of_around, left_around = done[cells.series[outer[0]]]
        inside = numpy.searchsorted(of_around, outer)
        places = numpy.concatenate([inside, len(of_around) + numpy.searchsorted(left_around, inside[left])])
        free = numpy.where(around.target[places], threshold, 0)
        limit = around.cases[places] - all_cases if numpy.all(is_bounded) else WITHOUT_LIMIT * around.cases[places]
        headroom = numpy.minimum(headroom, numpy.maximum(limit, 0) + free)
        small_rest |= around.target[places[len(cases) :]]
    depth = sum((values[numbers] > 0).astype(int) for values in cells.filters)
    rank = units.rank[unit].astype(float)
    cost = (
        (threshold + cases)
        * COST_OF_LEVEL ** (rank.max() - rank)
        * numpy.where(depth == 0, COST_OF_TOTAL, 1.0 + (depth < depth.max()))
    )
    row, cell, sign = (numpy.concatenate(part) for part in zip(*sums, strict=True))
    order_of_entries = numpy.argsort(cell, kind="stable")
    entries = (
        numpy.searchsorted(cell[order_of_entries], numpy.arange(len(all_cases) + 1)),
        row[order_of_entries],
        sign[order_of_entries],
    )
    is_rest = numpy.arange(len(all_cases)) >= len(cases)
    target = numpy.concatenate([hidden[numbers], small_rest])
    series = Series(
        threshold=threshold,
        cases=all_cases,
        fall=all_cases - numpy.concatenate([largest[numbers], numpy.zeros(len(left))]),
        headroom=headroom,
        cost=numpy.concatenate([cost, numpy.zeros(len(left))]),
        hidden=target | is_rest,
        target=target,
        slot=numpy.concatenate([unit, units.count + unit[left]]),
        column=numpy.concatenate([column, column[left]]),
        is_total=numpy.concatenate([depth == 0, numpy.zeros(len(left), dtype=bool)]),
        entries=entries,
        rows=rows,
    )
    return series, left


def _add(sums, row, totals, parts) -> int:
    """Adds one sum for each total that occurs. Returns how many."""
    found, number = numpy.unique(totals, return_inverse=True)
    sums.append((row + number, parts, numpy.ones(len(parts))))
    sums.append((row + numpy.arange(len(found)), found, -numpy.ones(len(found))))
    return len(found)


FILTERS = ("procedure_type", "age_category", "increased_reimbursement")
KEY = ("reference_year", "series", "geo_level", "geo_code", *FILTERS)
# The list of one variable is part of that of another: a CT scan is a radiologist's examination.
CONTAINER = {"IMAG_CT_N": "IMAG_RAD_N"}


def read_cells(warehouse: Path, year: int, condition: str) -> tuple[Cells, Units, numpy.ndarray]:
    """Returns the cells and units of a year, and whether the method in use suppresses each cell."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        unit = connection.execute(
            "select parent_unit_id, level_rank, geo_level from intermediate.suppression_unit order by unit_id"
        ).fetchnumpy()
        found = connection.execute(
            f"""
            with cell as (
                select *, row_number() over (order by cell_id) - 1 as number from intermediate.protected_cell
                where reference_year = {int(year)} and ({condition})
            )
            select cell.series, cell.unit_id - 1 as unit, {", ".join("cell." + name for name in FILTERS)}, cell.cases, cell.persons, cell.is_small,
                cell.headroom is not null as is_bounded, coalesce(denominator.number, -1) as denominator,
                coalesce(container.number, -1) as container,
                coalesce(decision.is_suppressed, published.is_numerator_suppressed) as is_suppressed
            from cell
            left join cell as denominator on cell.denominator_id = denominator.cell_id
            left join cell as container
                on cell.unit_id = container.unit_id and cell.column_id = container.column_id
                and container.series = case {" ".join(f"when cell.series = '{a}' then '{b}'" for a, b in CONTAINER.items())} end
            left join intermediate.denominator_decision as decision on cell.cell_id = decision.cell_id
            left join intermediate.publishable_cell as published
                on {" and ".join(f"cell.{name} = published.{name}" for name in KEY)}
            order by cell.number
            """
        ).fetchnumpy()
    level = numpy.asarray(unit["geo_level"], dtype=object)
    units = Units(
        parent=unit["parent_unit_id"].astype(int) - 1,
        rank=unit["level_rank"].astype(int),
        has_rest=numpy.isin(level, ["region", "statistical_sector"]),
        is_line=level == "statistical_sector",
    )
    filters = []
    for name in FILTERS:
        values = numpy.asarray(found[name], dtype=object)
        number = {value: place for place, value in enumerate(["total", *sorted(set(values) - {"total"})])}
        filters.append(numpy.array([number[value] for value in values]))
    counts = {name: found[name].astype(int) for name in ("unit", "cases", "persons", "denominator", "container")}
    flags = {name: found[name].astype(bool) for name in ("is_small", "is_bounded")}
    cells = Cells(series=numpy.asarray(found["series"], dtype=object), filters=filters, **counts, **flags)
    return cells, units, found["is_suppressed"].astype(bool)


def main() -> None:
    """Prints the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("warehouse", type=Path)
    parser.add_argument("--year", type=int, required=True)
    parser.add_argument("--where", default="true", help="SQL: the cells of protected_cell that are published")
    parser.add_argument("--threshold", type=int, default=5)
    arguments = parser.parse_args()
    cells, units, in_use = read_cells(arguments.warehouse, arguments.year, arguments.where)
    started = time.process_time()
    hidden, low, high = suppress(cells, units, arguments.threshold)
    print(f"{time.process_time() - started:.1f} CPU seconds")
    print(
        "series | primary | in use: secondary cells, cases | linear programs: secondary cells, cases, too short intervals"
    )
    for name in sorted(set(cells.series)):
        own = cells.series == name
        row = [int((own & cells.is_small).sum())]
        for suppressed in (in_use, hidden):
            further = own & suppressed & ~cells.is_small
            row += [int(further.sum()), int(cells.cases[further].sum())]
        row.append(int((own & hidden & (high - low < arguments.threshold)).sum()))
        print(name, *row, sep=" | ")


if __name__ == "__main__":
    main()
