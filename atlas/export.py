"""Writes the published tables as files: CSV, Parquet, a Frictionless data package, SDMX. Called by the release, on the
public database.

Every file is a function of the tables alone: rows are in total order, nothing holds a clock, so a rerun writes the same
bytes.

    exports/csv/<table>.csv        UTF-8, header, comma, an empty field is null
    exports/parquet/<table>.parquet
    exports/sdmx/<table>.csv       SDMX-CSV 2.0, statistics only; structure in exports/sdmx/structure.xml
    exports/datapackage.json       Frictionless Data Package v1 over csv/
    exports/SHA256SUMS             of every file, for `sha256sum --check`
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from atlas import sdmx
from atlas.sql import identifier, literal

# DuckDB types that a table may publish, and what Frictionless calls them.
FIELD_TYPES = {
    "VARCHAR": "string",
    "BOOLEAN": "boolean",
    "SMALLINT": "integer",
    "INTEGER": "integer",
    "BIGINT": "integer",
    "DOUBLE": "number",
    "DATE": "date",
}

TITLE = "Belgian health atlas: medical imaging and perinatal care"
DESCRIPTION = (
    "Yearly statistics by residence or hospital in Belgium, from reimbursed health care. Cells of fewer persons "
    "than the threshold, and "
    "cells from which they could be computed, are masked (status small_cell)."
)
# Sources of the parts, as the data package cites them. Who publishes a release decides the licence of its
# statistics; the geography carries that of its source.
GEOGRAPHY_TABLE = "geographic_unit"
GEOGRAPHY_SOURCE = {
    "title": "Source: Statbel (REFNIS municipalities, statistical sectors)",
    "path": "https://statbel.fgov.be",
}
GEOGRAPHY_LICENCE = {
    "name": "CC-BY-4.0",
    "title": "Creative Commons Attribution 4.0",
    "path": "https://creativecommons.org/licenses/by/4.0/",
}
DEFINITIONS_SOURCE = {"title": "Definitions: metadata cards of the IMA-AIM Atlas", "path": "https://atlas.ima-aim.be"}


@dataclass(frozen=True)
class Column:
    """A published column: its name, DuckDB type and comment."""

    name: str
    type: str
    comment: str


@dataclass(frozen=True)
class PublicTable:
    """A table to publish. `schema` is its schema in the warehouse; `statistic` the mart's declaration, None for a
    reference table.
    """

    schema: str
    name: str
    comment: str
    columns: list[Column]
    primary_key: list[str]
    statistic: dict | None


@dataclass(frozen=True)
class TableFiles:
    """The files of one table, with paths below exports/ and sizes in bytes."""

    table: str
    rows: int
    csv_path: str
    csv_bytes: int
    csv_sha256: str
    parquet_path: str
    parquet_bytes: int
    parquet_sha256: str


def write_table(connection, table: PublicTable, folder: Path) -> TableFiles:
    """Writes one table of the attached database `atlas` as CSV and Parquet, a statistic as SDMX-CSV too. Returns its
    files.

    Raises AtlasError when a value of a statistic has no SDMX code.
    """
    csv, parquet, observations = (
        f"{kind}/{table.name}.{suffix}" for kind, suffix in (("csv", "csv"), ("parquet", "parquet"), ("sdmx", "csv"))
    )
    for path in (csv, parquet, observations):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
    rows_of = f"(from atlas.{identifier(table.name)})"  # written in total order, which DuckDB keeps
    (rows,) = connection.execute(
        f"copy {rows_of} to {literal(folder / csv)} (format csv, header, delimiter ',')"
    ).fetchone()
    connection.execute(f"copy {rows_of} to {literal(folder / parquet)} (format parquet, compression zstd)")
    if table.statistic:
        sdmx.write_data(connection, table, folder / observations)
    sizes = [(path, (folder / path).stat().st_size, sha256(folder / path)) for path in (csv, parquet)]
    return TableFiles(table.name, rows, *sizes[0], *sizes[1])


def write_package(connection, folder: Path, release: dict, tables: list[PublicTable], files: list[TableFiles]) -> None:
    """Writes `sdmx/structure.xml`, `datapackage.json` and `SHA256SUMS` beside the tables' files. release: the row of
    the table `release`.
    """
    sdmx.write_structure(connection, folder / "sdmx" / "structure.xml", release, tables)
    package = data_package(connection, release, tables, {file.table: file for file in files})
    (folder / "datapackage.json").write_text(json.dumps(package, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    known = {file.csv_path: file.csv_sha256 for file in files} | {
        file.parquet_path: file.parquet_sha256 for file in files
    }
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    sums = [f"{known.get(name) or sha256(folder / name)}  {name}\n" for name in names]
    (folder / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")


def data_package(connection, release: dict, tables: list[PublicTable], files: dict[str, TableFiles]) -> dict:
    """Returns the Frictionless descriptor of the release, one resource a table."""
    units = dict(connection.execute("select measure, label_en from atlas.unit_measure").fetchall())
    cards = connection.execute("select code, title, recommended_reference from atlas.statistic where language = 'en'")
    titles, citations = {}, {}
    for code, title, citation in cards.fetchall():
        titles[code], citations[code] = title, citation
    dimensions = {
        table.primary_key[0]: table.name
        for table in tables
        if table.schema == "reference" and len(table.primary_key) == 1
    }
    package = {
        "profile": "tabular-data-package",
        "name": "belgian-health-atlas",
        "id": f"belgian-health-atlas-{release['version']}",
        "title": TITLE,
        "description": DESCRIPTION,
        "version": release["version"],
        "keywords": ["Belgium", "health care", "medical imaging", "perinatal care", "small-area statistics"],
        "sources": [DEFINITIONS_SOURCE, GEOGRAPHY_SOURCE],
        "release": {key: value for key, value in release.items() if key != "version"},
        "resources": [_resource(table, files[table.name], titles, citations, units, dimensions) for table in tables],
    }
    if release["publication_date"]:
        package["created"] = f"{release['publication_date']}T00:00:00Z"
    return package


def _resource(
    table: PublicTable,
    files: TableFiles,
    titles: dict[str, str],
    citations: dict[str, str],
    units: dict[str, str],
    dimensions: dict[str, str],
) -> dict:
    """Returns the descriptor of one table; `rows`, `parquet`, `citation` and the fields' `unit` are additions to the
    standard.

    titles, citations: statistic -> title, recommended reference. units: measure -> unit. dimensions: column -> the
    reference table of which it is the whole key.
    """
    keys = [
        {"fields": column.name, "reference": {"resource": dimensions[column.name], "fields": column.name}}
        for column in table.columns
        if dimensions.get(column.name, table.name) != table.name
        and (table.statistic or column.name != "status")  # other tables have statuses of their own
    ]
    resource = {
        "profile": "tabular-data-resource",
        "name": table.name,
        "path": files.csv_path,
        "title": titles.get(table.name, table.name),
        "description": table.comment,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": files.csv_bytes,
        "hash": f"sha256:{files.csv_sha256}",
        "rows": files.rows,
        "dialect": {"delimiter": ",", "doubleQuote": True, "header": True, "lineTerminator": "\n"},
        "schema": {
            "fields": [_field(table, column, units) for column in table.columns],
            "missingValues": [""],
            **({"primaryKey": table.primary_key} if table.primary_key else {}),
            **({"foreignKeys": keys} if keys else {}),
        },
        "parquet": {"path": files.parquet_path, "bytes": files.parquet_bytes, "hash": f"sha256:{files.parquet_sha256}"},
    }
    if table.name in citations:
        resource["citation"] = citations[table.name]
    if table.name == GEOGRAPHY_TABLE:
        resource |= {"licenses": [GEOGRAPHY_LICENCE], "sources": [GEOGRAPHY_SOURCE]}
    return resource


def _field(table: PublicTable, column: Column, units: dict[str, str]) -> dict:
    """Returns the descriptor of one column; the value of a statistic says its unit."""
    field = {"name": column.name, "type": FIELD_TYPES[column.type], "description": column.comment}
    if column.name in table.primary_key:
        field["constraints"] = {"required": True}
    if table.statistic and column.name == "value":
        field["unit"] = units[table.statistic["measure"]]
    return field


def sha256(path: Path) -> str:
    """Returns the SHA-256 of a file's bytes, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
