"""Publishes the last complete build: `python -m atlas release`.

Reads the private warehouse and writes, in a hidden folder, one set: `atlas.duckdb`, the exports and the site. When the
set is whole and on disk, atlas/switch.py publishes it by one rename. Nothing is published unless the last dbt command
on the warehouse was a complete build without failures (atlas/record.py), and only models with `access: public` are.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import duckdb

from atlas import (
    changes,
    citation,
    export,
    guards,
    last_release,
    lineage,
    observation,
    public_file,
    publication,
    record,
    release_tables,
    signature,
    site,
    switch,
    texts,
)
from atlas.pair import step
from atlas.pair.cells import Source
from atlas.settings import CHANGES_FOLDER, AtlasError, Settings, file_size

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
    """Writes the set and switches to it, see publish. most_memory: see public_file.open_databases."""
    switch.clear_staging(settings)
    settings.staging.mkdir()
    settings.temp_dir.mkdir(parents=True, exist_ok=True)
    with public_file.open_databases(settings, most_memory) as connection:
        build = record.read_build(connection)
        tables = public_file.read_public_tables(connection, build.models)
        guards.check_hospitals(connection, [public_file.in_warehouse(table) for table in tables if table.statistic])
        edition = read_edition(connection, settings, build, tables)
        last = last_release.find(settings, options, is_synthetic=edition.is_synthetic)
        finding = compare(connection, settings, build, tables, last, options) if last else None
        files = public_file.publish_tables(connection, settings, tables, edition)
        consents = step.consents(connection, finding, options.consent)
        release = write_release(connection, settings, build, tables, files, edition, last, consents)
        release = replace(release, finding=finding)
        lineage_page = lineage.page(connection, build.manifest)
    site.write_site(settings, settings.staging, lineage_page)
    switch.sync_set(settings.staging)
    kept = switch.switch_release(settings, release.version)
    switch.keep(settings, kept | last_release.of_later_comparisons(settings))
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
        switch.switch_release(settings, version)


def _link(source: str, copy: str) -> None:
    """Gives a file a second name; copies it where the file system has no hard links."""
    try:
        os.link(source, copy)
    except OSError:
        shutil.copy2(source, copy)


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
    relations = {table.name: public_file.in_warehouse(table) for table in tables}
    statistics = {table.name: relations[table.name] for table in tables if table.statistic}
    last_release.check_years(connection, last, statistics, options.dropped_years)
    new = Source(
        relations,
        *(int(build.variables[name]) for name in ("geography_vintage", "small_cell_threshold")),
        build.variables["performer_from"],
    )
    finding = step.attack(connection, last, new)
    step.check(settings, finding, options.consent)
    return finding


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
    sources = release_tables.read_sources(connection)
    row = release_tables.release_row(connection, build, tables, files, edition)
    row["version"] = release_tables.version_of(row, files, [*sources, *consents], edition)
    files = _cite(connection, settings, row, tables, files, edition)
    own_rows = {
        "release": [tuple(row[column] for column in release_tables.OWN_TABLES["release"][1])],
        "release_table": [
            (file.table, file.rows, file.csv.path, file.csv.bytes, file.csv.sha256, ", ".join(table.primary_key))
            for file, table in zip(files, tables, strict=True)
        ],
        "release_source": sources,
        "release_consent": consents,
        "release_publication": export.publication_rows(edition, row),
    }
    own_tables = [public_file.write_own_table(connection, name, rows) for name, rows in own_rows.items()]
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
