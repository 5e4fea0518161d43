"""The step of a build: the cells of its years are suppressed side by side, each group of series of a year in a process
of its own.

A process of its own, started anew: dbt's process has threads and an open warehouse, of which a fork would be a copy,
and its memory is given back after each group. What a group suppresses depends on its cells of that year alone, so that
it is the same whatever the number of processes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import numpy

from atlas import child
from atlas.settings import PROJECT_DIR, AtlasError
from atlas.sql import literal
from atlas.suppression import cells, protect, window

# What decides the cells of a year, or of the three-year window that begins with it, by the name of their files.
DECIDE = {"cell": protect.suppress, "window": window.suppress}


def result_file(year: int, name: str = "cell", group: int | str = "*") -> str:
    """Returns the name of the file with the suppressed cells of a group of series of a year, or of a window (name: see
    DECIDE); without a group, the pattern of the names of all groups.
    """
    return f"suppressed_{name}_{year}_{group}.parquet"


def run(folder: Path, years: list[int], threshold: int, *, secondary: bool, processes: int, name: str = "cell") -> None:
    """Writes the suppressed cells of each year, or window, into the folder of its cells, a file for each group of
    series (cells.groups). Raises AtlasError for a failure.
    """

    def start(task: tuple[int, int, list[str]]) -> tuple[int, subprocess.CompletedProcess]:
        year, group, series = task
        command = [
            sys.executable,
            "-m",
            "atlas.suppression.step",
            str(folder),
            name,
            str(year),
            str(group),
            str(threshold),
            str(int(secondary)),
            *series,
        ]
        return year, subprocess.run(
            command, cwd=PROJECT_DIR, env=child.environment(), capture_output=True, text=True, check=False
        )

    tasks = []
    for year in years:
        for old in folder.glob(result_file(year, name)):
            old.unlink()
        try:
            tasks += [(year, group, series) for group, series in enumerate(cells.groups(folder, year, name))]
        except duckdb.IOException as error:
            raise AtlasError(_failed(year, str(error).splitlines()[0])) from error
    tasks.sort(key=lambda task: task[1])  # the large groups first
    with ThreadPoolExecutor(processes) as pool:
        for year, done in pool.map(start, tasks):
            if done.returncode:
                raise AtlasError(_failed(year, _reason(done)))


def _reason(done: subprocess.CompletedProcess) -> str:
    """Returns why the process of a year ended, in one line."""
    if done.returncode == -signal.SIGKILL:
        return "its process was killed, which the system does when memory is short (ATLAS_THREADS=1 needs less)"
    said = done.stderr.strip().splitlines()
    return said[-1] if said else f"its process ended with code {done.returncode}"


def _failed(year: int, said: str) -> str:
    """Returns the message about a year whose suppression failed."""
    return f"The suppression of {year} failed: {said}. The release is unchanged. Start again."


def suppress_group(
    folder: Path,
    year: int,
    group: int,
    series: list[str],
    threshold: int,
    *,
    secondary: bool,
    name: str = "cell",
) -> None:
    """Reads the cells of a group of series of a year, or window, and writes those that are suppressed: year, cell_id,
    proven_below, proven_above; both are null where the proof of the year is that of the cell.
    """
    found, units = cells.read(folder, year, name, series)
    outcome = DECIDE[name](found, units, threshold, secondary=secondary)
    chosen = numpy.flatnonzero(outcome.suppressed)
    columns = {
        "cell_id": found.cell_id[chosen],
        "proven_below": outcome.below[chosen].astype(numpy.int32),
        "proven_above": outcome.above[chosen].astype(numpy.int32),
        "is_excused": outcome.is_excused[chosen],
    }
    with duckdb.connect() as connection:
        connection.register("suppressed", columns)
        connection.execute(
            f"copy (select cast({int(year)} as integer) as year, cell_id, "
            "case when not is_excused then proven_below end as proven_below, "
            "case when not is_excused then proven_above end as proven_above from suppressed order by cell_id) to "
            f"{literal(folder / result_file(year, name, group))} (format parquet)"
        )


def main(arguments: list[str]) -> None:
    """Suppresses a group of series of one year, or window: folder, name of DECIDE, year, number of the group,
    threshold, whether secondary cells are suppressed too (1 or 0), and the series.
    """
    child.end_with_parent()
    os.umask(0o077)
    folder, name, year, group, threshold, secondary, *series = arguments
    try:
        suppress_group(
            Path(folder), int(year), int(group), series, int(threshold), secondary=secondary == "1", name=name
        )
    except (duckdb.IOException, MemoryError, OSError) as error:  # their messages name files, no values of cells
        sys.exit(f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no memory left'}")


if __name__ == "__main__":
    main(sys.argv[1:])
