"""Describes a statistic for search engines of data: a schema.org Dataset as JSON-LD, in the page of its table in the
documentation. Source of the terms: schema.org/Dataset.
"""

from __future__ import annotations

import json

import duckdb

from atlas import catalogue
from atlas.pages.texts import read_texts
from atlas.sql import identifier

PAGE_LANGUAGE = "en"  # that of the title of the page


def dataset(atlas: duckdb.DuckDBPyConnection, code: str) -> dict | None:
    """Returns the description of a statistic from its card, the release and its publisher; None when the release names
    no publisher: then its files have no address. Texts are English, in a release without English in its first language.

    atlas: connection to the public file.
    """
    publications = atlas.execute(
        "select language, publisher, publisher_url, licence_url, landing_page, files_url from release_publication "
        "order by language <> ?, position",
        [PAGE_LANGUAGE],
    ).fetchall()
    if not publications:
        return None
    language, publisher, publisher_url, licence, landing_page, files = publications[0]
    title, description = atlas.execute(
        "select title, description from statistic where code = ? and language = ?", [code, language]
    ).fetchone()
    version, is_synthetic, published_on = atlas.execute(
        "select version, is_synthetic, publication_date from release"
    ).fetchone()
    first, last = atlas.execute(f"select min(reference_year), max(reference_year) from {identifier(code)}").fetchone()
    organisation = {"@type": "Organization", "name": publisher, "url": publisher_url}
    document = {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "name": title,
        "description": f"{read_texts(language)['synthetic']} {description}" if is_synthetic else description,
        "identifier": code,
        "version": version,
        "url": landing_page,
        "license": licence,
        "creator": organisation,
        "publisher": organisation,
        "inLanguage": [row[0] for row in publications],
        "isAccessibleForFree": True,
        "spatialCoverage": {"@type": "Country", "name": "Belgium", "identifier": "BE"},
        "distribution": [
            {
                "@type": "DataDownload",
                "name": f"{code}, {name}",
                "encodingFormat": media_type,
                "contentUrl": f"{files}/exports/{catalogue.export_path(name, code)}",
            }
            for name, (_, _, media_type) in catalogue.FORMATS.items()
        ],
    }
    if published_on:
        document["datePublished"] = str(published_on)
    if first:
        document["temporalCoverage"] = f"{first}-01-01/{last}-12-31"
    return document


def script(document: dict) -> str:
    """Returns the element of a page that holds the document: one line, in which no text ends the element."""
    text = json.dumps(document, ensure_ascii=False).replace("<", "\\u003c")
    return f'<script type="application/ld+json">{text}</script>'
