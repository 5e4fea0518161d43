"""Suppression of one year: the series one after the other, until every suppressed cell has a proof.

A proof is two tables that agree with everything published and differ in the cell by the threshold. Each is the true
table plus a movement. A movement of one series keeps every count within what contains it as it is, and above what it
contains as that is, so that it is possible while the other series stay; a numerator within a suppressed denominator may
grow as far as a proven movement of that allows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy

from atlas.suppression.cells import Cells
from atlas.suppression.line import protect_lines
from atlas.suppression.program import Program
from atlas.suppression.series import Series, read_series
from atlas.suppression.units import Units

# Attempts after which cells without a proof stay without: each suppresses their denominators.
ATTEMPTS = 20
# A series that suppressed further cells starts again with its sectors, so often at most.
ROUNDS = 20


# Suppresses cells for those without proof (series, cell), given all series and the number of attempts before this one.
# Returns whether any was.
GiveWay = Callable[[list[tuple[Series, int]], list[Series], int], bool]


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
    for attempt in range(ATTEMPTS):
        lost = []
        for series in done.values():
            series.follow()
            if secondary:
                lost += [(series, cell) for cell in protect(series, units)]
        if not (give_way or _suppress_around)(lost, list(done.values()), attempt):
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

    A list is treated as part of another one where each of its counts is at most that of the other: corrections may
    leave a person in the smaller list alone, and then nobody can rely on it.
    """
    names, first, number = numpy.unique(cells.series.astype(str), return_index=True, return_inverse=True)
    is_contained = cells.container >= 0
    exceeds = is_contained & (cells.cases > cells.cases[cells.container])
    parts: dict[str, list[str]] = {}
    for place in numpy.unique(number[is_contained]):
        own = number == place
        if is_contained[own].all() and not exceeds[own].any():
            parts.setdefault(str(cells.series[cells.container[first[place]]]), []).append(str(names[place]))
    inner = {name for contained in parts.values() for name in contained}
    whole = [(bool(cells.denominator[at] >= 0), str(name)) for name, at in zip(names, first, strict=True)]
    return [(name, parts.get(name, [])) for _, name in sorted(whole) if name not in inner]


def _suppress_around(lost: list[tuple[Series, int]], _series: list[Series], _attempt: int) -> bool:
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
    and what is below them, then those of the parent, and so on up to the whole country. Returns whether it is proven.

    programs: those that were made, by surroundings; new ones are added.
    """
    parent = int(units.parent[series.unit[cell]])
    municipality = parent if units.has_sectors(parent) else -1
    found = ways(series, cell)
    top = parent
    while found:
        while top >= 0 and not has_counterweight(series, units, cell, top, found):
            top = int(units.parent[top])
        key = (top, municipality)
        if key not in programs:
            slots = units.below(top)
            if municipality not in (-1, top):
                slots = slots + units.below(municipality)
            programs[key] = Program(series, series.movable(series.cells_of(slots)))
            if municipality < 0 or series.part.any():
                programs[key].stretch(generator)
                if not series.is_open(cell):
                    return True
        program = programs[key]
        program.refresh()
        for way in found:
            if move_along(series, program, cell, way):
                return True
        if top < 0:
            break
        top = int(units.parent[top])
    return False


def move_along(series: Series, program: Program, cell: int, way: list[float]) -> bool:
    """Moves a cell by each amount of a way, and suppresses what moves with it. Returns whether all are possible."""
    movements = []
    for amount in way:
        base = series.base_of(cell) if amount > series.headroom[cell] else -1
        movement = program.move(cell, amount, base)
        if movement is None:
            return False
        movements.append(movement)
    for movement in movements:
        moved = program.cells[movement != 0]
        series.hide(moved[~series.hidden[moved]])
        series.learn(program.cells, movement)
    return True


def ways(series: Series, cell: int) -> list[list[float]]:
    """Returns the pairs of movements that protect a cell: half up, half down, then as much as possible up."""
    threshold, found = series.threshold, []
    for down in (min(series.fall[cell], threshold // 2), 0):
        up = min(threshold - down, series.most_headroom(cell))
        way = [amount for amount in (up, up - threshold) if amount]
        if threshold - up <= series.fall[cell] and way not in found:
            found.append(way)
    return found


def has_counterweight(series: Series, units: Units, cell: int, top: int, found) -> bool:
    """Returns False where a cell cannot move because the other children of `top` hold too few cases of its column."""
    child = int(series.unit[cell])
    while units.parent[child] != top:
        child = int(units.parent[child])
    others = series.cells_of([unit for unit in units.children[top] if unit != child])
    others = others[series.column[others] == series.column[cell]]
    fall, headroom = series.fall[others].sum(), series.headroom[others].sum()
    return any(max(way) <= fall and -min(way) <= headroom for way in found)
