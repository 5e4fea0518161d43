"""Statistical sectors: the sectors of a municipality and its persons without a known sector are one sum, so that a
sector that moves is balanced by the others of the line, and needs no linear program.
"""

from __future__ import annotations

import numpy

from atlas.suppression.program import FARTHEST
from atlas.suppression.series import Movement, Series
from atlas.suppression.units import Units


def protect_lines(series: Series, units: Units) -> None:
    """Suppresses sectors until each line holds enough for each suppressed sector, and for a suppressed municipality, to
    move. Where a line has too few cases, or a part of the series would have to move too, its cells stay open: they need
    a linear program.

    The parts of a series have lines of their own: a part grows with the series around it, but not before.
    """
    for municipality in units.with_sectors():
        cells = series.cells_of(units.children[municipality])
        whole = series.cells_of([municipality])
        whole = whole[series.is_total[whole]]
        lines = [cells[series.part[cells] == part] for part in range(int(series.part[cells].max(initial=0)) + 1)]
        around = _protect(series, lines[0], whole, lines[1::2], None)
        for part in lines[1::2]:
            _protect(series, part, whole[:0], [], around)


def _protect(series: Series, cells: numpy.ndarray, whole: numpy.ndarray, parts: list, around: tuple | None) -> tuple:
    """Protects one line. parts: cells of the parts of the series, by part. around: of the series around a part, its
    counts and what they are when each grows as far as it is proven here. Returns these two for a part of this one.
    """
    threshold, cases = series.threshold, series.cases[cells]
    must_move = bool(series.hidden[whole].any())
    if not (must_move or series.target[cells].any()):
        return cases, cases
    headroom, most_headroom = series.headroom[cells], series.most_headroom(cells)
    if around is not None:
        exceeds = cases > around[0]  # a correction: neither limits the other in this cell
        headroom = numpy.where(exceeds, headroom, numpy.minimum(headroom, around[0] - cases))
        most_headroom = numpy.where(exceeds, most_headroom, around[1] - cases)
    headroom = numpy.minimum(headroom, FARTHEST * threshold)
    fall = firm = series.fall[cells]  # firm: while the parts stay as they are
    for part in parts:
        firm = numpy.minimum(firm, _beyond(cases, series.cases[part]))
    while len(cells):
        for part in parts:
            fall = numpy.minimum(
                series.fall[cells], numpy.where(series.hidden[part], cases, _beyond(cases, series.cases[part]))
            )
        hidden, target = series.hidden[cells], series.target[cells]
        all_fall, all_headroom = fall[hidden].sum(), headroom[hidden].sum()
        up = numpy.minimum(numpy.minimum(most_headroom, all_fall - fall), threshold)
        down = numpy.minimum(numpy.minimum(fall, all_headroom - headroom), threshold)
        lacking = numpy.where(target, threshold - up - down, 0).max()
        grows = 0
        if must_move:
            shrinks, grows = _lacking_in_whole(series, int(whole[0]), all_fall, all_headroom)
            lacking = max(lacking, shrinks, grows)
        if lacking <= 0:
            up = numpy.where(target, numpy.minimum(up, firm[hidden].sum() - firm), 0)
            _learn(series, cells, firm, numpy.maximum(up, 0), numpy.where(target, numpy.minimum(down, firm), 0))
            return cases, cases + numpy.maximum(up, 0)
        free = numpy.flatnonzero(~hidden & (cases > 0))
        if not len(free) and grows > 0:  # a municipality without cases grows in sectors without cases
            free = numpy.flatnonzero(~hidden & (headroom > 0))
        if not len(free):
            break
        # the cheapest that is enough alone, else the largest
        enough = free[(fall[free] >= lacking) & (headroom[free] >= lacking)]
        if len(enough):
            chosen = enough[numpy.argmin(series.cost[cells[enough]])]
        else:
            chosen = free[numpy.lexsort((-headroom[free], -fall[free]))[0]]
        series.hide(cells[[chosen]])
    return cases, cases


def _beyond(cases: numpy.ndarray, part: numpy.ndarray) -> numpy.ndarray:
    """Returns what cells hold beyond a part of them; all of it where a correction makes the part exceed them."""
    return numpy.where(part > cases, cases, cases - part)


def _lacking_in_whole(series: Series, whole: int, all_fall: float, all_headroom: float) -> tuple[float, float]:
    """Returns how many cases a line lacks so that its municipality can shrink, and so that it can grow, as far as
    it can by itself. Where its denominator moves too, so do the denominators of the line.
    """
    threshold = series.threshold
    is_free = series.denominator is None or series.denominator.hidden[series.denominator_cell[whole]]
    grows = (
        min(threshold, float(series.most_headroom(numpy.array([whole]))[0]))
        - all_headroom
        - (threshold if is_free else 0)
    )
    return min(threshold, series.fall[whole]) - all_fall, grows


def _learn(series: Series, cells: numpy.ndarray, fall: numpy.ndarray, up: numpy.ndarray, down: numpy.ndarray) -> None:
    """Records a movement a target: it grows, the others of the line shrink, in their order."""
    hidden = series.hidden[cells]
    series.low[cells] = numpy.minimum(series.low[cells], -down)
    if not series.contains_others:
        series.high[cells] = numpy.maximum(series.high[cells], up)
        return
    for place in numpy.flatnonzero(up > series.high[cells]):
        others = numpy.where(hidden, fall, 0.0)
        others[place] = 0
        before = numpy.cumsum(others) - others
        movement = -numpy.clip(up[place] - before, 0, others)
        movement[place] = up[place]
        kept = numpy.concatenate([[place], numpy.flatnonzero(movement < 0)])
        amounts = numpy.where(numpy.arange(len(cells)) == place, movement, numpy.minimum(movement, 0))[kept]
        series.learn(Movement(cells[kept], amounts, -1))
