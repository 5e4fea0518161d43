"""What a Parquet file is, from its footer: columns, number of rows, first and last date. No row is read."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import duckdb

from atlas.source_text import FileFault, check_columns, known_names

WHOLE_NUMBERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}


@dataclass(frozen=True)
class ParquetFile:
    """What is known of a Parquet file. Days are yyyy-mm-dd, null where the footer does not prove them."""

    checksum: str
    columns: tuple[str, ...]
    types: tuple[str, ...]  # by DuckDB's names
    row_count: int
    has_date_column: bool
    first_day: str | None
    last_day: str | None
    every_line_is_dated: bool


def inspect(
    connection: duckdb.DuckDBPyConnection, path: Path, contract: list[str], date_column: str, *, may_lack: set[str]
) -> ParquetFile:
    """Returns what the footer says. Arguments: a connection of any database; the others see source_text.inspect.

    Raises FileFault for a file that is damaged, encrypted or lacks a column; OSError when it cannot be opened.
    """
    checksum = _check_frame(path)
    pattern = escaped(str(path))
    try:
        schema = connection.execute(
            "select name, num_children, duckdb_type from parquet_schema(?) order by column_id", [pattern]
        ).fetchall()
        (row_count,) = connection.execute("select num_rows from parquet_file_metadata(?)", [pattern]).fetchone()
        columns = _top_level(schema)
        names = [name.lower() for name, _, _ in columns]
        check_columns(names, contract, may_lack)
        for name, children, _ in columns:
            if children and name.lower() in contract:
                raise FileFault(f"has a nested column {name.lower()}. Write it as a plain number, text or date.")
        types = {name.lower(): type_name for name, _, type_name in columns}
        first, last, nulls = connection.execute(
            "select min(stats_min_value), max(stats_max_value), sum(stats_null_count) from parquet_metadata(?)"
            " where lower(path_in_schema) = ? having count(*) = count(stats_min_value)",
            [pattern, date_column],
        ).fetchone() or (None, None, None)
    except duckdb.Error as error:
        raise FileFault(
            "is damaged or no Parquet file: its footer cannot be read. Export or transfer the file again."
        ) from error
    date_type = types.get(date_column)
    return ParquetFile(
        checksum,
        known_names(names, contract),
        tuple(type_name or "" for _, _, type_name in columns),
        row_count,
        date_column in types,
        _day(first, date_type),
        _day(last, date_type),
        date_type == "DATE" and nulls == 0,
    )


def unreadable(files: list[str], contract: list[str], *, threads: int) -> list[str]:
    """Returns the files of which a page cannot be read. Reads every row of the columns of the contract: for a fault
    that DuckDB reports without the name of the file.
    """
    found = []
    connection = duckdb.connect(config={"threads": threads})
    for file in files:
        try:
            source = connection.from_parquet(escaped(file))
            columns = [f'"{name}"' for name in source.columns if name.lower() in contract]
            source.aggregate(f"bit_xor(hash({', '.join(columns)}))").fetchall()
        except duckdb.Error:
            found.append(file)
    connection.close()
    return found


def escaped(path: str) -> str:
    """Returns a path as a DuckDB file pattern that matches this path alone."""
    return re.sub(r"([*?\[])", r"[\1]", path)


def _check_frame(path: Path) -> str:
    """Returns the SHA-256 of a file that begins and ends as Parquet does. Raises FileFault for any other."""
    with open(path, "rb") as stream:
        start = stream.read(4)
        stream.seek(0, 2)
        size = stream.tell()
        stream.seek(max(0, size - 4))
        end = stream.read(4)
        stream.seek(0)
        if not size:
            raise FileFault("is empty. Export the file again, or remove it from the folder.")
        if start == b"PARE" or end == b"PARE":
            raise FileFault("is an encrypted Parquet file. Export it without encryption.")
        if start != b"PAR1":
            raise FileFault("is no Parquet file, although its name says so. Export the file again, or remove it.")
        if size < 12 or end != b"PAR1":
            raise FileFault("ends before its footer: the transfer was cut off. Transfer the file again.")
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _top_level(schema: list[tuple]) -> list[tuple]:
    """Returns the columns of a schema that are not inside another. schema: (name, number of children, type), each
    node before its children, the root first.
    """
    columns = []
    skip = 0
    for name, children, type_name in schema[1:]:
        if not skip:
            columns.append((name, children or 0, type_name))
        else:
            skip -= 1
        skip += children or 0
    return columns


def _day(value: str | None, type_name: str | None) -> str | None:
    """Returns a statistic of a date column as yyyy-mm-dd: of a date, or of a whole number yyyymmdd; else None."""
    if value is None:
        return None
    if type_name == "DATE":
        return value if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value) else None
    if type_name in WHOLE_NUMBERS and re.fullmatch(r"\d{8}", value):
        return f"{value[:4]}-{value[4:6]}-{value[6:]}"
    return None
