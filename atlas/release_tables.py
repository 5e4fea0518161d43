"""The tables that a release says about itself."""

from __future__ import annotations

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
