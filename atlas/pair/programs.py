"""The whole numbers that fit everything published in both releases, by linear programs: they narrow a variable further
than bounds do step by step (bounds.py), because they look at all relations at once.

Unknown variables that relations connect are one program. A program with random preferences moves many variables at
once; each that has not moved far enough then gets programs of its own. Variables around which one release says all that
the other says are not looked at: the suppression of that release has proven them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import highspy
import numpy

from atlas.pair.system import System
from atlas.suppression.solver import TOLERANCE, connected, new_solver

# Above every count that a release suppresses.
HIGHEST = 1e7
# Programs with random preferences: at most so many, and until so many in turn move too few variables far enough.
COMMON = 40
IDLE = 3
LEAST_MOVED = 3
LEAST_SHARE_MOVED = 0.02
PRIMAL_SIMPLEX = 4  # only costs change from one program to the next: the solution before is where the next begins


@dataclass
class Programs:
    """The programs of a system. open: mask of the variables whose interval is long enough. It stays so when further
    rows are suppressed, which only takes conditions away. examined: how many variables were looked at.
    """

    system: System
    open: numpy.ndarray = field(init=False)
    examined: int = 0

    def __post_init__(self):
        system = self.system
        self.open = numpy.zeros(system.size, bool)
        count, limits = len(system.has_rest), len(system.smaller)
        numbers = count + numpy.arange(limits)
        # a limit is a relation that leaves a rest: smaller - larger <= 0
        self.relation = numpy.concatenate([system.relation, numbers, numbers])
        self.term = numpy.concatenate([system.term, system.smaller, system.larger])
        self.sign = numpy.concatenate([system.sign, numpy.ones(limits), -numpy.ones(limits)])
        self.has_rest = numpy.concatenate([system.has_rest, numpy.ones(limits, bool)])

    def narrowed(self, known, wanted, need, stated_by_one: tuple) -> numpy.ndarray:
        """Returns a mask of the wanted variables whose interval is too short.

        known: value by variable, NaN where it is unknown. need: length that the interval of a variable must have.
        stated_by_one: masks of the variables of which the last release alone says something, and the new one alone. A
        program that nothing fits says nothing: two quantities were taken for one.
        """
        unknown = numpy.isnan(known)
        fallen = numpy.zeros(self.system.size, bool)
        inside = unknown[self.term]
        part = connected(self.relation[inside], self.term[inside], len(self.has_rest), self.system.size)
        part[~unknown] = self.system.size
        last, new = (self._beside(unknown, part, stated) for stated in stated_by_one)
        wanted = wanted & unknown & ~self.open & (last & new)[part]
        self.examined += int(wanted.sum())
        looked = numpy.zeros(self.system.size + 1, bool)
        looked[part[wanted]] = True
        sums = numpy.bincount(self.relation, self.sign * numpy.where(unknown, 0, known)[self.term], len(self.has_rest))
        entry = numpy.flatnonzero(unknown[self.term] & looked[part[self.term]])
        entry = entry[numpy.lexsort((self.relation[entry], self.term[entry], part[self.term[entry]]))]
        ends = numpy.flatnonzero(numpy.diff(part[self.term[entry]])) + 1
        for entries in numpy.split(entry, ends) if len(entry) else []:
            variables, start = numpy.unique(self.term[entries], return_index=True)
            relations, row = numpy.unique(self.relation[entries], return_inverse=True)
            high = -sums[relations]
            low = numpy.where(self.has_rest[relations], -highspy.kHighsInf, high)
            program = _Program(len(variables), start, row, self.sign[entries], low, high)
            found = program.lengths(need[variables], wanted[variables])
            if found is not None:
                short = wanted[variables] & (found < need[variables])
                fallen[variables[short]] = True
                self.open[variables[wanted[variables] & ~short]] = True
        return fallen

    def _beside(self, unknown: numpy.ndarray, part: numpy.ndarray, stated: numpy.ndarray) -> numpy.ndarray:
        """Returns a mask of the parts that have a relation with one of the stated variables."""
        relations = numpy.zeros(len(self.has_rest), bool)
        relations[self.relation[stated[self.term]]] = True
        found = numpy.zeros(self.system.size + 1, bool)
        found[part[self.term[relations[self.relation] & unknown[self.term]]]] = True
        return found


class _Program:
    """Variables from 0 on and the relations among them. start, row, sign: the matrix by columns."""

    def __init__(self, count, start, row, sign, low, high):
        self.count = count
        self.columns = numpy.arange(count, dtype=numpy.int32)
        self.highs = new_solver(simplex_strategy=PRIMAL_SIMPLEX)
        zeros = numpy.zeros(count)
        self.highs.passModel(
            *(count, len(low), len(row), 1, 1, 0.0, zeros, zeros, numpy.full(count, HIGHEST), low, high),
            *(start.astype(numpy.int32), row.astype(numpy.int32), sign, numpy.zeros(count, dtype=numpy.int32)),
        )
        self.low, self.high = numpy.full(count, HIGHEST), numpy.zeros(count)

    def lengths(self, need: numpy.ndarray, wanted: numpy.ndarray) -> numpy.ndarray | None:
        """Returns the length of the interval of each wanted variable, or that it is as long as needed; None where
        nothing fits the relations.
        """
        generator = numpy.random.default_rng(self.count)
        idle = 0
        for number in range(COMMON):
            short = wanted & (self._lengths() < need)
            if number > 1 and (short.sum() < 2 or idle == IDLE):
                break
            preferences = generator.random(self.count) * (-1 if number % 2 else 1)
            if not self._solve(numpy.where(short, preferences, 0.0)):
                return None
            moved = short.sum() - (wanted & (self._lengths() < need)).sum()
            idle = idle + 1 if number > 1 and moved < max(LEAST_MOVED, LEAST_SHARE_MOVED * short.sum()) else 0
        for place in numpy.flatnonzero(wanted & (self._lengths() < need)).tolist():
            for direction in (1.0, -1.0):
                if self._lengths()[place] < need[place]:
                    costs = numpy.zeros(self.count)
                    costs[place] = direction
                    self._solve(costs)
        return self._lengths()

    def _lengths(self) -> numpy.ndarray:
        return numpy.floor(self.high + TOLERANCE) - numpy.ceil(self.low - TOLERANCE)

    def _solve(self, costs: numpy.ndarray) -> bool:
        """Minimises, and takes note of the solution. Returns whether there is one."""
        self.highs.changeColsCost(self.count, self.columns, costs)
        self.highs.run()
        if self.highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return False
        values = numpy.array(self.highs.getSolution().col_value)
        self.low, self.high = numpy.minimum(self.low, values), numpy.maximum(self.high, values)
        return True
