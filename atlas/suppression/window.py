"""Totals of three years beside the years: which windows are published.

The cells of the three years are as each year left them: a published one stays, a suppressed one needs a proof that also
keeps the published windows. The year is one more filter of the cells, whose total is the window, so that the method of
a year decides (protect.py): a movement may suppress windows and nothing else.

Where none is found, the proof of the year is left. It moves suppressed cells of that year alone, those that are
connected with the cell by sums that other suppressed cells are in: the windows of their units are suppressed.
"""

from __future__ import annotations

import numpy

from atlas.suppression import protect
from atlas.suppression.cells import Cells
from atlas.suppression.series import Series
from atlas.suppression.units import Units


def suppress(cells: Cells, units: Units, threshold: int, *, secondary: bool = True) -> protect.Outcome:
    """Returns the outcome of a window: its suppressed cells, those of the years included, with their proofs.

    secondary: False suppresses small windows alone.
    """
    return protect.suppress(cells, units, threshold, secondary=secondary, give_way=suppress_around)


def suppress_around(lost: list[tuple[Series, int]], all_series: list[Series], _attempt: int) -> bool:
    """Leaves cells without proof to the proof of their year, and suppresses the windows that this needs. Returns
    whether there was such a cell.
    """
    lost = [(series, cell) for series, cell in lost if series.is_open(cell)]
    if not lost:
        return False
    window = [_windows(series) for series in all_series]
    label = _components(all_series)
    wanted: set[int] = set()
    for series, cell in lost:
        place = next(place for place, other in enumerate(all_series) if other is series)
        years = numpy.flatnonzero(window[place] == cell) if series.is_total[cell] else [cell]
        wanted.update(label[place][years].tolist())
        series.excused[cell] = True
    for series, own, labels in zip(all_series, window, label, strict=True):
        of_years = numpy.unique(own[(own >= 0) & series.hidden & numpy.isin(labels, list(wanted))])
        series.hide(of_years[~series.hidden[of_years]])
    return True


def _rows(series: Series) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
    """Returns the entries of the sums: row, cell and whether the row holds a window."""
    first, row, _ = series.entries
    cell = numpy.repeat(numpy.arange(len(series.cases)), numpy.diff(first))
    has_window = numpy.zeros(series.rows, dtype=bool)
    has_window[row[series.is_total[cell]]] = True
    return row, cell, has_window[row]


def _windows(series: Series) -> numpy.ndarray:
    """Returns the window of each total of a year, -1 for all other cells."""
    row, cell, has_window = _rows(series)
    of_row = numpy.full(series.rows, -1)
    totals = has_window & series.is_total[cell]
    years = has_window & ~series.is_total[cell]
    of_row[row[totals]] = cell[totals]
    found = numpy.full(len(series.cases), -1)
    found[cell[years]] = of_row[row[years]]
    return found


def _components(all_series: list[Series]) -> list[numpy.ndarray]:
    """Returns a label of each cell, by series: suppressed cells of a year have the same one when sums, or numerators
    and denominators, connect them by suppressed cells alone.
    """
    start = numpy.cumsum([0, *(len(series.cases) for series in all_series)])
    label = numpy.arange(start[-1])
    links, rows = [], 0
    for place, series in enumerate(all_series):
        row, cell, has_window = _rows(series)
        kept = ~has_window & series.hidden[cell]
        links.append((row[kept] + rows, cell[kept] + start[place]))
        rows += series.rows
        if series.denominator is not None:
            around = next(number for number, other in enumerate(all_series) if other is series.denominator)
            inside = numpy.flatnonzero((series.denominator_cell >= 0) & series.hidden & ~series.is_total)
            pairs = numpy.arange(rows, rows + len(inside))
            links += [(pairs, inside + start[place]), (pairs, series.denominator_cell[inside] + start[around])]
            rows += len(inside)
    hidden = numpy.concatenate([series.hidden for series in all_series])
    row, cell = (numpy.concatenate(column) for column in zip(*links, strict=True))
    row, cell = row[hidden[cell]], cell[hidden[cell]]
    while True:
        least = numpy.full(rows, start[-1])
        numpy.minimum.at(least, row, label[cell])
        new = label.copy()
        numpy.minimum.at(new, cell, least[row])
        if (new == label).all():
            return [label[start[place] : start[place + 1]] for place in range(len(all_series))]
        label = new
