"""Which further cells a new release suppresses, so that it and the last one together give nothing away.

A cell falls when the whole numbers that fit everything published in both releases span less than the threshold. The
remedy suppresses cells that the new release shows for the first time, until nothing falls: in a relation of a fallen
cell the smallest numbers that give it slack, else the cells nearest to it (project decision). In the end what the last
release suppressed is suppressed again, and that withstood its own attack.

Masks over the variables of a system (system.py):
    protected  one release suppresses it, and the new one does not publish it on purpose
    repeated   suppressed, but no small group by what the last release published
    given      protected, and falls by the last release alone: given away
    fallen     protected, and falls by both releases but not by the last one alone
    lost       fallen, and no remedy protects it
Masks over its rows: `hidden`, those that the new release suppresses besides, and the candidates for that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy

from atlas.pair.bounds import ANY, Bounds, propagate
from atlas.pair.programs import Programs
from atlas.pair.system import System


@dataclass(frozen=True)
class Outcome:
    """What an attack on both releases found, as masks over the rows of the system, and counts.

    withheld: cells that the new release has to suppress besides, with the numerators of such denominators. given:
    suppressed cells that fall whatever the new one suppresses. fallen: those that fell before the remedy, given ones
    included. repeated: suppressed cells that are no small group by what the last release published. attacked:
    suppressed cells of either release.
    """

    withheld: numpy.ndarray
    given: numpy.ndarray
    fallen: numpy.ndarray
    repeated: int
    attacked: int


def known(system: System, hidden: numpy.ndarray, *, last_alone: bool = False) -> numpy.ndarray:
    """Returns the published value by variable, NaN for none. hidden: rows that the new release suppresses besides."""
    values = numpy.full(system.size, numpy.nan)
    cells = system.cells
    for side, stated in ((0, cells.before), (1, numpy.where(hidden, numpy.nan, cells.now))):
        if side and last_alone:
            break
        rows = (system.variable[side] >= 0) & ~numpy.isnan(stated)
        values[system.variable[side][rows]] = stated[rows]
    return values


class Attack:
    """The attack on one year, and its remedy. thresholds: of the last release and of the new one. windows: mask of the
    rows that are totals of three years: what falls because of them is protected by suppressing them.
    """

    def __init__(self, system: System, thresholds: tuple[int, int], windows: numpy.ndarray | None = None):
        """Attacks the last release alone: what it gives away, no remedy protects."""
        self.windows = numpy.zeros(len(system.cells.now), bool) if windows is None else windows
        self.system = system
        self.thresholds = thresholds
        self.hidden = numpy.zeros(len(system.cells.now), bool)
        self.alone = propagate(system, known(system, self.hidden, last_alone=True), unchecked=True)
        self.before = known(system, self.hidden, last_alone=True)
        self.lost = numpy.zeros(system.size, bool)  # variables that no remedy protects
        self.programs = Programs(system)

    def run(self) -> Outcome:
        """Returns the outcome of attack and remedy."""
        protected = self.protected()
        fallen = first = self.fallen()
        while fallen.any():
            first = first | (fallen & protected)
            rows = self._candidates()
            if (rows & self.windows).any():
                by_windows = fallen & ~self._without_windows(fallen)
                fallen, rows = (by_windows, rows & self.windows) if by_windows.any() else (fallen, rows & ~self.windows)
            found = self._cheapest(fallen, rows)
            if not found.any():
                found = self._nearest(fallen, rows)
            if not found.any():
                self.lost |= fallen
            self._hide(found)
            fallen = self.fallen()
        given = self._given()
        row, other = self.system.follows
        withheld = self.hidden.copy()
        withheld[other[self.hidden[row]]] = True  # numerators that were suppressed already: they carry the denominator
        return Outcome(
            withheld,
            self._rows(given | self.lost),
            self._rows(first | given),
            int(self._repeated().sum()),
            int(protected.sum()),
        )

    def _side(self, side: int, rows: numpy.ndarray) -> numpy.ndarray:
        """Returns a mask of the variables of rows of a release."""
        mask = numpy.zeros(self.system.size, bool)
        mask[self.system.variable[side][rows & (self.system.variable[side] >= 0)]] = True
        return mask

    def _suppressed(self) -> numpy.ndarray:
        """Returns a mask of the variables that the new release suppresses."""
        return self._side(1, numpy.isnan(self.system.cells.now) | self.hidden)

    def protected(self) -> numpy.ndarray:
        """Returns a mask of the variables that one release suppresses, and the new one does not publish on purpose."""
        published = self._side(1, ~numpy.isnan(self.system.cells.now) & ~self.hidden)
        return self._suppressed() | (self._side(0, numpy.isnan(self.system.cells.before)) & ~published)

    def _repeated(self) -> numpy.ndarray:
        """Returns a mask of the suppressed variables that are no small group by what the last release published: the
        number, or all parts of it, such as those of a merged municipality, under a threshold that is no lower; a 0; a
        number of persons that it alone gives away, at least the threshold.
        """
        stated = ~numpy.isnan(self.before)
        large = self._side(0, self.system.persons) | self._side(1, self.system.persons)
        pinned = self.alone.width < self._need()
        found = (self.alone.high <= 0) | (large & pinned & (self.alone.low >= self.thresholds[1]))
        if self.thresholds[0] >= self.thresholds[1]:
            found |= stated | self._sums_of(stated)
        return found & self._suppressed()

    def _sums_of(self, stated: numpy.ndarray) -> numpy.ndarray:
        """Returns a mask of the variables that are the sum of stated ones in a relation."""
        system = self.system
        count = len(system.has_rest)
        found = numpy.zeros(system.size, bool)
        for sign in (-1, 1):
            totals = system.sign == sign
            alone = numpy.bincount(system.relation[totals], minlength=count) == 1
            open_parts = numpy.bincount(system.relation[~totals], ~stated[system.term[~totals]], count)
            whole = alone & (open_parts == 0) & ~system.has_rest
            found[system.term[totals & whole[system.relation]]] = True
        return found

    def _need(self) -> numpy.ndarray:
        """Returns the length that each interval must have: the threshold of the release that suppresses the cell."""
        return numpy.where(self._suppressed(), self.thresholds[1], self.thresholds[0])

    def _given(self) -> numpy.ndarray:
        """Returns a mask of the variables that fall by the last release alone."""
        return self.protected() & ~self._repeated() & (self.alone.width < self._need())

    def fallen(self) -> numpy.ndarray:
        """Returns a mask of the variables that fall by both releases and not by the last one alone: by bounds, or where
        none does, by linear programs.
        """
        self.both = propagate(self.system, known(self.system, self.hidden), unchecked=True)
        kept = self.protected() & ~self._repeated() & ~self._given() & ~self.lost
        return self._narrowed(kept, self.hidden, self.both, self.programs)

    def _without_windows(self, fallen: numpy.ndarray) -> numpy.ndarray:
        """Returns a mask of those of some fallen variables that would fall also if no window were published. The
        programs are others: what is open without the windows may not be with them.
        """
        hidden = self.hidden | self.windows
        bounds = propagate(self.system, known(self.system, hidden), unchecked=True)
        return self._narrowed(fallen, hidden, bounds, Programs(self.system))

    def _narrowed(
        self, wanted: numpy.ndarray, hidden: numpy.ndarray, bounds: Bounds, programs: Programs
    ) -> numpy.ndarray:
        """Returns a mask of the wanted variables that span less than they need, by bounds, or where none does, by
        programs. hidden: rows that the new release suppresses besides.
        """
        wanted, need = wanted & ~bounds.contradicts, self._need()
        short = wanted & (bounds.width < need)
        if short.any():
            return short
        return programs.narrowed(known(self.system, hidden), wanted, need, self._stated_by_one(hidden))

    def _stated_by_one(self, hidden: numpy.ndarray) -> tuple[numpy.ndarray, numpy.ndarray]:
        """Returns masks of the variables of which the last release alone says something, and the new one alone: their
        number, or that there is such a cell. hidden: rows that the new release suppresses besides.
        """
        everything = numpy.ones(len(hidden), bool)
        stated = ~numpy.isnan(self.system.cells.before), ~numpy.isnan(self.system.cells.now) & ~hidden
        there, says = (
            [self._side(side, rows) for side, rows in enumerate(masks)] for masks in ((everything,) * 2, stated)
        )
        return tuple((there[one] & ~there[1 - one]) | (says[one] & ~says[1 - one]) for one in (0, 1))

    def _candidates(self) -> numpy.ndarray:
        """Returns a mask of the rows that the new release alone publishes: what it may suppress besides."""
        system, cells = self.system, self.system.cells
        one = (system.variable[0] == system.variable[1]) & cells.in_last
        return cells.in_new & ~numpy.isnan(cells.now) & ~self.hidden & ~(one & ~numpy.isnan(cells.before))

    def _cheapest(self, fallen: numpy.ndarray, rows: numpy.ndarray) -> numpy.ndarray:
        """Returns a mask of candidates, the smallest numbers first, that give slack to each relation in which a fallen
        variable has none, however free the other fallen ones are: as many cases as the interval needs.
        """
        system = self.system
        width = numpy.where(fallen, ANY, numpy.clip(self.both.width, 0, ANY))
        slack = numpy.bincount(system.relation, width[system.term], len(system.has_rest))
        slack = slack + numpy.where(system.has_rest, ANY, 0)
        need = self._need()[system.term] - (slack[system.relation] - width[system.term])
        lacking = numpy.zeros(len(system.has_rest))
        numpy.maximum.at(lacking, system.relation[fallen[system.term]], need[fallen[system.term]])
        row = numpy.full(system.size, -1)
        row[system.variable[1][rows]] = rows.nonzero()[0]
        terms = ((row[system.term] >= 0) & (lacking[system.relation] > 0)).nonzero()[0]
        relation, found = system.relation[terms], row[system.term[terms]]
        value = system.cells.now[found]
        # summands before their total, cells without cases last: they give the least slack
        order = numpy.lexsort((found, value, value == 0, system.sign[terms] < 0, relation))
        relation, found, value = relation[order], found[order], value[order]
        mask = numpy.zeros(len(rows), bool)
        if len(relation):
            sums = numpy.cumsum(value) - value
            first = numpy.diff(relation, prepend=-1) != 0
            # the cases of the candidates before it in its relation
            before = sums - sums[first][numpy.cumsum(first) - 1]
            mask[found[before < lacking[relation]]] = True
        return mask

    def _nearest(self, fallen: numpy.ndarray, rows: numpy.ndarray) -> numpy.ndarray:
        """Returns a mask of the candidates that are nearest to fallen variables in the relations; none when none is
        connected with these.
        """
        system = self.system
        candidates = self._side(1, rows)
        unknown = numpy.isnan(known(system, self.hidden))
        reached = fallen.copy()
        while True:
            near = beside(system, reached)
            if (near & candidates).any():
                return rows & (near & candidates)[system.variable[1]]
            further = reached | (near & unknown)
            if (further == reached).all():
                return numpy.zeros(len(rows), bool)
            reached = further

    def _hide(self, rows: numpy.ndarray) -> None:
        """Suppresses rows of the new release, with those that are suppressed with them."""
        row, other = self.system.follows
        published = ~numpy.isnan(self.system.cells.now)
        self.hidden |= rows
        while True:
            more = other[self.hidden[row]]
            more = more[published[more] & ~self.hidden[more]]
            if not len(more):
                return
            self.hidden[more] = True

    def _rows(self, variables: numpy.ndarray) -> numpy.ndarray:
        """Returns a mask of the rows of variables."""
        found = numpy.zeros(self.system.variable.shape[1], bool)
        for side in (0, 1):
            there = self.system.variable[side] >= 0
            found[there] |= variables[self.system.variable[side][there]]
        return found


def beside(system: System, variables: numpy.ndarray) -> numpy.ndarray:
    """Returns a mask of the variables that are in a relation with one of these, or a limit of it; these included."""
    relations = numpy.zeros(len(system.has_rest), bool)
    relations[system.relation[variables[system.term]]] = True
    near = variables.copy()
    near[system.term[relations[system.relation]]] = True
    near[system.larger[variables[system.smaller]]] = True
    near[system.smaller[variables[system.larger]]] = True
    return near


def separated(system: System, separate: numpy.ndarray) -> numpy.ndarray | None:
    """Returns a mask of the rows that are two quantities, `separate` and those beside a contradiction; None when there
    is none left: then everything published in both releases fits together.
    """
    bounds = propagate(system, known(system, numpy.zeros(len(separate), bool)))
    if not bounds.contradicts.any():
        return None
    near = beside(system, bounds.contradicts)
    one = (system.variable[0] == system.variable[1]) & (system.variable[0] >= 0)
    found = one & near[numpy.where(one, system.variable[0], 0)]
    return separate | found if (found & ~separate).any() else None
