"""A copy of the private warehouse, and the way back: `python -m atlas backup FILE` and `python -m atlas restore FILE`.

A build never loses a release, but it changes the warehouse in place, and years that the source no longer has are only
there.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import duckdb

from atlas import export
from atlas.settings import AtlasError, InputError, Settings, file_size

# What every warehouse of this project has.
STATE = "select count(*) from duckdb_tables() where schema_name = 'quality' and table_name = 'built_year'"


def backup(settings: Settings, file: Path) -> str:
    """Copies the warehouse to a file that only this user can read; the caller holds the output lock. Returns what was
    done.

    The file appears in one step, when its bytes were read back and compared; one that was there before is replaced.
    Raises InputError without a warehouse, AtlasError when it is open or damaged, or the file cannot be written.
    """
    warehouse = settings.warehouse
    if not warehouse.exists():
        raise InputError(f"There is no warehouse {warehouse} to copy. Build first, or correct ATLAS_OUTPUT_DIR.")
    if settings.engine != "duckdb":
        raise InputError(
            "ATLAS_ENGINE is spark: the rows of persons are in tables of Spark, which a copy of the warehouse has not. "
            "Copy them with Spark's own means."
        )
    try:
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute("checkpoint")  # what a killed build left in the log beside the file
    except duckdb.Error as error:
        raise AtlasError(
            f"The warehouse {warehouse} cannot be copied: it is damaged, or another program has it open. Nothing was "
            "changed. Close that program, or restore the last copy."
        ) from error
    _copy(warehouse, file)
    return (
        f"{file} is a copy of {warehouse} ({file_size(file)}). It holds rows of persons: keep it in the closed network."
    )


def restore(settings: Settings, file: Path) -> str:
    """Puts a copy in the place of the warehouse, in one step; the caller holds the output lock. Returns what was done.

    Raises InputError when the file is no whole warehouse of this project, AtlasError when it cannot be copied.
    """
    try:
        if not file.is_file():
            raise InputError(f"There is no file {file}. Name a copy that `atlas backup` made.")
        with duckdb.connect(str(file), read_only=True) as connection:
            if not connection.execute(STATE).fetchone()[0]:
                raise InputError(f"{file} is no warehouse of this project. Name a copy that `atlas backup` made.")
    except duckdb.Error as error:
        raise InputError(f"{file} is damaged or no warehouse. Nothing was changed. Name another copy.") from error
    _copy(file, settings.warehouse)
    return (
        f"{settings.warehouse} is the copy {file}. The release is unchanged. Build again: what is missing is computed."
    )


def _copy(source: Path, target: Path) -> None:
    """Copies a file, compares the bytes that were written with those that were read, and gives it its name."""
    unfinished = target.with_name(f".{target.name}.part")
    digest = hashlib.sha256()
    try:
        unfinished.unlink(missing_ok=True)
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as copy:
            with open(source, "rb") as given:
                while block := given.read(2**22):
                    digest.update(block)
                    copy.write(block)
            copy.flush()
            os.fsync(copy.fileno())
        if export.sha256(unfinished) != digest.hexdigest():
            unfinished.unlink()
            raise AtlasError(f"{target} was not written as {source} is. Nothing was changed. Check the disk.")
        # the log of the file that goes: DuckDB would apply it to the copy
        target.with_name(f"{target.name}.wal").unlink(missing_ok=True)
        os.replace(unfinished, target)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise AtlasError(
            f"{target} cannot be written: {error.strerror}. Nothing was changed. Free space or name another file."
        ) from error
