"""The tree of geographic units: country to statistical sector, hospitals below the country, and the pseudo-units of
persons without a known address or sector.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy


@dataclass
class Units:
    """Units by number. parent: number of the parent unit, -1 for none. rank: levels above the unit. is_sector: the
    lowest level, whose cells have no filters. is_remainder: a pseudo-unit; no table publishes its cells.

    The children of a unit, its pseudo-unit included, add up to it.
    """

    parent: numpy.ndarray
    rank: numpy.ndarray
    is_sector: numpy.ndarray
    is_remainder: numpy.ndarray
    children: list[list[int]] = field(init=False)

    def __post_init__(self):
        self.children = [[] for _ in self.parent]
        for unit, parent in enumerate(self.parent.tolist()):
            if parent >= 0:
                self.children[parent].append(unit)

    def has_sectors(self, unit: int) -> bool:
        """Returns whether the children of a unit are statistical sectors; False for -1."""
        return unit >= 0 and bool(self.children[unit]) and bool(self.is_sector[self.children[unit][0]])

    def with_sectors(self) -> list[int]:
        """Returns the units whose children are statistical sectors, in their order."""
        return sorted(set(self.parent[self.is_sector].tolist()))

    def below(self, unit: int) -> list[int]:
        """Returns the units below a unit, or below nothing (-1): all. Without sectors, unless they are its children."""
        if unit < 0:
            roots = numpy.flatnonzero(self.parent < 0).tolist()
            return roots + [below for root in roots for below in self.below(root)]
        found, todo = [], [unit]
        while todo:
            parent = todo.pop()
            if parent == unit or not self.has_sectors(parent):
                found += self.children[parent]
                todo += self.children[parent]
        return found
