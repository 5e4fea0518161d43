"""The public file of a release: which tables it gets, and how they are written into it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from string import Template

import duckdb

from atlas import comments, export, guards, observation, record
from atlas.release_tables import OWN_TABLES
from atlas.settings import AtlasError, Settings
from atlas.sql import identifier, literal
from atlas.threads import two_at_a_time

# The oldest format that every DuckDB since 1.2 reads.
STORAGE_VERSION = "v1.2.0"
# Tables of these schemas are small and have a primary key in the public file: cards, dimensions, the release itself.
KEYED_SCHEMAS = ("reference", "main")


def read_public_tables(
    connection: duckdb.DuckDBPyConnection, models: list[record.PublicModel]
) -> list[export.PublicTable]:
    """Returns the tables to publish, in the order of their names. Raises AtlasError when one must not be public."""
    guards.check_names([model.name for model in models], {*OWN_TABLES, observation.NAME})
    if not any(model.statistic for model in models):
        raise AtlasError(
            "Nothing is published: the build made no statistic. Check that the models of models/marts are enabled."
        )
    table_comments = {
        (schema, name): comment
        for schema, name, comment in connection.execute(
            "select schema_name, table_name, coalesce(comment, '') from duckdb_tables() where database_name = "
            "'warehouse'"
        ).fetchall()
    }
    columns: dict[tuple[str, str], list[export.Column]] = {}
    for schema, name, *column in connection.execute(
        """select schema_name, table_name, column_name, data_type, coalesce(comment, '') from duckdb_columns()
        where database_name = 'warehouse' order by schema_name, table_name, column_index"""
    ).fetchall():
        columns.setdefault((schema, name), []).append(export.Column(*column))
    cards = next(
        (comments.read_comments(connection, model.schema) for model in models if model.name == "statistic"), {}
    )
    tables = []
    for model in models:
        place = (model.schema, model.name)
        if place not in table_comments:
            raise AtlasError(
                f"Nothing is published: {model.schema}.{model.name} is no table in the warehouse. Only tables can be "
                "published: set the "
                "model's materialization to `table` and build again."
            )
        comment, column_comments = cards.get(model.name, (table_comments[place], {}))
        described = [
            export.Column(column.name, column.type, column_comments.get(column.name, column.comment))
            for column in columns[place]
        ]
        derived = derived_columns(connection, model)
        tables.append(export.PublicTable(*place, comment, described, model.primary_key, model.statistic, derived))
        guards.check_columns(tables[-1])
    return tables


def derived_columns(connection: duckdb.DuckDBPyConnection, model: record.PublicModel) -> dict[str, str]:
    """Returns column -> expression of the columns that a table derives from others, its constants written out."""
    constants = {}
    for name, query in model.constants.items():
        result = connection.execute(query)
        columns = [column[0] for column in result.description]
        constants[name] = _case(columns[:-1], result.fetchall())
    return {column: Template(text).substitute(constants) for column, text in model.derived.items()}


def _case(columns: list[str], rows: list[tuple]) -> str:
    """Returns an SQL expression of type double: the last value of the row whose other values the columns have; null for
    none. Digits without an exponent would be a decimal.
    """
    if not columns:
        ((value,),) = rows
        return repr(value) if "e" in repr(value) else f"{value!r}e0"
    cases: dict[object, list[tuple]] = {}
    for key, *rest in rows:
        cases.setdefault(key, []).append(tuple(rest))
    if not cases:
        return "cast(null as double)"
    branches = (
        f"when {literal(key) if isinstance(key, str) else key} then {_case(columns[1:], rest)}"
        for key, rest in cases.items()
    )
    return f"case {identifier(columns[0])} {' '.join(branches)} end"


def in_warehouse(table: export.PublicTable) -> str:
    """Returns the SQL name of a table in the attached `warehouse`."""
    return f"warehouse.{identifier(table.schema)}.{identifier(table.name)}"


def publish_tables(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    tables: list[export.PublicTable],
    edition: export.Edition,
) -> list[export.TableFiles]:
    """Copies the tables into the empty public database, checks them and exports them, two at a time: each keeps one
    core busy.

    Returns the exported files, in the order of the tables. Raises AtlasError when two rows of a table have the same
    key, when a text names a folder of this machine, or when a published value has no SDMX code.
    """
    private = guards.private_folders(settings)

    def publish_table(table: export.PublicTable) -> export.TableFiles:
        cursor = connection.cursor()
        _copy_table(cursor, table)
        guards.check_key(cursor, table)
        guards.check_paths(cursor, table, private)
        return export.write_table(cursor, table, settings.exports_staging, edition)

    # reference tables first: the statistics are exported with their codes
    batches = ([table for table in tables if not table.statistic], [table for table in tables if table.statistic])
    written = {files.table: files for batch in batches for files in two_at_a_time(publish_table, batch)}
    return [written[table.name] for table in tables]


def _copy_table(connection: duckdb.DuckDBPyConnection, table: export.PublicTable) -> None:
    """Copies one table, rows in total order, with its key and comments; in one transaction, or each comment would be
    forced to the disk by itself.
    """
    source = in_warehouse(table)
    connection.begin()
    name = f"atlas.{identifier(table.name)}"
    _create_table(connection, table.name, {column.name: column.type for column in table.columns}, table)
    stored = ", ".join(identifier(column.name) for column in table.columns if column.name not in table.derived)
    connection.execute(f"insert into {name} ({stored}) select {stored} from {source} order by all")
    if table.derived:
        _check_derived_columns(connection, table, source, name)
    _comment(connection, table.name, table.comment, {column.name: column.comment for column in table.columns})
    connection.commit()


def _create_table(connection, name: str, types: dict[str, str], table: export.PublicTable) -> None:
    """Creates an empty table of the public file: the columns of the key, and the status of a statistic, are not null.

    A primary key that the file enforces costs some 125 bytes a row, many times the row itself, so large tables
    (statistics and comparisons) have none; `guards.check_key` has found their keys unique.
    """
    required = {*table.primary_key, *(["status"] if table.statistic else [])}
    columns = [
        f"{identifier(column)} {type_}"
        + (f" generated always as ({table.derived[column]}) virtual" if column in table.derived else "")
        + (" not null" if column in required else "")
        for column, type_ in types.items()
    ]
    if table.primary_key and table.schema in KEYED_SCHEMAS:
        columns.append(f"primary key ({', '.join(identifier(column) for column in table.primary_key)})")
    connection.execute(f"create table atlas.{identifier(name)} ({', '.join(columns)})")


def _check_derived_columns(connection, table: export.PublicTable, source: str, name: str) -> None:
    """Raises AtlasError when a derived column, which readers get computed from the others, differs from that of the
    build in a single bit.
    """
    columns = ", ".join(identifier(column.name) for column in table.columns)
    made, read = (
        connection.execute(f"select count(*), sum(hash({columns})) from {relation}").fetchone()
        for relation in (source, name)
    )
    if made != read:
        raise AtlasError(
            f"Nothing is published: the columns {', '.join(table.derived)} of {table.name}, computed from the other "
            "columns, differ from those of the build.\nCorrect `derived` in the model's meta, and build again."
        )


def write_own_table(connection, name: str, rows: list[tuple]) -> export.PublicTable:
    """Writes one of OWN_TABLES into the public database, in one transaction. Returns it as a public table."""
    comment, columns = OWN_TABLES[name]
    table = export.PublicTable("main", name, comment, [], [next(iter(columns))], None)
    connection.begin()
    _create_table(connection, name, {column: type_ for column, (type_, _) in columns.items()}, table)
    if rows:
        connection.executemany(f"insert into atlas.{identifier(name)} values ({', '.join('?' * len(columns))})", rows)
    _comment(connection, name, comment, {column: text for column, (_, text) in columns.items()})
    connection.commit()
    types = connection.execute(f"describe atlas.{identifier(name)}").fetchall()
    described = [export.Column(column, type_, columns[column][1]) for column, type_, *_ in types]
    return replace(table, columns=described)


def _comment(connection, table: str, comment: str, columns: dict[str, str]) -> None:
    """Writes the comments of a table of the public database and its columns; an empty one is left out."""
    if comment:
        connection.execute(f"comment on table atlas.{identifier(table)} is {literal(comment)}")
    for column, text in columns.items():
        if text:
            connection.execute(f"comment on column atlas.{identifier(table)}.{identifier(column)} is {literal(text)}")


@contextmanager
def open_databases(settings: Settings, most_memory: int | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yields a connection with the private `warehouse` read-only and a new, empty `atlas`; closes both, without a
    write-ahead log left. most_memory: bytes that DuckDB may use where ATLAS_MEMORY_LIMIT gives more.

    Raises AtlasError when there is no warehouse, or another process is writing to it.
    """
    if not settings.warehouse.exists():
        raise AtlasError(
            f"There is no warehouse at {settings.warehouse}. Run `dbt build`, or `make build`, and start again."
        )
    connection = duckdb.connect(
        config={
            "memory_limit": settings.memory_limit,
            "threads": settings.threads,
            "temp_directory": str(settings.temp_dir),
        }
    )
    try:
        if most_memory:
            _limit_memory(connection, most_memory)
        try:
            connection.execute(f"attach {literal(settings.warehouse)} as warehouse (read_only)")
        except duckdb.IOException as error:
            raise AtlasError(
                f"The warehouse {settings.warehouse} cannot be opened: {error}\n"
                "If another program has it open for writing (a running dbt, a database browser), let it end or "
                "close it, and start again."
            ) from error
        connection.execute(
            f"attach {literal(settings.staging / 'atlas.duckdb')} as atlas (storage_version '{STORAGE_VERSION}')"
        )
        yield connection
        connection.execute("checkpoint atlas")
        connection.execute("detach atlas")
    finally:
        connection.close()
    leftover = list(settings.staging.glob("*.wal"))
    if leftover:
        raise AtlasError(
            f"The public file was not written to its end: {leftover[0].name} is left. Nothing was published; start "
            "again."
        )


def _limit_memory(connection: duckdb.DuckDBPyConnection, most: int) -> None:
    """Lowers the memory limit of a connection to these bytes; a limit that is lower stays."""
    (limit,) = connection.execute("select current_setting('memory_limit')").fetchone()
    number, unit = limit.split()  # such as 3.7 GiB
    if float(number) * 1024 ** ["bytes", "KiB", "MiB", "GiB", "TiB"].index(unit) > most:
        connection.execute(f"set memory_limit = '{most}B'")
