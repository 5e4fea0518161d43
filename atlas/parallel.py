"""Work on many small tables at once: each keeps one core busy."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Callable

import duckdb


def side_by_side(connection: duckdb.DuckDBPyConnection, work: Callable, tables: list) -> list:
    """Runs work(cursor, table) for every table, two at a time, each with a cursor of its own. Returns the results in the order of the tables.

    Raises what the first table that failed raised.
    """
    pool = ThreadPoolExecutor(max_workers=2)
    try:
        return list(pool.map(lambda table: work(connection.cursor(), table), tables))
    finally:
        pool.shutdown(cancel_futures=True)  # after a fault, or when the job is stopped, no further table is begun
