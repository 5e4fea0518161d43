"""Work on many items, two at a time: each keeps one core busy outside of Python (DuckDB, compression, checksums)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def two_at_a_time(work: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
    """Returns work(item) for every item, in their order. Raises what the first item that failed raised; no further item
    is then begun.
    """
    pool = ThreadPoolExecutor(max_workers=2)
    try:
        return list(pool.map(work, items))
    finally:
        pool.shutdown(cancel_futures=True)
