"""The suppression in SQL is the suppression as it is described: the same cells on random blocks."""

import duckdb
import numpy
import pytest
import suppression_reference
from conftest import YEARS
from suppression_reference import Block

THRESHOLD = 5
BLOCKS = 300
STEP = 5
COLUMNS = (
    "cell_id, total_id, parent_id, block_id, unit_id, column_id, level_rank, depth, is_root_unit, is_leaf, cases, headroom,"
    " is_possible, parent_cases, total_cases, is_needed"
)


def random_block(generator):
    """A block in which every row and every column has cases, so that no cell is known to be 0."""
    shape = generator.integers(2, 6, 2)
    cases = numpy.floor(generator.exponential(generator.choice([3, 10, 40]), shape)).astype(int)
    cases[cases.sum(axis=1) == 0] = 1
    cases[:, cases.sum(axis=0) == 0] = 1
    headroom = generator.integers(0, 12, shape)
    return headroom, Block(
        cases=cases,
        needed=(cases > 0) & (cases < THRESHOLD),
        firm=(cases >= THRESHOLD) & (headroom >= THRESHOLD),
        row_total=cases.sum(axis=1),
        row_open=generator.random(shape[0]) < 0.2,
        column_open=generator.random(shape[1]) < 0.2,
        is_leaf=bool(generator.random() < 0.5),
        is_country=False,
    )


def rows_of_block(number, headroom, block):
    """The rows of numerator_need of a block, and the suppressed totals and parents of the step before."""
    base = (number + 1) * 10_000
    rows, before = [], []
    for (row, column), cases in numpy.ndenumerate(block.cases):
        unit, position = row + 1, column + 1
        ids = (base + unit * 10 + position, base + unit * 10, base + position, base)
        rows.append(
            (
                *ids,
                unit,
                position,
                STEP - 1,
                1,
                False,
                block.is_leaf,
                int(cases),
                int(headroom[row, column]),
                True,
            )
            + (int(block.cases[:, column].sum()), int(block.row_total[row]), bool(block.needed[row, column]))
        )
    before += [base + (row + 1) * 10 for row in numpy.flatnonzero(block.row_open).tolist()]
    before += [base + column + 1 for column in numpy.flatnonzero(block.column_open).tolist()]
    return rows, before


@pytest.fixture(scope="module")
def step(masked):
    """The compiled query of one step, on the two tables that it reads."""
    (path,) = (masked.output / "target" / "compiled").rglob(f"suppress_numerator_{STEP}.sql")
    connection = duckdb.connect()
    connection.execute("attach ':memory:' as warehouse")
    connection.execute("create schema warehouse.intermediate")
    types = ["bigint"] * 8 + ["boolean"] * 2 + ["bigint"] * 2 + ["boolean"] + ["bigint"] * 2 + ["boolean"]
    names = COLUMNS.replace(" ", "").split(",")
    definition = ", ".join(f"{name} {kind}" for name, kind in zip(names, types, strict=True))
    year = f"reference_year integer default {YEARS[-1]}"
    connection.execute(
        f"create table warehouse.intermediate.numerator_need ({definition}, {year}, is_remainder boolean default false)"
    )
    connection.execute(f"create table warehouse.intermediate.suppress_numerator_{STEP - 1} (cell_id bigint, {year})")
    return connection, path.read_text(encoding="utf-8")


def test_sql_suppresses_the_cells_of_the_reference_on_random_blocks(step):
    connection, query = step
    generator = numpy.random.default_rng(12)
    expected, rows, before = set(), [], []
    for number in range(BLOCKS):
        headroom, block = random_block(generator)
        of_block, of_step = rows_of_block(number, headroom, block)
        rows, before = rows + of_block, before + of_step
        suppressed = suppression_reference.protect(block, THRESHOLD)
        base = (number + 1) * 10_000
        expected |= {base + (row + 1) * 10 + column + 1 for row, column in zip(*numpy.nonzero(suppressed), strict=True)}
    connection.executemany(
        f"insert into warehouse.intermediate.numerator_need ({COLUMNS}) values ({', '.join('?' * 16)})", rows
    )
    connection.executemany(
        f"insert into warehouse.intermediate.suppress_numerator_{STEP - 1} (cell_id) values (?)",
        [(cell,) for cell in before],
    )
    found = {cell for (_, cell) in connection.execute(query).fetchall()}
    primary = {row[0] for row in rows if row[-1]}
    assert len(expected) > len(primary) > 500
    assert found == expected, f"{len(found - expected)} too many, {len(expected - found)} too few"


def test_worked_example_of_the_documentation():
    # docs/methods/disclosure.md
    cases = numpy.array([[2, 20, 30, 12], [10, 15, 40, 25], [50, 60, 70, 80], [9, 33, 45, 21]])
    block = Block(
        cases=cases,
        needed=cases < THRESHOLD,
        firm=cases >= THRESHOLD,
        row_total=cases.sum(axis=1),
        row_open=numpy.zeros(4, dtype=bool),
        column_open=numpy.zeros(4, dtype=bool),
        is_leaf=True,
        is_country=False,
    )
    suppressed = suppression_reference.protect(block, THRESHOLD)
    assert [tuple(cell) for cell in numpy.argwhere(suppressed).tolist()] == [(0, 0), (0, 1), (1, 0), (1, 1)]
