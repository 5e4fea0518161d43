"""Writes the published tables as files: CSV, Parquet, workbooks, JSON-stat, SDMX, a Frictionless data package and a
catalogue. Called by the release, on the public database. docs/guide/files.md says which file is for whom.

Every file is a function of the tables alone: rows are in total order, nothing holds a clock, so a rerun writes the same
bytes.

    exports/csv/<table>.csv        UTF-8, header, comma, an empty field is null
    exports/parquet/<table>.parquet        with title, source, licence and version as metadata
    exports/parquet/observation.parquet    all statistics as one table
    exports/excel/<statistic>.xlsx         cards and figures with names and labels, in every language
    exports/jsonstat/<statistic>.json      JSON-stat 2.0, the rows of the workbooks
    exports/sdmx/<table>.csv       SDMX-CSV 2.0, statistics only; structure in exports/sdmx/structure.xml
    exports/datapackage.json       Frictionless Data Package v1 over csv/
    exports/catalogue.jsonld, .ttl    DCAT-AP 3, when publication.yml names a publisher
    exports/SHA256SUMS             of every file, for `sha256sum --check`
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from atlas import catalogue, jsonstat, observation, sdmx, workbook
from atlas.pages.texts import read_texts
from atlas.publication import DEFAULT_AGENCY, Publication, Text, text_in
from atlas.sql import identifier, literal
from atlas.threads import two_at_a_time

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

# Sources of the parts, as the data package cites them. Who publishes a release decides the licence of its
# statistics (publication.yml); the geography carries that of its source.
GEOGRAPHY_TABLE = "geographic_unit"
UNIT_KEY = ["geo_level", "geo_code"]
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
    reference table; `derived` names the columns that the public file computes when it is read, with their expressions.
    """

    schema: str
    name: str
    comment: str
    columns: list[Column]
    primary_key: list[str]
    statistic: dict | None
    derived: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Edition:
    """What the files of a release say beside its tables: whether the data are synthetic, the languages of the texts,
    the phrases of the cards, the names of filters, who publishes it (None: not given), and warnings for the operator.
    """

    is_synthetic: bool
    release_languages: list[str]
    phrases: dict[tuple[str, str], str]
    filters: dict[tuple[str, str], str]
    publication: Publication | None
    warnings: list[str]

    @property
    def languages(self) -> list[str]:
        """The languages that the publisher asked for, in his order; else those of the release."""
        return list(self.publication.languages) if self.publication else self.release_languages

    @property
    def agency(self) -> str:
        """The maintenance agency of the SDMX structures."""
        return self.publication.sdmx_agency if self.publication else DEFAULT_AGENCY

    @property
    def issued(self) -> str | None:
        """The day of issue that the publisher gave, as YYYY-MM-DD."""
        return self.publication.issued.isoformat() if self.publication and self.publication.issued else None

    def name(self, text: Text, language: str) -> str:
        """Returns a name of publication.yml in a language; in the publisher's first one where it lacks this one."""
        return text_in(text, language if language in text or "*" in text else self.languages[0])

    def phrase(self, key: str, language: str) -> str:
        """Returns a sentence of the seed text.csv."""
        return self.phrases[key, language]

    def filter_label(self, family: str, name: str, language: str) -> str:
        """Returns the name of a filter of a family."""
        return self.filters[f"{family}.{name}", language]

    def description(self, language: str) -> str:
        """Returns what the release is; of synthetic data, that first."""
        return self.synthetic(language) + self.phrase("catalogue_description", language)

    def synthetic(self, language: str) -> str:
        """Returns the sentence that the data are synthetic, with a space after it; nothing when they are not."""
        return f"{read_texts(language)['synthetic']} " if self.is_synthetic else ""


@dataclass(frozen=True)
class File:
    """A file with its path below exports/ and its size in bytes."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class TableFiles:
    """The CSV file of one table."""

    table: str
    rows: int
    csv: File


def publication_rows(edition: Edition, release: dict) -> list[tuple]:
    """Returns the rows of the table `release_publication`, none without a publisher. release: the row of the table
    `release`; before it has its version, addresses and citations end without one.
    """
    publication = edition.publication
    if not publication:
        return []
    version = release.get("version", "")
    rows = []
    for position, language in enumerate(edition.languages, start=1):
        title = edition.phrase("catalogue_title", language)
        publisher = text_in(publication.publisher, language)
        texts = read_texts(language)
        citation = edition.phrase("release_citation", language).format(
            publisher=publisher,
            date=release["publication_date"] or texts["undated"],
            title=title,
            version=version,
            page=publication.landing_page,
        )
        rows.append(
            (
                language,
                position,
                title,
                publisher,
                publication.publisher_url,
                text_in(publication.contact, language),
                publication.contact_email,
                publication.contact_url,
                publication.licence.name,
                publication.licence.title,
                publication.licence.url,
                publication.landing_page,
                publication.files_url(version),
                f"{texts['synthetic']} {citation}" if edition.is_synthetic else citation,
            )
        )
    return rows


def write_table(connection, table: PublicTable, folder: Path, edition: Edition) -> TableFiles:
    """Writes one table of the attached database `atlas` as CSV, a statistic as SDMX-CSV too: the files whose bytes give
    the version. Returns the CSV file.

    Raises AtlasError when a value of a statistic has no SDMX code.
    """
    csv, observations = f"csv/{table.name}.csv", f"sdmx/{table.name}.csv"
    for path in (csv, observations):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (rows,) = connection.execute(
        f"copy (from atlas.{identifier(table.name)}) to {literal(folder / csv)} (format csv, header, delimiter ',')"
    ).fetchone()  # written in total order, which DuckDB keeps
    if table.statistic:
        sdmx.write_data(connection, table, folder / observations, edition)
    return TableFiles(table.name, rows, _file(folder, csv))


def write_package(
    connection,
    folder: Path,
    release: dict,
    tables: list[PublicTable],
    files: list[TableFiles],
    edition: Edition,
) -> None:
    """Writes beside the tables' CSV files what names the version: Parquet files, workbooks, JSON-stat, the
    structure of SDMX, the catalogue, `datapackage.json` and `SHA256SUMS`. release: the row of the table `release`.
    """
    titles = titles_of(connection)
    (folder / "parquet").mkdir()

    def write_parquet(item: tuple[str, str, str]) -> File:
        name, title, comment = item
        path = f"parquet/{name}.parquet"
        metadata = ", ".join(f"{key}: {literal(text)}" for key, text in _metadata(title, comment, release, edition))
        connection.cursor().execute(
            f"copy (from atlas.{identifier(name)}) to {literal(folder / path)} "
            f"(format parquet, compression zstd, kv_metadata {{{metadata}}})"
        )
        return _file(folder, path)

    names = [(table.name, titles.get(table.name, table.name), table.comment) for table in tables]
    names.append((observation.NAME, edition.phrase("observation_title", "en"), observation.COMMENT))
    parquet = dict(zip([name for name, *_ in names], two_at_a_time(write_parquet, names), strict=True))
    for name in ("excel", jsonstat.FOLDER):
        (folder / name).mkdir()
    statistics = [table for table in tables if table.statistic]

    def write_labelled(table: PublicTable) -> None:
        workbook.write(connection.cursor(), table, folder / "excel" / f"{table.name}.xlsx", release, edition)
        path = folder / jsonstat.FOLDER / f"{table.name}.json"
        jsonstat.write(connection.cursor(), table, path, release, edition)

    two_at_a_time(write_labelled, statistics)
    sdmx.write_structure(connection, folder / "sdmx", release, tables, edition)
    package = data_package(connection, release, tables, {file.table: file for file in files}, parquet, edition)
    (folder / "datapackage.json").write_text(json.dumps(package, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    known = {file.path: file.sha256 for file in [*parquet.values(), *(file.csv for file in files)]}
    known |= {path: sha256(folder / path) for path in _paths(folder) if path not in known}
    catalogue.write(connection, folder, release, tables, known, edition)
    paths = _paths(folder)
    sums = [f"{known.get(path) or sha256(folder / path)}  {path}\n" for path in paths]
    (folder / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")


def _paths(folder: Path) -> list[str]:
    """Returns the paths of all files below a folder, in order."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _metadata(title: str, comment: str, release: dict, edition: Edition) -> list[tuple[str, str]]:
    """Returns (key, text) of the metadata of a Parquet file."""
    publication = edition.publication
    texts = {
        "title": title,
        "description": comment,
        "version": release["version"],
        "source": f"{DEFINITIONS_SOURCE['title']}; {GEOGRAPHY_SOURCE['title']}",
        "is_synthetic": str(edition.is_synthetic).lower(),
    }
    if publication:
        texts |= {
            "publisher": edition.name(publication.publisher, "en"),
            "licence": f"{publication.licence.name} {publication.licence.url}",
            "landing_page": publication.landing_page,
        }
    return [(key, text) for key, text in texts.items() if text]


def _file(folder: Path, path: str) -> File:
    """Returns a written file."""
    return File(path, (folder / path).stat().st_size, sha256(folder / path))


def titles_of(connection) -> dict[str, str]:
    """Returns statistic -> English title, from the cards."""
    return dict(connection.execute("select code, title from atlas.statistic where language = 'en'").fetchall())


def data_package(
    connection,
    release: dict,
    tables: list[PublicTable],
    files: dict[str, TableFiles],
    parquet: dict[str, File],
    edition: Edition,
) -> dict:
    """Returns the Frictionless descriptor of the release, one resource a table; `observation` is an addition to the
    standard, which knows text files only.
    """
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
        "title": edition.phrase("catalogue_title", "en"),
        "description": edition.description("en"),
        "version": release["version"],
        "keywords": ["Belgium", "health care", "medical imaging", "perinatal care", "small-area statistics"],
        "sources": [DEFINITIONS_SOURCE, GEOGRAPHY_SOURCE],
        "release": {key: value for key, value in release.items() if key != "version"},
        "resources": [
            _resource(table, files[table.name], parquet[table.name], titles, citations, units, dimensions)
            for table in tables
        ],
        "observation": {"description": observation.COMMENT, **_described(parquet[observation.NAME])},
    }
    publication = edition.publication
    if publication:
        package["homepage"] = publication.landing_page
        package["licenses"] = [
            {"name": publication.licence.name, "title": publication.licence.title, "path": publication.licence.url}
        ]
        package["contributors"] = [
            {
                "title": edition.name(publication.publisher, "en"),
                "path": publication.publisher_url,
                "role": "publisher",
            },
            {
                "title": edition.name(publication.contact, "en"),
                "email": publication.contact_email,
                "role": "contributor",
            },
        ]
    if release["publication_date"]:
        package["created"] = f"{release['publication_date']}T00:00:00Z"
    return package


def _described(file: File) -> dict:
    """Returns path, size and hash of a file."""
    return {"path": file.path, "bytes": file.bytes, "hash": f"sha256:{file.sha256}"}


def _resource(
    table: PublicTable,
    files: TableFiles,
    parquet: File,
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
    # hospitals are no geographic units
    by_residence = not table.statistic or table.statistic.get("place") == "residence"
    if by_residence and table.name != GEOGRAPHY_TABLE and set(UNIT_KEY) <= {column.name for column in table.columns}:
        keys.append({"fields": UNIT_KEY, "reference": {"resource": GEOGRAPHY_TABLE, "fields": UNIT_KEY}})
    resource = {
        "profile": "tabular-data-resource",
        "name": table.name,
        "path": files.csv.path,
        "title": titles.get(table.name, table.name),
        "description": table.comment,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": files.csv.bytes,
        "hash": f"sha256:{files.csv.sha256}",
        "rows": files.rows,
        "dialect": {"delimiter": ",", "doubleQuote": True, "header": True, "lineTerminator": "\n"},
        "schema": {
            "fields": [_field(table, column, units) for column in table.columns],
            "missingValues": [""],
            **({"primaryKey": table.primary_key} if table.primary_key else {}),
            **({"foreignKeys": keys} if keys else {}),
        },
        "parquet": _described(parquet),
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
