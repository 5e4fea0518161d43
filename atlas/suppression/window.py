"""Totals of three years beside the years: which windows are published.

The cells of the three years are as each year left them: a published one stays, a suppressed one needs a proof that also
keeps the published windows. The year is one more filter of the cells, whose total is the window, so that the method of
a year decides (protect.py): a movement may suppress windows and nothing else.

Without windows each suppressed cell has the proof of its year. Where none is found beside the windows, those of its
surroundings are suppressed, and it is tried again, up to the windows of the whole country.
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

    def give_way(lost: list[tuple[Series, int]], all_series: list[Series], attempt: int) -> bool:
        """Suppresses the windows of the units around lost cells, one level more than the last time."""
        lost = [(series, cell) for series, cell in lost if series.is_open(cell)]
        around = numpy.zeros(len(units.parent), dtype=bool)
        for unit in sorted({int(series.unit[cell]) for series, cell in lost}):
            top = _above(units, unit, attempt)
            around[[*units.below(top), unit, max(top, 0)]] = True
        found = False
        for series in all_series if lost else []:
            windows = numpy.flatnonzero(around[series.unit] & ~series.hidden & ~series.settled)
            series.hide(windows)
            found |= len(windows) > 0
        return found or (bool(lost) and attempt < units.rank.max())

    return protect.suppress(cells, units, threshold, secondary=secondary, give_way=give_way)


def _above(units: Units, unit: int, height: int) -> int:
    """Returns the unit so many levels above one, -1 above the country."""
    for _ in range(height):
        unit = int(units.parent[unit]) if unit >= 0 else unit
    return unit
