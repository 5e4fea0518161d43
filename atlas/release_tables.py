"""The tables that a release says about itself: their columns, and the rows of `release` and `release_source`."""

from __future__ import annotations

import hashlib
import json
import subprocess

import duckdb

from atlas import __version__, export, guards, record
from atlas.settings import PROJECT_DIR
from atlas.sql import identifier

# name -> (comment, {column: (type, comment)}); the first column is the primary key.
OWN_TABLES: dict[str, tuple[str, dict[str, tuple[str, str]]]] = {
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
                "Groups of 1 to this number minus 1 persons are suppressed; 0 means that nothing is",
            ),
            "complementary_masking": (
                "boolean",
                "Whether further cells are suppressed so that no small cell can be computed from the others",
            ),
            "performer_from": (
                "text",
                "What says by whom an examination was performed: article (of its code), or qualification (of the "
                "performer, where it is known)",
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
    "release_publication": (
        "One row is a language: who publishes this release, under which licence and where (publication.yml). No row "
        "when the publisher gave none.",
        {
            "language": ("text", "Language of the names: nl, fr, en"),
            "position": ("integer", "Order of the languages; the first one is shown first"),
            "title": ("text", "Title of the release"),
            "publisher": ("text", "Name of the publisher"),
            "publisher_url": ("text", "Address of the publisher"),
            "contact": ("text", "Name of the contact"),
            "contact_email": ("text", "E-mail address of the contact"),
            "contact_url": ("text", "Page of the contact; null when there is none"),
            "licence": ("text", "Licence of the figures, as SPDX names it where it does"),
            "licence_title": ("text", "Name of the licence in full"),
            "licence_url": ("text", "Address of the licence"),
            "landing_page": ("text", "Page that describes the atlas"),
            "files_url": ("text", "Address of the folder of this release; its files are below exports/"),
            "citation": ("text", "How to cite the release as a whole"),
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
            "key_columns": ("text", "Columns that identify a row, separated by commas"),
        },
    ),
    "release_consent": (
        "One row is a release beside which suppressed cells of this or a later one can be narrowed to less than the "
        "threshold, and the consent to publish all the same. No row when there was none.",
        {
            "last_version": ("text", "Version of the release that gives cells away"),
            "reference_years": ("text", "Calendar years of the cells, in order, separated by commas"),
            "cells": ("bigint", "Number of cells"),
            "reason": ("text", "Reason, in the words of whoever consented"),
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


def release_row(
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
        "performer_from": build.variables["performer_from"],
        "tables": len(tables),
        "table_rows": sum(file.rows for file in files),
        "project_version": __version__,
        "source_commit": _source_commit(),
        "dbt_version": build.dbt_version,
        "duckdb_version": duckdb.__version__,
    }


def version_of(row: dict, files: list[export.TableFiles], sources: list[tuple], edition: export.Edition) -> str:
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
