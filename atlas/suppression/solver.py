"""What the programs of the suppression and of the attack on two releases share: the solver, and which unknowns are
connected.
"""

from __future__ import annotations

import highspy
import numpy

# How far a number may be from a whole one.
TOLERANCE = 1e-6
# The same result whatever the machine: one thread, one seed, no clock. Presolve costs more than it saves, because a
# program is solved again and again with other costs or limits.
OPTIONS = {"output_flag": False, "threads": 1, "random_seed": 0, "presolve": "off", "solver": "simplex"}


def new_solver(**options) -> highspy.Highs:
    """Returns a solver without a program. options: those of HiGHS, beside OPTIONS."""
    solver = highspy.Highs()
    for name, value in (OPTIONS | options).items():
        solver.setOptionValue(name, value)
    return solver


def connected(relation: numpy.ndarray, member: numpy.ndarray, relations: int, members: int) -> numpy.ndarray:
    """Returns for each member the smallest one that relations connect it with, itself where none does.

    relation, member: numbers, a pair for each member of a relation. relations, members: how many there are.
    """
    label = numpy.arange(members)
    while True:
        least = numpy.full(relations, members)
        numpy.minimum.at(least, relation, label[member])
        new = label.copy()
        numpy.minimum.at(new, member, least[relation])
        new = new[new]  # labels are members: the label of a label is nearer to the least one
        if numpy.array_equal(new, label):
            return label
        label = new
