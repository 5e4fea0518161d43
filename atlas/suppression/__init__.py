"""Which cells are suppressed beside the small ones, so that no suppressed cell can be computed from published ones.

docs/methods/disclosure.md describes the method with a worked example; decision 0021 says why it is this one.

    units    the tree of geographic units
    cells    the cells of one year, as arrays
    series   the cells of one series (patients of a variable, deliveries) with their sums, limits and proofs
    program  the linear program that finds a movement of suppressed cells
    line     statistical sectors, which need no program
    protect  suppression of one year: the series one after the other, until each suppressed cell has a proof
    step     the step of a build: the years side by side, each in a process of its own

Reads counts without suppression (`protected_cell`), private like every table of the layer disclosure.
"""
