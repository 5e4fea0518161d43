"""Which cells of two releases are one quantity.

Of an unchanged year every cell that both releases have is. When a year was corrected, published numbers differ, and a
suppressed cell may have changed too. What a reader may conclude is decided so (project decision): a cell whose numbers
differ has changed; where the total or the parent of a cell shows no change, its parts are taken as unchanged, unless a
published part of them changed. All other cells are two quantities, one a release, and say nothing about each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy


@dataclass(frozen=True)
class Cells:
    """The cells of both releases as arrays, a row a cell. before, now: published numbers, NaN where suppressed or
    absent. in_last, in_new: whether the release has the cell.
    """

    before: numpy.ndarray
    now: numpy.ndarray
    in_last: numpy.ndarray
    in_new: numpy.ndarray


def unchanged(cells: Cells, parents: numpy.ndarray, children: numpy.ndarray) -> numpy.ndarray:
    """Returns a mask of the cells that are one quantity in both releases.

    parents, children: rows of cells, a pair for each summand of each sum of the new release.
    """
    both = cells.in_last & cells.in_new
    published = both & ~numpy.isnan(cells.before) & ~numpy.isnan(cells.now)
    changed = published & (cells.before != cells.now)
    if not changed.any():
        return both
    same = published & ~changed
    has_changed_part = numpy.zeros(len(both), bool)
    has_changed_part[parents[changed[children]]] = True
    open_ = both & ~published & ~has_changed_part
    while True:
        found = children[same[parents]]
        found = numpy.unique(found[open_[found] & ~same[found]])
        if not len(found):
            return same
        same[found] = True
