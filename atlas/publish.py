"""Publishes the last complete build: `python -m atlas release`.

Reads the private warehouse and writes, in a hidden folder, one set: `atlas.duckdb`, the exports and the site. When the
set is whole and on disk, atlas/switch.py publishes it by one rename. Nothing is published unless the last dbt command
on the warehouse was a complete build without failures (atlas/record.py), and only models with `access: public` are.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from string import Template

import duckdb

from atlas import (
    __version__,
    changes,
    citation,
    comments,
    export,
    guards,
    last_release,
    lineage,
    observation,
    publication,
    record,
    signature,
    site,
    switch,
    texts,
)
from atlas.pair import step
from atlas.release_tables import OWN_TABLES
from atlas.settings import CHANGES_FOLDER, PROJECT_DIR, AtlasError, Settings, file_size
from atlas.sql import identifier, literal
from atlas.threads import two_at_a_time

# The oldest format that every DuckDB since 1.2 reads.
STORAGE_VERSION = "v1.2.0"
# Tables of these schemas are small and have a primary key in the public file: cards, dimensions, the release itself.
KEYED_SCHEMAS = ("reference", "main")
# Bytes that DuckDB may use in a release, where ATLAS_MEMORY_LIMIT gives more. A release reads and writes every table
# once; with more, DuckDB keeps what it has read and written, and memory grows with the number of years.
RELEASE_MEMORY = 384 * 2**20


@dataclass(frozen=True)
class Release:
    """What was published."""

    version: str
    tables: int
    rows: int
    is_synthetic: bool
    is_masked: bool
    warnings: list[str]
    changes: changes.Report
    finding: step.Finding | None  # of the attack on this release and the last one; None without a last one


def publish(settings: Settings, options: last_release.Options | None = None) -> Release:
    """Publishes the warehouse's last build; the caller holds the output lock. options: about the last release.

    Where DuckDB stops at RELEASE_MEMORY, the release begins anew with all of ATLAS_MEMORY_LIMIT: two tables at a time
    may meet the limit although a whole release needs less than a third of it.

    Returns the release. Raises AtlasError when the build is not publishable, would lose years of the last release, or
    the set cannot be written; the release before is then untouched.
    """
    options = options or last_release.Options()
    switch.check_links(settings)
    with readable_faults(settings):
        try:
            return _publish(settings, options, RELEASE_MEMORY)
        except duckdb.OutOfMemoryException:
            print("The release begins anew, with more memory for DuckDB.", flush=True)
            return _publish(settings, options)


def _publish(settings: Settings, options: last_release.Options, most_memory: int | None = None) -> Release:
    """Writes the set and switches to it, see publish. most_memory: see open_databases."""
    switch.clear_staging(settings)
    settings.staging.mkdir()
    settings.temp_dir.mkdir(parents=True, exist_ok=True)
    with open_databases(settings, most_memory) as connection:
        build = record.read_build(connection)
        tables = read_public_tables(connection, build.models)
        guards.check_hospitals(connection, [_in_warehouse(table) for table in tables if table.statistic])
        edition = read_edition(connection, settings, build, tables)
        last = last_release.find(settings, options, is_synthetic=edition.is_synthetic)
        finding = compare(connection, settings, build, tables, last, options) if last else None
        files = publish_tables(connection, settings, tables, edition)
        consents = step.consents(connection, finding, options.consent)
        release = write_release(connection, settings, build, tables, files, edition, last, consents)
        release = replace(release, finding=finding)
        lineage_page = lineage.page(connection, build.manifest)
    site.write_site(settings, settings.staging, lineage_page)
    switch.sync_set(settings.staging)
    switch.switch_release(settings, release.version)
    return release


def current_version(settings: Settings) -> str | None:
    """Returns the version of the current release; None when there is none."""
    if not settings.current.is_symlink():
        return None
    folder = os.path.basename(os.readlink(settings.current))
    return folder.split(".")[0]  # without the number of a folder whose name was taken (switch.py)


def renew_site(settings: Settings) -> None:
    """Publishes the current release once more with a site written anew, for those who edit docs/ or the pages; the
    caller holds the output lock. Tables, exports and lineage are those of the release; the warehouse is not read.

    Raises AtlasError when there is no release with a site, or the site cannot be written.
    """
    switch.check_links(settings)
    switch.clear_staging(settings)
    current = settings.current.resolve()
    lineage_page = current / site.LINEAGE
    if not lineage_page.exists():
        raise AtlasError(
            "There is no release with a site. Run `python -m atlas release`, or `make build`, and start again."
        )
    with readable_faults(settings):
        # linked, not copied: a published file is never changed
        shutil.copytree(current, settings.staging, copy_function=_link, ignore=shutil.ignore_patterns("site"))
        version = site.write_site(settings, settings.staging, lineage_page.read_text(encoding="utf-8"))
        switch.sync_set(settings.staging)
        switch.switch_release(settings, version, keep_all=True)


def _link(source: str, copy: str) -> None:
    """Gives a file a second name; copies it where the file system has no hard links."""
    try:
        os.link(source, copy)
    except OSError:
        shutil.copy2(source, copy)


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


def read_edition(
    connection: duckdb.DuckDBPyConnection, settings: Settings, build: record.Build, tables: list[export.PublicTable]
) -> export.Edition:
    """Returns what the files of a release say beside its tables. Raises AtlasError when publication.yml is invalid."""
    (is_synthetic,) = connection.execute(
        "select coalesce(bool_or(is_synthetic), false) from warehouse.quality.source_origin"
    ).fetchone()
    levels = next((table for table in tables if table.name == "geo_level"), None)
    languages = texts.languages(column.name for column in (levels.columns if levels else []))
    published, warnings = publication.of_release(
        settings,
        is_synthetic=is_synthetic,
        publication_date=build.variables["publication_date"],
        languages=languages,
    )
    return export.Edition(is_synthetic, languages, texts.phrases(), texts.phrases("filter"), published, warnings)


def compare(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    build: record.Build,
    tables: list[export.PublicTable],
    last: last_release.LastRelease,
    options: last_release.Options,
) -> step.Finding:
    """Attaches the last release and attacks it together with the new one. Returns what was found.

    Raises InputError when statistics of the warehouse lack years that the last release has, WithheldError when further
    cells must be suppressed, ConsentError when the last release gives cells away without consent.
    """
    last_release.attach(connection, last)
    relations = {table.name: _in_warehouse(table) for table in tables}
    statistics = {table.name: relations[table.name] for table in tables if table.statistic}
    last_release.check_years(connection, last, statistics, options.dropped_years)
    variables = build.variables
    finding = step.attack(
        connection, last, relations, int(variables["geography_vintage"]), int(variables["small_cell_threshold"])
    )
    step.check(settings, finding, options.consent)
    return finding


def _in_warehouse(table: export.PublicTable) -> str:
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
    source = _in_warehouse(table)
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


def write_release(
    connection,
    settings: Settings,
    build: record.Build,
    tables: list[export.PublicTable],
    files: list[export.TableFiles],
    edition: export.Edition,
    last: last_release.LastRelease | None,
    consents: list[tuple],
) -> Release:
    """Writes the release's own tables, and beside the files of all tables what describes them and what changed since
    the last release. Returns the release, named by what it holds.
    """
    sources = read_sources(connection)
    row = _release_row(connection, build, tables, files, edition)
    row["version"] = _version(row, files, [*sources, *consents], edition)
    files = _cite(connection, settings, row, tables, files, edition)
    own_rows = {
        "release": [tuple(row[column] for column in OWN_TABLES["release"][1])],
        "release_table": [
            (file.table, file.rows, file.csv.path, file.csv.bytes, file.csv.sha256, ", ".join(table.primary_key))
            for file, table in zip(files, tables, strict=True)
        ],
        "release_source": sources,
        "release_consent": consents,
        "release_publication": export.publication_rows(edition, row),
    }
    own_tables = [_write_own_table(connection, name, rows) for name, rows in own_rows.items()]
    note = edition.publication.revision_note if edition.publication else {}
    report = changes.write(connection, settings.staging, row, tables, files, last, note)
    files = files + [export.write_table(connection, table, settings.exports_staging, edition) for table in own_tables]
    observation.create(connection, tables)
    export.write_package(connection, settings.exports_staging, row, [*tables, *own_tables], files, edition)
    signature.sign(settings.exports_staging, edition.publication)
    return Release(
        row["version"],
        len(tables),
        row["table_rows"],
        row["is_synthetic"],
        row["small_cell_threshold"] > 0,
        [*edition.warnings, *(changes.doubt(report, last) if edition.publication and not edition.is_synthetic else [])],
        report,
        None,
    )


def _cite(
    connection,
    settings: Settings,
    row: dict,
    tables: list[export.PublicTable],
    files: list[export.TableFiles],
    edition: export.Edition,
) -> list[export.TableFiles]:
    """Writes the citation of this release into the cards, and their files again. Returns the files of all tables.

    The version is a fingerprint of what the release holds without its own name: it is known only now.
    """
    citation.cite(connection, row, edition)
    (cards,) = (table for table in tables if table.name == citation.TABLE)
    written = export.write_table(connection, cards, settings.exports_staging, edition)
    return [written if file.table == cards.name else file for file in files]


def read_sources(connection: duckdb.DuckDBPyConnection) -> list[tuple]:
    """Returns (source, rows in, accepted, rejected) for each source. Raises AtlasError when they do not add up."""
    rows = connection.execute(
        """with balance as (
            select distinct source, load_year, rows_in, rows_accepted, rows_rejected
            from warehouse.quality.reconciliation where disposition <> 'not_read'
        )
        select source, sum(rows_in)::bigint, sum(rows_accepted)::bigint, sum(rows_rejected)::bigint
        from balance group by source order by source"""
    ).fetchall()
    guards.check_balance(rows)
    return rows


def _release_row(
    connection,
    build: record.Build,
    tables: list[export.PublicTable],
    files: list[export.TableFiles],
    edition: export.Edition,
) -> dict:
    """Returns the row of the table `release`, without its version."""
    union = " union ".join(
        f"select reference_year from atlas.{identifier(table.name)}" for table in tables if table.statistic
    )
    years = [year for (year,) in connection.execute(f"select reference_year from ({union}) order by 1").fetchall()]
    return {
        "is_synthetic": edition.is_synthetic,
        "publication_date": build.variables["publication_date"] or edition.issued,
        "first_reference_year": years[0] if years else None,
        "last_reference_year": years[-1] if years else None,
        "reference_years": ",".join(str(year) for year in years),
        "geography_vintage": build.variables["geography_vintage"],
        "small_cell_threshold": int(build.variables["small_cell_threshold"]),
        "complementary_masking": build.variables["complementary_masking"],
        "tables": len(tables),
        "table_rows": sum(file.rows for file in files),
        "project_version": __version__,
        "source_commit": _source_commit(),
        "dbt_version": build.dbt_version,
        "duckdb_version": duckdb.__version__,
    }


def _version(row: dict, files: list[export.TableFiles], sources: list[tuple], edition: export.Edition) -> str:
    """Returns the version: the publication date and eight hexadecimal digits of a hash over everything the release
    says.
    """
    parts = [row, [(file.table, file.csv.sha256) for file in files], sources, export.publication_rows(edition, row)]
    content = json.dumps(parts, sort_keys=True, default=str)
    return f"{row['publication_date'] or 'undated'}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"


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


@contextmanager
def readable_faults(settings: Settings) -> Iterator[None]:
    """Turns a fault of the disk or of DuckDB while publishing into an AtlasError that says what to do, and clears the
    unfinished set.
    """
    try:
        yield
    except (OSError, duckdb.Error) as error:
        free = shutil.disk_usage(settings.output_dir).free
        switch.clear_staging(settings)
        if _is_disk_full(error):
            raise AtlasError(
                f"The disk of {settings.output_dir} is full: {free / 2**20:.0f} MB were left when the release could "
                "not be written to its end.\n"
                "The previous release is unchanged. Free space there (old files, another folder), or name a "
                "larger disk with "
                "ATLAS_OUTPUT_DIR, and start again."
            ) from error
        raise AtlasError(f"The release could not be written: {error}\nThe previous release is unchanged.") from error
    except AtlasError:
        switch.clear_staging(settings)
        raise


def _is_disk_full(error: Exception) -> bool:
    """True when the system refused a write for want of space: disk, quota or file size limit."""
    refused = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return getattr(error, "errno", None) in refused or any(os.strerror(number) in str(error) for number in refused)


def describe(settings: Settings, release: Release) -> str:
    """Returns what was published and what to look at, for the operator."""
    synthetic = " of synthetic demo data, which describe nobody" if release.is_synthetic else ""
    warning = "".join(f"\nWarning: {text}" for text in release.warnings) + (
        ""
        if release.is_masked
        else "\nSMALL CELLS ARE NOT HIDDEN (small_cell_threshold is 0): for private use only, never to be handed on."
    )
    beside = f"Attack on two releases: {release.finding.sentence()}\n" if release.finding else ""
    exports = ", ".join(sorted(path.name for path in settings.exports.iterdir()))
    return (
        f"Release {release.version}: {release.tables} tables, {release.rows:,} rows{synthetic}\n"
        f"Changes: {release.changes.sentence()}, see {settings.current / CHANGES_FOLDER / 'changes.md'}\n"
        f"{beside}"
        f"Public: {settings.public_file} ({file_size(settings.public_file.resolve())}), "
        f"{settings.site / 'index.html'} ({file_size(settings.site.resolve())})\n"
        f"        {settings.exports} ({file_size(settings.exports.resolve())}: {exports}){warning}"
    )


def _comment(connection, table: str, comment: str, columns: dict[str, str]) -> None:
    """Writes the comments of a table of the public database and its columns; an empty one is left out."""
    if comment:
        connection.execute(f"comment on table atlas.{identifier(table)} is {literal(comment)}")
    for column, text in columns.items():
        if text:
            connection.execute(f"comment on column atlas.{identifier(table)}.{identifier(column)} is {literal(text)}")
