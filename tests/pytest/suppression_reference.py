"""The suppression of one block, written for reading: what docs/methods/disclosure.md describes and macros/disclosure computes in SQL.

A block is the children of a unit (rows) by the children of a column of filters (columns), at least two of each.
"""

from dataclasses import dataclass

import numpy


@dataclass
class Block:
    """What is known of a block before it is decided. Arrays of rows x columns, of rows, or of columns."""

    cases: numpy.ndarray
    needed: numpy.ndarray  # must be suppressed: small, or as telling as a small cell
    firm: numpy.ndarray  # can grow and shrink by the threshold
    row_total: numpy.ndarray
    row_open: numpy.ndarray  # the row's total is suppressed
    column_open: numpy.ndarray  # the parent's cell of the column is suppressed
    is_leaf: bool  # no column is below these
    is_country: bool


def protect(block: Block, threshold: int) -> numpy.ndarray:
    """The cells that are suppressed, rows x columns of booleans."""
    suppressed = block.needed.copy()
    if not (block.needed.any() or block.row_open.any() or block.column_open.any()):
        return suppressed
    hub = choose_hub(block, threshold)
    exchange = choose_exchange(block, hub, threshold)
    rows, columns = requirements(block, threshold)
    close(block, suppressed, hub, exchange)
    for require, is_open, along_rows in (
        (rows, block.row_open, True),
        (columns, block.column_open, False),
        (rows, block.row_open, True),
    ):
        view = (lambda array: array) if along_rows else numpy.transpose
        top_up(view(block.cases), view(suppressed), is_open, require, threshold)
        close(block, suppressed, hub, exchange)
    if lacks(block.cases, suppressed, block.row_open, rows) or lacks(
        block.cases.T, suppressed.T, block.column_open, columns
    ):
        suppress_whole(block, suppressed, hub, exchange)
    return suppressed


def choose_hub(block, threshold):
    """The row that carries the exchange: with a suppressed total if any has one, large enough, firm in most columns that take part."""
    column_part = block.needed.any(axis=0) | block.column_open

    def preference(row):
        soft = int((column_part & ~block.firm[row]).sum())
        total = int(block.row_total[row])
        return (
            not block.row_open[row],
            total < threshold,
            not block.firm[row].any(),
            soft,
            total if soft == 0 else -total,
            row,
        )

    return min(range(len(block.cases)), key=preference)


def choose_exchange(block, hub, threshold):
    """The columns in which the rows that take part exchange with the hub: the best one, and more while the hub has too few cases in them."""
    row_part = block.needed.any(axis=1) | block.row_open
    row_part[hub] = True
    column_part = block.needed.any(axis=0) | block.column_open

    def preference(column):
        return (
            not block.firm[hub, column],
            -int((row_part & block.firm[:, column]).sum()),
            bool(column_part[column]),
            int(block.cases[row_part, column].sum()),
            column,
        )

    columns = range(block.cases.shape[1])
    best = min(columns, key=preference)
    chosen, held = numpy.zeros(len(columns), dtype=bool), 0
    for column in sorted(columns, key=lambda c: (c != best, -block.cases[hub, c], c)):
        if column != best and held >= min(threshold, block.row_total[hub]):
            break
        chosen[column] = True
        held += block.cases[hub, column]
    return chosen


def requirements(block, threshold):
    """Required cases, cells and size of the largest cell, of each row and of each column that takes part."""
    count_rows, count_columns = block.cases.shape
    rows = [
        (min((2 if block.is_country else 1) * threshold, total), 1 if is_open else min(2, count_columns), 0)
        for total, is_open in zip(block.row_total, block.row_open, strict=False)
    ]
    columns = [
        (
            min(threshold, cases.sum()),
            1 if is_open or block.is_country else min(2, count_rows),
            0 if block.is_leaf else min(threshold, cases.max()),
        )
        for cases, is_open in zip(block.cases.T, block.column_open, strict=False)
    ]
    return rows, columns


def close(block, suppressed, hub, exchange):
    """The hub suppresses what its column suppresses; a row that takes part suppresses its exchange cells, once a row beside the hub does."""
    row_part = suppressed.any(axis=1) | block.row_open
    column_part = suppressed.any(axis=0) | block.column_open
    suppressed[hub] |= column_part
    if numpy.delete(row_part, hub).any():
        row_part[hub] = True
        suppressed[numpy.ix_(row_part, exchange)] = True


def top_up(cases, suppressed, is_open, required, threshold):
    """Adds cells to each line (first axis) that takes part, until it holds what is required of it."""
    crossing = suppressed.any(axis=0)
    before = suppressed.copy()
    for line, (required_cases, required_cells, required_largest) in enumerate(required):
        hidden = before[line]
        if not (hidden.any() or is_open[line]):
            continue
        lacking = required_cases - cases[line, hidden].sum()
        lacking_cells = required_cells - hidden.sum()
        lacks_large = cases[line, hidden].max(initial=0) < required_largest
        if lacking <= 0 and lacking_cells <= 0 and not lacks_large:
            continue

        def preference(cell, line=line, lacking=lacking, lacks_large=lacks_large):
            held = cases[line, cell]
            return (
                not (lacks_large and held >= threshold),
                not (lacks_large and held >= 12 * threshold),
                not (crossing[cell] and held > 0),
                held < lacking,
                held if held >= lacking else -held,
                cell,
            )

        added = 0
        for rank, cell in enumerate(sorted(numpy.flatnonzero(~hidden), key=preference), start=1):
            if rank <= max(lacking_cells, int(lacks_large)) or added < lacking:
                suppressed[line, cell] = True
            added += cases[line, cell]


def lacks(cases, suppressed, is_open, required):
    """Whether a line that takes part lacks something."""
    return any(
        (hidden.any() or open_line)
        and (
            held[hidden].sum() < required_cases
            or hidden.sum() < required_cells
            or held[hidden].max(initial=0) < required_largest
        )
        for held, hidden, open_line, (required_cases, required_cells, required_largest) in zip(
            cases, suppressed, is_open, required, strict=False
        )
    )


def suppress_whole(block, suppressed, hub, exchange):
    """A block that is still not safe: all its cells with cases, and its two largest rows and columns."""
    count_rows, count_columns = block.cases.shape
    column_cases = block.cases.sum(axis=0)
    rows = sorted(range(count_rows), key=lambda r: (r != hub, not block.row_open[r], -block.row_total[r], r))
    columns = sorted(range(count_columns), key=lambda c: (not exchange[c], -column_cases[c], c))
    suppressed |= block.cases > 0
    suppressed[rows[:2]] = True
    suppressed[:, columns[:2]] = True
