"""Suppression of one year: the series one after the other, until every suppressed cell has a proof.

A proof is two tables that agree with everything published and differ in the cell by the threshold. Each is the true
table plus a movement. A movement of one series keeps every count within what contains it as it is, and above what it
contains as that is, so that it is possible while the other series stay; a numerator within a suppressed denominator may
grow as far as a proven movement of that allows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy

from atlas.suppression.cells import Cells
from atlas.suppression.line import protect_lines
from atlas.suppression.program import Program
from atlas.suppression.series import Movement, Series, read_series
from atlas.suppression.units import Units

# Attempts after which cells without a proof stay without: each suppresses their denominators.
ATTEMPTS = 20
# A series that suppressed further cells starts again with its sectors, so often at most.
ROUNDS = 20
# Which share of the threshold a cell moves down: half, else none. Others are tried where both take published cells: for
# one that takes none, or any that costs less if the cheapest costs this many thresholds.
DOWN = (0.5, 0.0)
MORE_DOWN = (0.25, 0.75, 1.0)
WORTH_A_SEARCH = 20


# Suppresses cells for those without proof (series, cell). Returns whether any was.
GiveWay = Callable[[list[tuple[Series, int]]], bool]


@dataclass(frozen=True)
class Outcome:
    """What is suppressed, as arrays with an element a cell of the year. below, above: how many cases the cell is proven
    to shrink and to grow. A suppressed cell with below + above < threshold has no proof, unless its proof is elsewhere
    (is_excused).
    """

    suppressed: numpy.ndarray
    below: numpy.ndarray
    above: numpy.ndarray
    is_excused: numpy.ndarray


def suppress(
    cells: Cells,
    units: Units,
    threshold: int,
    *,
    secondary: bool = True,
    begin: Callable[[list[Series]], None] | None = None,
    give_way: GiveWay | None = None,
) -> Outcome:
    """Returns the outcome of a year. secondary: False suppresses small cells and numerators of small denominators
    alone. begin: a step before all others. give_way: what is suppressed for cells without proof; their denominators, if
    None.
    """
    done: dict[str, Series] = {}
    for name, parts in _in_order(cells):
        done[name] = read_series(cells, units, name, parts, threshold, done)
    if begin and secondary:
        begin(list(done.values()))
    for _ in range(ATTEMPTS):
        lost = []
        for series in done.values():
            series.follow()
            if secondary:
                lost += [(series, cell) for cell in protect(series, units)]
        if not (give_way or _suppress_around)(lost):
            break
    suppressed, is_excused = numpy.zeros((2, len(cells.cases)), dtype=bool)
    below, above = numpy.zeros((2, len(cells.cases)), dtype=int)
    for series in done.values():
        own = numpy.flatnonzero(series.numbers >= 0)
        numbers = series.numbers[own]
        suppressed[numbers], is_excused[numbers] = series.target[own], series.excused[own]
        below[numbers], above[numbers] = numpy.round(-series.low[own]), numpy.round(series.high[own])
    return Outcome(suppressed, below, above, is_excused)


def _in_order(cells: Cells) -> list[tuple[str, list[str]]]:
    """Returns the names of the series with those of their parts: denominators, then what is divided by them.

    A list within another one is part of it, also where a correction leaves a person in the smaller list alone: the
    cells in which it then exceeds the other have no limit by each other (series.py), all others have.
    """
    names, first, number = numpy.unique(cells.series.astype(str), return_index=True, return_inverse=True)
    is_contained = cells.container >= 0
    parts: dict[str, list[str]] = {}
    for place in numpy.unique(number[is_contained]):
        own = number == place
        if is_contained[own].all():
            parts.setdefault(str(cells.series[cells.container[first[place]]]), []).append(str(names[place]))
    inner = {name for contained in parts.values() for name in contained}
    whole = [(bool(cells.denominator[at] >= 0), str(name)) for name, at in zip(names, first, strict=True)]
    return [(name, parts.get(name, [])) for _, name in sorted(whole) if name not in inner]


def _suppress_around(lost: list[tuple[Series, int]]) -> bool:
    """Suppresses the denominators of cells without proof, so that they can grow with them. Returns whether any was."""
    found = False
    for series, cell in lost:
        around = series.denominator_cell[cell] if series.denominator is not None and series.is_bounded else -1
        if around >= 0 and not series.denominator.hidden[around]:
            series.denominator.hide(numpy.array([around]))
            found = True
    return found


def protect(series: Series, units: Units) -> list[int]:
    """Suppresses further cells until every suppressed cell is proven. Returns those that are not, whatever is
    suppressed.
    """
    lost: set[int] = set()
    generator = numpy.random.default_rng(series.threshold)
    everything = numpy.arange(len(series.cases))
    for _ in range(ROUNDS):
        protect_lines(series, units)
        todo = [cell for cell in everything[series.is_open(everything)].tolist() if cell not in lost]
        if not todo:
            break
        place = {cell: int(units.parent[series.unit[cell]]) for cell in todo}
        rank = {cell: -1 if place[cell] < 0 else int(units.rank[place[cell]]) for cell in todo}
        programs: dict[tuple, Program] = {}
        for cell in sorted(todo, key=lambda cell: (rank[cell], place[cell], -series.cases[cell], cell)):
            if series.is_open(cell) and not protect_cell(series, units, cell, programs, generator):
                lost.add(cell)
    return sorted(lost)


def protect_cell(series: Series, units: Units, cell: int, programs: dict, generator) -> bool:
    """Proves one cell, or suppresses what it takes, within the smallest surroundings in which it can move: its siblings
    and what is below them, then those of the parent, and so on up to the whole country. Where the siblings hold too few
    cases of its column, it moves with the unit around them, if that is proven to grow. Returns whether it is proven.

    programs: those that were made, by surroundings; new ones are added.
    """
    parent = int(units.parent[series.unit[cell]])
    municipality = parent if units.has_sectors(parent) else -1
    found = ways(series, cell, DOWN)
    top = parent
    while found:
        while top >= 0:
            fall, headroom = counterweight(series, units, cell, top)
            if any(max(way) <= fall and -min(way) <= headroom for way in found):
                break
            start, grows = _growth_around(series, units, cell, top) if municipality < 0 else (None, 0.0)
            grown = [way for way in found if max(way) <= fall + grows and -min(way) <= headroom]
            if start is not None and grown:
                program = _program_of(series, units, top, municipality, programs)
                if any(move_along(series, program, cell, way, start) for way in grown):
                    return True
            top = int(units.parent[top])
        program = _program_of(series, units, top, municipality, programs)
        if not program.is_stretched and (municipality < 0 or series.part.any()):
            program.stretch(generator)
            if not series.is_open(cell):
                return True
        if move_cheaply(series, program, cell, found):
            return True
        if top < 0:
            break
        top = int(units.parent[top])
    return False


def _program_of(series: Series, units: Units, top: int, municipality: int, programs: dict) -> Program:
    """Returns the program of what is below a unit, and of the sectors of a municipality unless that is -1."""
    key = (top, municipality)
    if key not in programs:
        slots = units.below(top)
        if municipality not in (-1, top):
            slots = slots + units.below(municipality)
        programs[key] = Program(series, series.movable(series.cells_of(slots)))
    programs[key].refresh()
    return programs[key]


def move_along(series: Series, program: Program, cell: int, way: list[float], start: Movement) -> bool:
    """Moves a cell by each amount of a way, and suppresses what moves with it. start: a movement that is made outside
    of the program while the cell grows. Returns whether all are possible.
    """
    movements = []
    for amount in way:
        movement = program.move(cell, amount, start=start if amount > 0 else None)
        if movement is None:
            return False
        movements.append(movement)
    _make(series, movements)
    return True


def move_cheaply(series: Series, program: Program, cell: int, found: list[list[float]]) -> bool:
    """Moves a cell by each amount of the way that takes the cheapest published cells, and suppresses them. Returns
    whether a way is possible.

    Where an amount takes published cells, a larger one in the same direction does so too: such ways are tried only
    where the cells so far are dear.
    """
    known: dict[float, Movement | None] = {}
    taking: list[float] = []  # amounts that take published cells, or are not possible
    best: list[Movement] = []
    lowest = numpy.inf
    for way in _with_more(series, cell, found):
        takes = any(amount / least >= 1 for amount in way for least in taking)
        if takes and lowest < WORTH_A_SEARCH * series.threshold:
            continue
        movements: list[Movement] = []
        for amount in way:
            if amount not in known:
                known[amount] = _moved(series, program, cell, amount, movements[0] if movements else None)
                if known[amount] is None or not series.hidden[known[amount].cells].all():
                    taking.append(amount)
            if known[amount] is None:
                break
            movements.append(known[amount])
        if len(movements) == len(way):
            cost = _cost(series, movements)
            if cost < lowest:
                best, lowest = movements, cost
            if not cost:
                break
    _make(series, best)
    return bool(best)


def _with_more(series: Series, cell: int, found: list[list[float]]) -> Iterator[list[float]]:
    """Yields some ways, then those with other shares of the threshold."""
    yield from found
    yield from (way for way in ways(series, cell, MORE_DOWN) if way not in found)


def _cost(series: Series, movements: list[Movement]) -> float:
    """Returns the cost of the published cells that some movements take."""
    cells = numpy.unique(numpy.concatenate([movement.cells for movement in movements]))
    return float(series.cost[cells[~series.hidden[cells]]].sum())


def _moved(series: Series, program: Program, cell: int, amount: float, before: Movement | None) -> Movement | None:
    """Returns the movement of a cell by an amount: the opposite of the one before if possible, else the cheapest."""
    opposite = program.opposite(before, cell, amount) if before else None
    if opposite is not None:
        return opposite
    base = int(series.bases_of(numpy.array([cell]))[0]) if amount > series.headroom[cell] else -1
    return program.move(cell, amount, base=base, with_cells=before.cells if before else None)


def _make(series: Series, movements: list[Movement]) -> None:
    """Suppresses what some movements move."""
    for movement in movements:
        series.hide(movement.cells[~series.hidden[movement.cells]])
        series.learn(movement)


def ways(series: Series, cell: int, downs: tuple[float, ...]) -> list[list[float]]:
    """Returns the movements that a cell's proof lacks: where half is proven already, the rest of it; then for each
    share of the threshold that it moves down.
    """
    threshold, found = series.threshold, []
    below, above = -series.low[cell], series.high[cell]
    most = float(series.most_headroom(numpy.array([cell]))[0])
    rest = [down for down, proven in ((below, below), (threshold - above, above)) if proven >= threshold // 2]
    for down in (*rest, *(int(share * threshold) for share in downs)):
        up = min(threshold - min(down, series.fall[cell]), most)
        way = [amount for amount, proven in ((up, above), (up - threshold, below)) if abs(amount) > proven]
        if threshold - up <= series.fall[cell] and way not in found:
            found.append(way)
    return found


def counterweight(series: Series, units: Units, cell: int, top: int) -> tuple[float, float]:
    """Returns how far the other children of `top` can shrink and grow in the column of a cell."""
    child = int(series.unit[cell])
    while units.parent[child] != top:
        child = int(units.parent[child])
    others = series.of_column(cell, [unit for unit in units.children[top] if unit != child])
    return float(series.fall[others].sum()), float(series.headroom[others].sum())


def _growth_around(series: Series, units: Units, cell: int, top: int) -> tuple[Movement | None, float]:
    """Returns the movement that moves the cell of `top` in the column of a cell up farthest, and how far; None and 0
    where none is known, or where it moves sectors: they would have to move anew.
    """
    around = series.of_column(cell, [top])
    start, grows = series.farthest_up(int(around[0])) if len(around) else (None, 0.0)
    if start is None or units.is_sector[series.unit[start.cells]].any():
        return None, 0.0
    return start, grows
