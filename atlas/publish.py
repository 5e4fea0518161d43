"""Publishes the newest complete build: `python -m atlas release`.

Reads the private warehouse and puts together, in a hidden folder, one set: `atlas.duckdb` and the exports. When the set is whole and on
disk, one rename of the link `release` publishes it. Readers see the old set or the new one, never a mixture, and a kill at any moment
leaves the old one whole:

    output/releases/<version>/atlas.duckdb, exports/    a whole release; the current one and the one before are kept
    output/release      -> releases/<version>           the link that is switched
    output/atlas.duckdb -> release/atlas.duckdb         what readers open; these two links never change
    output/exports      -> release/exports

Nothing is published unless the newest dbt command on the warehouse was a complete build without failures (table quality.build_run, see
macros/release/record_build.sql), and only tables of the schemas marts and reference are (quality.publication_list).
"""

from __future__ import annotations

import argparse
import errno
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterator

import duckdb
import yaml

from atlas import export
from atlas.locking import output_lock
from atlas.parallel import side_by_side
from atlas.settings import PROJECT_DIR, AtlasError, Settings, file_size, read_settings

# The oldest format that every DuckDB since 1.2 reads.
STORAGE_VERSION = "v1.2.0"

# Names of columns that describe one person: raw source columns, and what staging and the people rooms call them.
PERSONAL_COLUMN = re.compile(
    r"(person|patient|woman|mother|beneficiary)_?id|person|(pp|ss)\d{4,5}b?|birth_(year|date)|(service|delivery)_date",
    re.I,
)

# The tables that a release says about itself: name -> (comment, {column: (type, comment)}).
OWN_TABLES = {
    "release": (
        "The release itself: one row. Cite the version and the publication date.",
        {
            "version": (
                "text",
                "Publication date (or 'undated') and a fingerprint of every published number and setting",
            ),
            "is_synthetic": (
                "boolean",
                "Whether the numbers come from synthetic demo data: then they describe nobody and are not to be cited",
            ),
            "publication_date": ("date", "Date of publication, as the publisher gave it; null when none was given"),
            "first_reference_year": ("integer", "First calendar year in the tables"),
            "last_reference_year": ("integer", "Last calendar year in the tables"),
            "reference_years": ("text", "Every calendar year in the tables, in order, separated by commas"),
            "geography_vintage": ("integer", "Year of the set of municipalities in which every year is published"),
            "small_cell_threshold": (
                "integer",
                "Groups of 1 to this number minus 1 persons are masked; 0 means that nothing is",
            ),
            "complementary_masking": (
                "boolean",
                "Whether further cells are masked so that no small cell can be computed from the others",
            ),
            "tables": ("integer", "Number of tables listed in release_table"),
            "table_rows": ("bigint", "Rows of those tables together"),
            "project_version": ("text", "Version of the project that computed the tables"),
            "source_commit": (
                "text",
                "Commit of the project's repository, '-dirty' when files were changed; null outside a repository",
            ),
            "dbt_version": ("text", "Version of dbt-core that ran the build"),
            "duckdb_version": ("text", "Version of DuckDB that wrote this file"),
        },
    ),
    "release_table": (
        "One row is a published table of this release, with the fingerprint of its exported CSV file.",
        {
            "table_name": ("text", "Name of the table"),
            "table_rows": ("bigint", "Number of rows"),
            "csv_file": ("text", "Path of the exported file below exports/"),
            "csv_bytes": ("bigint", "Size of the exported file, in bytes"),
            "csv_sha256": ("text", "SHA-256 of the exported file's bytes, in hexadecimal"),
        },
    ),
    "release_source": (
        "One row is a source of this release: how many rows were read, and that each was accepted or rejected.",
        {
            "source": ("text", "Name of the source"),
            "rows_in": ("bigint", "Rows read"),
            "rows_accepted": ("bigint", "Rows used"),
            "rows_rejected": ("bigint", "Rows set aside as unusable, kept with their reason in the private warehouse"),
        },
    ),
}


@dataclass(frozen=True)
class Build:
    """The dbt build that a release publishes."""

    variables: dict
    dbt_version: str


@dataclass(frozen=True)
class Release:
    """What was published."""

    version: str
    folder: Path
    tables: int
    rows: int
    is_synthetic: bool
    is_masked: bool


def publish(settings: Settings) -> Release:
    """Publishes the warehouse's newest build; the caller holds the output lock.

    Returns the release. Raises AtlasError when the build is not publishable or the set cannot be written; the release before is then
    untouched.
    """
    check_links(settings)
    clear_staging(settings)
    with readable_faults(settings):
        settings.staging.mkdir()
        settings.temp_dir.mkdir(parents=True, exist_ok=True)
        with open_databases(settings) as connection:
            build = read_build(connection)
            tables = read_public_tables(connection)
            files = publish_tables(connection, settings, tables)
            release = write_release(connection, settings, build, tables, files)
        sync_set(settings.staging)
        switch(settings, release)
    return release


def read_build(connection: duckdb.DuckDBPyConnection) -> Build:
    """Returns the newest build. Raises AtlasError unless it was complete, without failures and masked."""
    if not _exists(connection, "quality", "build_run"):
        raise AtlasError("The warehouse holds no finished build. Run `dbt build`, or `make build`, and start again.")
    status, problem, command, variables, dbt_version = connection.execute(
        "select status, problem, command, variables, dbt_version from warehouse.quality.build_run order by run_number desc limit 1"
    ).fetchone()
    if status == "running":
        problem = "it was stopped before its end"
    if status != "complete":
        raise AtlasError(
            f"Nothing is published: the last dbt command on the warehouse (dbt {command}) was no complete build: {problem}.\n"
            "The previous release stands as it was. Mend what failed and run the whole `dbt build`, or `make build`, again."
        )
    build = Build(json.loads(variables), dbt_version)
    if int(build.variables["small_cell_threshold"]) and not build.variables["complementary_masking"]:
        raise AtlasError(
            "Nothing is published: the warehouse was built with complementary_masking off, so that masked cells could be computed from "
            "the others.\nThe previous release stands as it was. Build again without that variable."
        )
    return build


def read_public_tables(connection: duckdb.DuckDBPyConnection) -> list[export.PublicTable]:
    """Returns the tables to publish, in the order of their names. Raises AtlasError when one must not be public."""
    listed = connection.execute(
        "select schema_name, table_name, primary_key, statistic from warehouse.quality.publication_list order by table_name"
    ).fetchall()
    told = connection.execute(
        "select schema_name, table_name, coalesce(comment, '') from duckdb_tables() where database_name = 'warehouse'"
    ).fetchall()
    comments = {(schema, name): comment for schema, name, comment in told}
    columns: dict[tuple[str, str], list[export.Column]] = {}
    for schema, name, *column in connection.execute(
        """select schema_name, table_name, column_name, data_type, coalesce(comment, '') from duckdb_columns()
        where database_name = 'warehouse' order by schema_name, table_name, column_index"""
    ).fetchall():
        columns.setdefault((schema, name), []).append(export.Column(*column))
    tables = [_public_table(*row, comments.get(tuple(row[:2])), columns.get(tuple(row[:2]), [])) for row in listed]
    names = [table.name for table in tables]
    twice = sorted({name for name in names if names.count(name) > 1} | (set(names) & set(OWN_TABLES)))
    if twice:
        raise AtlasError(
            f"Nothing is published: two public tables would be named {', '.join(twice)}. Rename one of the models."
        )
    if not any(table.statistic for table in tables):
        raise AtlasError(
            "Nothing is published: the build made no statistic. Check that the models of models/marts are enabled."
        )
    return tables


def _public_table(
    schema: str, name: str, primary_key: str, statistic: str | None, comment: str | None, columns: list[export.Column]
) -> export.PublicTable:
    """Returns one table with its columns and comments. comment: None when the warehouse has no such table.

    Raises AtlasError when it is missing, a view, or describes persons.
    """
    if comment is None:
        raise AtlasError(
            f"Nothing is published: {schema}.{name} is no table in the warehouse. Only tables can be published: set the model's "
            "materialization to `table` and build again."
        )
    for column in columns:
        if PERSONAL_COLUMN.fullmatch(column.name):
            raise AtlasError(
                f"Nothing is published: column {column.name} of {schema}.{name} describes persons. Remove it from the model."
            )
        if column.type not in export.FIELD_TYPES:
            raise AtlasError(
                f"Nothing is published: column {column.name} of {schema}.{name} has type {column.type}, which a CSV file cannot carry. "
                f"Use one of {', '.join(sorted(export.FIELD_TYPES))}."
            )
    return export.PublicTable(
        schema, name, comment, columns, json.loads(primary_key), json.loads(statistic) if statistic else None
    )


def publish_tables(
    connection: duckdb.DuckDBPyConnection, settings: Settings, tables: list[export.PublicTable]
) -> list[export.TableFiles]:
    """Copies the tables into the empty public database, checks them and exports them, two at a time.

    Returns the exported files, in the order of the tables. Raises AtlasError when two rows of a table have the same key, when a text names a
    folder of this machine, or when a published value has no SDMX code.
    """
    folders = [PROJECT_DIR, settings.output_dir, settings.source_dir]
    private = [str(folder) for folder in folders if folder and len(folder.parts) > 2]

    def publish_table(cursor, table: export.PublicTable) -> export.TableFiles:
        _copy_table(cursor, table, private)
        return export.write_table(cursor, table, settings.exports_staging)

    reference = [
        table for table in tables if not table.statistic
    ]  # first: the statistics are exported with the codes that stand there
    statistics = [table for table in tables if table.statistic]
    written = {
        files.table: files
        for batch in (reference, statistics)
        for files in side_by_side(connection, publish_table, batch)
    }
    return [written[table.name] for table in tables]


def _copy_table(connection, table: export.PublicTable, private: list[str]) -> None:
    """Copies one table, rows in total order, with its comments; in one transaction, or each comment would be forced to the disk by itself.

    private: folders that no text may name. Raises as publish_tables.
    """
    connection.begin()
    connection.execute(
        f"create table atlas.{_q(table.name)} as from warehouse.{_q(table.schema)}.{_q(table.name)} order by all"
    )
    _comment(connection, table.name, table.comment, {column.name: column.comment for column in table.columns})
    connection.commit()
    _check_key(connection, table)
    _check_paths(connection, table, private)


def _check_key(connection, table: export.PublicTable) -> None:
    """Raises AtlasError when the table's primary key does not identify its rows."""
    if not table.primary_key:
        return
    key = ", ".join(_q(column) for column in table.primary_key)
    double = connection.execute(
        f"select {key} from atlas.{_q(table.name)} group by all having count(*) > 1 limit 1"
    ).fetchone()
    if double:
        raise AtlasError(
            f"Nothing is published: {table.name} has several rows with the key ({key}) = {double}. Mend the model and build again."
        )


def _check_paths(connection, table: export.PublicTable, private: list[str]) -> None:
    """Raises AtlasError when a comment or a text value of the table holds a path of this machine."""
    comments = [table.comment, *(column.comment for column in table.columns)]
    values = [
        f"contains({_q(column.name)}, {_literal(path)})"
        for column in table.columns
        if column.type == "VARCHAR"
        for path in private
    ]
    found = f"select count(*) from atlas.{_q(table.name)} where {' or '.join(values) or 'false'}"
    if any(path in text for path in private for text in comments) or connection.execute(found).fetchone()[0]:
        raise AtlasError(
            f"Nothing is published: {table.name} holds a path of this machine ({' or '.join(private)}). Remove it and build again."
        )


def write_release(
    connection, settings: Settings, build: Build, tables: list[export.PublicTable], files: list[export.TableFiles]
) -> Release:
    """Writes the release's own tables, and beside the files of all tables what describes them. Returns the release, named by what it holds."""
    sources = read_sources(connection)
    row = _release_row(connection, build, tables, files)
    row["version"] = _version(row, files, sources)
    own_rows = {
        "release": [tuple(row[column] for column in OWN_TABLES["release"][1])],
        "release_table": [(file.table, file.rows, file.csv_path, file.csv_bytes, file.csv_sha256) for file in files],
        "release_source": sources,
    }
    own_tables = [_write_own_table(connection, name, rows) for name, rows in own_rows.items()]
    files = files + [export.write_table(connection, table, settings.exports_staging) for table in own_tables]
    export.write_package(connection, settings.exports_staging, row, [*tables, *own_tables], files)
    return Release(
        row["version"],
        settings.releases / row["version"],
        len(tables),
        row["table_rows"],
        row["is_synthetic"],
        row["small_cell_threshold"] > 0,
    )


def read_sources(connection: duckdb.DuckDBPyConnection) -> list[tuple]:
    """Returns (source, rows in, accepted, rejected) for each source. Raises AtlasError when they do not add up."""
    rows = connection.execute(
        """with balance as (
            select distinct source, load_year, rows_in, rows_accepted, rows_rejected from warehouse.quality.reconciliation
            where fate <> 'not_read'
        )
        select source, sum(rows_in)::bigint, sum(rows_accepted)::bigint, sum(rows_rejected)::bigint
        from balance group by source order by source"""
    ).fetchall()
    for source, rows_in, accepted, rejected in rows:
        if rows_in != accepted + rejected:
            raise AtlasError(
                f"Nothing is published: {rows_in} rows of {source} were read, but {accepted} accepted and {rejected} rejected. "
                "Look at quality.reconciliation in the warehouse."
            )
    return rows


def _release_row(connection, build: Build, tables: list[export.PublicTable], files: list[export.TableFiles]) -> dict:
    """Returns the row of the table `release`, without its version."""
    union = " union ".join(f"select reference_year from atlas.{_q(table.name)}" for table in tables if table.statistic)
    years = [year for (year,) in connection.execute(f"select reference_year from ({union}) order by 1").fetchall()]
    return {
        "is_synthetic": connection.execute(
            "select coalesce(bool_or(is_synthetic), false) from warehouse.quality.source_origin"
        ).fetchone()[0],
        "publication_date": build.variables["publication_date"],
        "first_reference_year": years[0] if years else None,
        "last_reference_year": years[-1] if years else None,
        "reference_years": ",".join(str(year) for year in years),
        "geography_vintage": build.variables["geography_vintage"],
        "small_cell_threshold": int(build.variables["small_cell_threshold"]),
        "complementary_masking": build.variables["complementary_masking"],
        "tables": len(tables),
        "table_rows": sum(file.rows for file in files),
        "project_version": yaml.safe_load((PROJECT_DIR / "dbt_project.yml").read_text(encoding="utf-8"))["version"],
        "source_commit": _source_commit(),
        "dbt_version": build.dbt_version,
        "duckdb_version": duckdb.__version__,
    }


def _version(row: dict, files: list[export.TableFiles], sources: list[tuple]) -> str:
    """Returns the version: the publication date and eight hexadecimal digits of a hash over everything the release says."""
    told = json.dumps([row, [(file.table, file.csv_sha256) for file in files], sources], sort_keys=True, default=str)
    return f"{row['publication_date'] or 'undated'}-{hashlib.sha256(told.encode()).hexdigest()[:8]}"


def _source_commit() -> str | None:
    """Returns the commit of the project's repository, or None outside one."""
    command = ["git", "-C", str(PROJECT_DIR), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() or None
    except (OSError, subprocess.CalledProcessError):
        return None


def _write_own_table(connection, name: str, rows: list[tuple]) -> export.PublicTable:
    """Writes one of OWN_TABLES into the public database, in one transaction. Returns it as a public table."""
    comment, columns = OWN_TABLES[name]
    connection.begin()
    definition = ", ".join(f"{_q(column)} {type_}" for column, (type_, _) in columns.items())
    connection.execute(f"create table atlas.{_q(name)} ({definition})")
    if rows:
        connection.executemany(f"insert into atlas.{_q(name)} values ({', '.join('?' * len(columns))})", rows)
    _comment(connection, name, comment, {column: told for column, (_, told) in columns.items()})
    connection.commit()
    types = connection.execute(f"describe atlas.{_q(name)}").fetchall()
    described = [export.Column(column, type_, columns[column][1]) for column, type_, *_ in types]
    return export.PublicTable("main", name, comment, described, [next(iter(columns))], None)


@contextmanager
def open_databases(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yields a connection with the private `warehouse` read-only and a new, empty `atlas`; closes both, without a write-ahead log left.

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
        try:
            connection.execute(f"attach {_literal(settings.warehouse)} as warehouse (read_only)")
        except duckdb.IOException as error:
            raise AtlasError(
                f"The warehouse {settings.warehouse} cannot be opened: {error}\n"
                "If another program has it open for writing (a running dbt, a database browser), let it end or close it, and start again."
            ) from error
        connection.execute(
            f"attach {_literal(settings.staging / 'atlas.duckdb')} as atlas (storage_version '{STORAGE_VERSION}')"
        )
        yield connection
        connection.execute("checkpoint atlas")
        connection.execute("detach atlas")
    finally:
        connection.close()
    leftover = list(settings.staging.glob("*.wal"))
    if leftover:
        raise AtlasError(
            f"The public file was not written to its end: {leftover[0].name} is left. Nothing was published; start again."
        )


@contextmanager
def readable_faults(settings: Settings) -> Iterator[None]:
    """Turns a fault of the disk or of DuckDB while publishing into an AtlasError that says what to do, and clears the unfinished set."""
    try:
        yield
    except (OSError, duckdb.Error) as error:
        free = shutil.disk_usage(settings.output_dir).free
        clear_staging(settings)
        if _is_disk_full(error):
            raise AtlasError(
                f"The disk of {settings.output_dir} is full: {free / 2**20:.0f} MB were left when the release could not be written to its end.\n"
                "The previous release stands as it was. Free space there (old files, another folder), or name a larger disk with "
                "ATLAS_OUTPUT_DIR, and start again."
            ) from error
        raise AtlasError(
            f"The release could not be written: {error}\nThe previous release stands as it was."
        ) from error
    except AtlasError:
        clear_staging(settings)
        raise


def _is_disk_full(error: Exception) -> bool:
    """True when the system refused a write for want of space: disk, quota or file size limit."""
    refused = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return getattr(error, "errno", None) in refused or any(os.strerror(number) in str(error) for number in refused)


def check_links(settings: Settings) -> None:
    """Raises AtlasError when something that this project did not make stands where the release's links go."""
    for link in (settings.current, settings.exports):
        if link.exists() and not link.is_symlink():
            raise AtlasError(f"{link} is no link of a release. Nothing was changed. Move it elsewhere and start again.")


def clear_staging(settings: Settings) -> None:
    """Removes the unfinished set of a run that died, and links that were not switched."""
    shutil.rmtree(settings.staging, ignore_errors=True)
    for leftover in settings.output_dir.glob(".*.new"):
        leftover.unlink()


def sync_set(folder: Path) -> None:
    """Forces every file and folder of the set to the disk, so that a power cut after the switch finds them whole."""
    for path in [folder, *folder.rglob("*")]:
        _sync(path)


def _sync(path: Path) -> None:
    """Forces one file, or the entries of one folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def switch(settings: Settings, release: Release) -> None:
    """Publishes the staged set by renaming the link `release`, then removes all but this release and the one before."""
    settings.releases.mkdir(exist_ok=True)
    before = os.readlink(settings.current) if settings.current.is_symlink() else None
    folder = _free_folder(release.folder)
    settings.staging.rename(folder)
    _sync(settings.releases)
    replace_link(settings.current, f"{settings.releases.name}/{folder.name}")
    replace_link(settings.public_file, f"{settings.current.name}/atlas.duckdb")
    replace_link(settings.exports, f"{settings.current.name}/exports")
    _sync(settings.output_dir)
    keep = {folder.name, Path(before).name if before else None}
    for old in settings.releases.iterdir():
        if old.name not in keep:
            shutil.rmtree(old, ignore_errors=True)


def _free_folder(folder: Path) -> Path:
    """Returns the folder, or with .2, .3 ... behind its name when an equal release stands there: a published folder is never touched."""
    number = 1
    free = folder
    while free.exists():
        number += 1
        free = folder.with_name(f"{folder.name}.{number}")
    return free


def replace_link(link: Path, target: str) -> None:
    """Points the link at the target in one step: whoever follows it finds the old target or the new one."""
    if link.is_symlink() and os.readlink(link) == target:
        return
    new = link.with_name(f".{link.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    os.replace(new, link)


def describe(settings: Settings, release: Release) -> str:
    """Returns what was published and what to look at, for the operator."""
    synthetic = " of synthetic demo data, which describe nobody" if release.is_synthetic else ""
    warning = (
        ""
        if release.is_masked
        else "\nSMALL CELLS ARE NOT HIDDEN (small_cell_threshold is 0): for private use only, never to be handed on."
    )
    return (
        f"Release {release.version}: {release.tables} tables, {release.rows:,} rows{synthetic}\n"
        f"  {settings.public_file}  ({file_size(settings.public_file.resolve())})\n"
        f"  {settings.exports}  ({file_size(settings.exports.resolve())}: csv, parquet, sdmx, datapackage.json){warning}"
    )


def _exists(connection, schema: str, name: str) -> bool:
    """True when the warehouse has that table."""
    query = (
        "select count(*) from duckdb_tables() where database_name = 'warehouse' and schema_name = ? and table_name = ?"
    )
    return connection.execute(query, [schema, name]).fetchone()[0] > 0


def _comment(connection, table: str, comment: str, columns: dict[str, str]) -> None:
    """Writes the comments of a table of the public database and its columns; an empty one is left out."""
    if comment:
        connection.execute(f"comment on table atlas.{_q(table)} is {_literal(comment)}")
    for column, told in columns.items():
        if told:
            connection.execute(f"comment on column atlas.{_q(table)}.{_q(column)} is {_literal(told)}")


def _q(name: str) -> str:
    """Returns a name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _literal(value: object) -> str:
    """Returns a text or path as a SQL literal."""
    return "'" + str(value).replace("'", "''") + "'"


def main(argv: list[str] | None = None) -> int:
    """Publishes the newest build. Returns the exit code: 0, or 1 with a message on standard error when nothing was published."""
    argparse.ArgumentParser(
        description="Publishes the newest complete build of $ATLAS_OUTPUT_DIR/warehouse.duckdb."
    ).parse_args(argv)
    try:
        settings = read_settings()
        with output_lock(settings):
            print(describe(settings, publish(settings)))
    except AtlasError as error:
        print(error, file=sys.stderr)
        return 1
    return 0
