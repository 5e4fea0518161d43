"""What must never be published, checked on every release."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import duckdb

from atlas import export
from atlas.settings import PROJECT_DIR, AtlasError, InputError, Settings
from atlas.sql import identifier, literal

# Names of columns that describe one person: raw source columns, and what staging and later models call them.
PERSONAL_COLUMN = re.compile(
    r"(person|patient|woman|mother|beneficiary)_?id|person|(pp|ss)\d{4,5}b?|birth_(year|date)|(service|delivery)_date",
    re.I,
)


def check_names(names: list[str], reserved: set[str]) -> None:
    """Raises AtlasError when two tables would have the same name, or one a reserved name."""
    twice = sorted({name for name in names if names.count(name) > 1} | (set(names) & reserved))
    if twice:
        raise AtlasError(
            f"Nothing is published: two public tables would be named {', '.join(twice)}. Rename one of the models."
        )


def check_columns(table: export.PublicTable) -> None:
    """Raises AtlasError when a column describes persons or has a type that a CSV file cannot carry."""
    for column in table.columns:
        place = f"column {column.name} of {table.schema}.{table.name}"
        if PERSONAL_COLUMN.fullmatch(column.name):
            raise AtlasError(f"Nothing is published: {place} describes persons. Remove it from the model.")
        if column.type not in export.FIELD_TYPES:
            raise AtlasError(
                f"Nothing is published: {place} has type {column.type}, which a CSV file cannot carry. "
                f"Use one of {', '.join(sorted(export.FIELD_TYPES))}."
            )


def check_key(connection: duckdb.DuckDBPyConnection, table: export.PublicTable) -> None:
    """Raises AtlasError when a table in the attached `atlas` has no primary key, or two rows have the same."""
    if not table.primary_key:
        raise AtlasError(
            f"Nothing is published: {table.name} has no primary key. State it in the model's YAML as a constraint of "
            "type primary_key, and build again."
        )
    key = ", ".join(identifier(column) for column in table.primary_key)
    double = connection.execute(
        f"select {key} from atlas.{identifier(table.name)} group by all having count(*) > 1 limit 1"
    ).fetchone()
    if double:
        raise AtlasError(
            f"Nothing is published: {table.name} has several rows with the key ({key}) = {double}. Fix the model and "
            "build again."
        )


def check_hospitals(connection: duckdb.DuckDBPyConnection, statistics: list[str]) -> None:
    """Raises InputError when most codes of hospitals in the attached `warehouse` are person ids: two columns of the
    extract are exchanged. A few may be, where both are short numbers.

    statistics: tables with units, as SQL names. With the engine Spark, persons are elsewhere and nothing is compared.
    """
    persons = "warehouse.intermediate.int_beneficiary"
    try:
        connection.execute(f"select person_id from {persons} limit 0")
    except duckdb.CatalogException:
        return
    codes = " union ".join(f"select geo_code from {name} where geo_level = 'hospital'" for name in statistics)
    if not codes:
        return
    hospitals, found = connection.execute(
        f"with hospital as ({codes}) select (select count(*) from hospital), count(*) from hospital semi join {persons}"
        " as person on hospital.geo_code = person.person_id"
    ).fetchone()
    if found > hospitals / 2:
        raise InputError(
            f"Nothing is published: {found} of {hospitals} codes of hospitals are person ids. The column of the "
            "institution (ss00075) holds those of persons. Correct the extract, or the names of its columns in "
            "models/staging/_sources.yml, and build again."
        )


def private_folders(settings: Settings) -> list[str]:
    """Returns the folders of this machine that no published text may name."""
    folders = {PROJECT_DIR, settings.output_dir, settings.source_dir, settings.temp_dir, Path.home(), Path(sys.prefix)}
    return sorted(str(folder) for folder in folders if folder and len(folder.parts) > 2)


def check_paths(connection: duckdb.DuckDBPyConnection, table: export.PublicTable, private: list[str]) -> None:
    """Raises AtlasError when a comment or a text value of the table in the attached `atlas` holds one of the private
    folders.
    """
    comments = [table.comment, *(column.comment for column in table.columns)]
    values = [
        f"contains({identifier(column.name)}, {literal(path)})"
        for column in table.columns
        if column.type == "VARCHAR"
        for path in private
    ]
    found = f"select count(*) from atlas.{identifier(table.name)} where {' or '.join(values) or 'false'}"
    if any(path in text for path in private for text in comments) or connection.execute(found).fetchone()[0]:
        raise AtlasError(
            f"Nothing is published: {table.name} holds a path of this machine ({' or '.join(private)}). Remove it "
            "and build again."
        )


def check_page_paths(text: str, private: list[str], name: str) -> None:
    """Raises AtlasError when a page of the site holds one of the private folders."""
    for path in private:
        if path in text:
            raise AtlasError(
                f"{name} holds a path of this machine ({path}). Remove it from the description or the SQL."
            )


def check_balance(sources: list[tuple[str, int, int, int]]) -> None:
    """Raises AtlasError when the rows accepted and rejected of a source are not the rows read. sources: (name, read,
    accepted, rejected).
    """
    for source, rows_in, accepted, rejected in sources:
        if rows_in != accepted + rejected:
            raise AtlasError(
                f"Nothing is published: {rows_in} rows of {source} were read, but {accepted} accepted and {rejected} "
                "rejected. See quality.reconciliation in the warehouse."
            )
