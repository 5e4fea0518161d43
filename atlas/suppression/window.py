"""Totals of three years beside the years: which windows are published.

The cells of the three years are as each year left them: a published one stays, a suppressed one has the proof of its
year. That proof moves suppressed cells of the year alone, connected with the cell by sums that they share: its
component. Where no window of a component is published, or all years of its windows are, nothing else is needed.

A component with a window that may be published is live: its cells need a proof that also keeps the windows. The year is
one more filter of the cells, whose total is the window, so that the method of a year finds it (protect.py): a movement
may suppress windows and nothing else. Where none is found, the windows of the component are suppressed.
"""

from __future__ import annotations

import numpy

from atlas.suppression import protect
from atlas.suppression.cells import Cells
from atlas.suppression.series import Series
from atlas.suppression.solver import connected
from atlas.suppression.units import Units

# A window of so many suppressed years at least may be published: one less published years is the year.
LEAST_YEARS = 2
# Windows that the cells of a component touch at most, if proofs are looked for: nearly all cells of a small source are
# suppressed and connected, and its windows would be found at a great cost, or none.
LARGEST = 400


def suppress(cells: Cells, units: Units, threshold: int, *, secondary: bool = True) -> protect.Outcome:
    """Returns the outcome of a window: its suppressed cells, those of the years included, with their proofs.

    secondary: False suppresses small windows alone.
    """
    if not len(cells.cases):  # the years before the first one of the family
        nothing = numpy.zeros(0, dtype=int)
        return protect.Outcome(nothing.astype(bool), nothing, nothing, nothing.astype(bool))
    decision = Decision()
    return protect.suppress(
        cells, units, threshold, secondary=secondary, begin=decision.begin, give_way=decision.give_way
    )


class Decision:
    """The components of the suppressed cells of the years, and the windows that are suppressed for them.

    Lists have an element a series. window: of each total of a year, its window, -1 for all other cells. label: the
    component of each suppressed cell of a year.
    """

    def begin(self, all_series: list[Series]) -> None:
        """Suppresses the windows that can never be published, and those that are not looked for."""
        self.all_series = all_series
        self.window = [_windows(series) for series in all_series]
        self.label = _components(all_series)
        totals = [
            numpy.flatnonzero((window >= 0) & series.hidden)
            for series, window in zip(all_series, self.window, strict=True)
        ]
        size = sum(len(label) for label in self.label)
        touched = sum(
            numpy.bincount(label[total], minlength=size) for label, total in zip(self.label, totals, strict=True)
        )
        for series, window, label, total in zip(all_series, self.window, self.label, totals, strict=True):
            years = numpy.bincount(window[total], minlength=len(window))
            is_large = numpy.zeros(len(window), dtype=bool)
            is_large[window[total[touched[label[total]] > LARGEST]]] = True
            found = numpy.flatnonzero(((years > 0) & (years < LEAST_YEARS)) | is_large)
            series.hide(found[~series.hidden[found]])
        self._excuse()

    def give_way(self, lost: list[tuple[Series, int]]) -> bool:
        """Suppresses the windows of the components of cells without proof. Returns whether there was such a cell."""
        lost = [(series, cell) for series, cell in lost if series.is_open(cell)]
        if not lost:
            return False
        wanted: set[int] = set()
        for series, cell in lost:
            place = next(place for place, other in enumerate(self.all_series) if other is series)
            years = numpy.flatnonzero(self.window[place] == cell) if series.is_total[cell] else [cell]
            wanted.update(self.label[place][years].tolist())
        for series, window, label in zip(self.all_series, self.window, self.label, strict=True):
            found = numpy.unique(window[(window >= 0) & series.hidden & numpy.isin(label, list(wanted))])
            series.hide(found[~series.hidden[found]])
        self._excuse()
        return True

    def _excuse(self) -> None:
        """Leaves the cells of components that are not live to the proofs of their years. They no longer move."""
        for series in self.all_series:
            series.follow()
        live = numpy.zeros(sum(len(label) for label in self.label), dtype=bool)
        for series, window, label in zip(self.all_series, self.window, self.label, strict=True):
            total = numpy.flatnonzero((window >= 0) & series.hidden)
            open_ = total[~series.hidden[window[total]] & ~series.settled[window[total]]]
            live[label[open_]] = True
        for series, window, label in zip(self.all_series, self.window, self.label, strict=True):
            done = series.hidden & ~series.is_total & ~live[label]
            series.excused |= done & series.target
            series.settled |= done
            series.excused[window[(window >= 0) & done & series.target]] = True


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
    links, rows = [], 0
    for place, series in enumerate(all_series):
        row, cell, has_window = _rows(series)
        links.append((row[~has_window] + rows, cell[~has_window] + start[place]))
        rows += series.rows
        # a count without limit moves while its denominator stays
        if series.denominator is not None and series.is_bounded:
            around = next(number for number, other in enumerate(all_series) if other is series.denominator)
            inside = numpy.flatnonzero((series.denominator_cell >= 0) & ~series.is_total)
            pairs = numpy.arange(rows, rows + len(inside))
            links += [(pairs, inside + start[place]), (pairs, series.denominator_cell[inside] + start[around])]
            rows += len(inside)
    row, cell = (numpy.concatenate(column) for column in zip(*links, strict=True))
    hidden = numpy.concatenate([series.hidden for series in all_series])[cell]
    row, cell = row[hidden], cell[hidden]
    label = connected(row, cell, rows, start[-1])
    return [label[start[place] : start[place + 1]] for place in range(len(all_series))]
