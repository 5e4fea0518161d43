"""The whole numbers that fit every relation of a system: bound propagation.

Each relation narrows each of its variables by the bounds of the others, again and again until nothing narrows. This
finds every number that follows from published ones step by step; an attack that solves all relations at once may find
more (docs/methods/confidentiality.md says what was tried).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy

from atlas.pair.system import System

# Above every count; small enough that sums of thousands of them are exact.
ANY = 1e9
# Sweeps after which the search ends although bounds still narrow: each further one narrows by single persons.
SWEEPS = 200


@dataclass(frozen=True)
class Bounds:
    """Lowest and highest value of each variable. A lowest above the highest: two quantities were taken for one."""

    low: numpy.ndarray
    high: numpy.ndarray

    @property
    def width(self) -> numpy.ndarray:
        """Length of the interval by variable."""
        return self.high - self.low

    @property
    def contradicts(self) -> numpy.ndarray:
        """Mask of the variables that no number fits."""
        return self.low > self.high


def propagate(system: System, known: numpy.ndarray, *, unchecked: bool = False) -> Bounds:
    """Returns the bounds. known: value by variable, NaN where it is unknown. unchecked: go on after a contradiction."""
    low = numpy.where(numpy.isnan(known), 0.0, known)
    high = numpy.where(numpy.isnan(known), ANY, known)
    unknown = numpy.isnan(known)
    # relations without an unknown variable say nothing more
    live = numpy.zeros(len(system.has_rest), bool)
    live[system.relation[unknown[system.term]]] = True
    kept = live[system.relation]
    relation, term, sign = system.relation[kept], system.term[kept], system.sign[kept]
    count = len(system.has_rest)
    slack = numpy.where(system.has_rest, ANY * 1000, 0.0)
    plus = sign > 0
    order = numpy.argsort(term, kind="stable")
    order = order[unknown[term[order]]]
    targets, starts = numpy.unique(term[order], return_index=True)
    limited = unknown[system.smaller] | unknown[system.larger]
    smaller, larger = system.smaller[limited], system.larger[limited]
    for _ in range(SWEEPS):
        before = (low.copy(), high.copy())
        if len(targets):
            least = numpy.where(plus, low[term], -high[term])
            most = numpy.where(plus, high[term], -low[term])
            others_least = (numpy.bincount(relation, least, count)[relation] - least)[order]
            others_most = (numpy.bincount(relation, most, count)[relation] - most)[order]
            spare, upward = slack[relation[order]], plus[order]
            highest = numpy.where(upward, -others_least, spare + others_most)
            lowest = numpy.where(upward, -spare - others_most, others_least)
            high[targets] = numpy.minimum(high[targets], numpy.minimum.reduceat(highest, starts))
            low[targets] = numpy.maximum(low[targets], numpy.maximum.reduceat(lowest, starts))
        numpy.minimum.at(high, smaller, high[larger])
        numpy.maximum.at(low, larger, low[smaller])
        if not unchecked and (low > high).any():
            break
        if numpy.array_equal(before[0], low) and numpy.array_equal(before[1], high):
            break
    return Bounds(low, high)
