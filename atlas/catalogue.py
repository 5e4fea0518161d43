"""Describes a release for catalogues such as data.gov.be: DCAT-AP 3 as JSON-LD and as Turtle, from the cards and
publication.yml.

One dataset is a statistic; its distributions are its files. Terms of StatDCAT-AP (dimension, attribute, unit of
measure) and HealthDCAT-AP (population) are added where the release knows what they ask for. Source of terms and
obligations: SEMIC, DCAT-AP 3.0, StatDCAT-AP 1.0.1, HealthDCAT-AP.

    catalogue.jsonld, catalogue.ttl    one catalogue, its publisher and contact, one dataset per statistic
"""

from __future__ import annotations

import json
from pathlib import Path

from atlas.publication import text_in
from atlas.settings import AtlasError
from atlas.sql import identifier
from atlas.turtle import turtle

EU = "http://publications.europa.eu/resource/authority/"
CONTEXT = {
    "adms": "http://www.w3.org/ns/adms#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatap": "http://data.europa.eu/r5r/",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "healthdcatap": "http://healthdataportal.eu/ns/health#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "spdx": "http://spdx.org/rdf/terms#",
    "stat": "http://data.europa.eu/(xyz)/statdcat-ap/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
# The languages as the EU's list of languages spells them: one row for each language that a release may have.
LANGUAGES = {"nl": "NLD", "fr": "FRA", "en": "ENG", "de": "DEU"}
# Folder of exports/ -> suffix, type of the EU's list of file types, media type of IANA.
FORMATS = {
    "csv": ("csv", "CSV", "text/csv"),
    "parquet": ("parquet", "PARQUET", "application/vnd.apache.parquet"),
    "excel": ("xlsx", "XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "jsonstat": ("json", "JSON", "application/json"),
    "sdmx": ("csv", "CSV", "text/csv"),
}
# Folder of exports/ -> what its files hold.
CONTENTS = {
    "csv": "All rows: UTF-8, a header, comma, empty fields for numbers that are not published.",
    "parquet": "All rows, with their types.",
    "excel": "The five newest years without statistical sectors, with names, labels and the card in every language.",
    "jsonstat": "The five newest years without statistical sectors, with labels in every language.",
    "sdmx": "All rows as SDMX-CSV 2.0; the structure is beside it, in SDMX-ML.",
}
# Folder of exports/ -> the standard of its files.
STANDARDS = {"jsonstat": "https://json-stat.org/full/", "sdmx": "https://github.com/sdmx-twg/sdmx-csv"}


def export_path(name: str, table: str) -> str:
    """Returns the path below exports/ of a statistic in one of FORMATS."""
    return f"{name}/{table}.{FORMATS[name][0]}"


def write(connection, folder: Path, release: dict, tables: list, hashes: dict[str, str], edition) -> None:
    """Writes catalogue.jsonld and catalogue.ttl into the folder of the exports, when the release has a publisher.

    release: the row of the table `release`. hashes: path below exports/ -> SHA-256.
    """
    if edition.publication:
        document = catalogue(connection, folder, release, tables, hashes, edition)
        text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
        (folder / "catalogue.jsonld").write_text(text, encoding="utf-8")
        (folder / "catalogue.ttl").write_text(turtle(document), encoding="utf-8")


def catalogue(connection, folder: Path, release: dict, tables: list, hashes: dict[str, str], edition) -> dict:
    """Returns the catalogue as a JSON-LD document. Raises AtlasError for a language that LANGUAGES lacks."""
    publication = edition.publication
    home = publication.files_url(release["version"])
    languages = edition.languages
    if unknown := [language for language in languages if language not in LANGUAGES]:
        raise AtlasError(
            f"Nothing is published: the catalogue cannot name the language {', '.join(unknown)}. Add its code of the "
            "EU's list of languages to LANGUAGES in atlas/catalogue.py."
        )
    cards: dict[str, dict[str, tuple[str, str]]] = {}
    for code, language, title, description in connection.execute(
        "select code, language, title, description from atlas.statistic order by code, language"
    ).fetchall():
        cards.setdefault(code, {})[language] = (title, description)
    units = dict(connection.execute("select measure, label_en from atlas.unit_measure").fetchall())
    synthetic = {language: edition.synthetic(language) for language in languages}
    publisher, contact = f"{home}#publisher", f"{home}#contact"
    shared = {
        "dct:publisher": {"@id": publisher},
        "dcat:contactPoint": {"@id": contact},
        "dct:language": [_eu("language", LANGUAGES[language], "dct:LinguisticSystem") for language in languages],
        "dcat:landingPage": _document(publication.landing_page),
        "dct:spatial": _eu("country", "BEL", "dct:Location"),
        **({"dct:issued": _date(release["publication_date"])} if release["publication_date"] else {}),
    }
    datasets = []
    for table in (table for table in tables if table.statistic):
        card = {language: text for language, text in cards.get(table.name, {}).items() if language in languages}
        years = connection.execute(
            f"select min(reference_year), max(reference_year) from atlas.{identifier(table.name)}"
        ).fetchone()
        filters = table.statistic["filters"] or []
        dataset = {
            "@id": f"{home}#{table.name}",
            "@type": "dcat:Dataset",
            "dct:identifier": table.name,
            "dct:title": [_in(language, title) for language, (title, _) in card.items()],
            "dct:description": [
                _in(language, f"{synthetic[language]}{description}") for language, (_, description) in card.items()
            ],
            **shared,
            "dcat:theme": _concept(f"{EU}data-theme/HEAL", "Health"),
            "dct:accessRights": _eu("access-right", "PUBLIC", "dct:RightsStatement"),
            "dct:accrualPeriodicity": _eu("frequency", "ANNUAL", "dct:Frequency"),
            "dcat:version": release["version"],
            "dcat:keyword": [_in("en", word) for word in (table.statistic["family"], "health care", "Belgium")],
            "stat:dimension": [
                {"@id": f"{home}#{name}"} for name in ("reference_year", "geo_level", "geo_code", *filters)
            ],
            "stat:attribute": [{"@id": f"{home}#status"}],
            "stat:statUnitMeasure": units.get(table.statistic["measure"]),
            "healthdcatap:populationCoverage": _in("en", "Persons insured in the Belgian compulsory health insurance"),
            "dcat:distribution": [
                _distribution(folder, home, name, table.name, hashes, publication)
                for name in FORMATS
                if (folder / export_path(name, table.name)).exists()
            ],
        }
        if years[0] is not None:
            dataset["dct:temporal"] = {
                "@type": "dct:PeriodOfTime",
                "dcat:startDate": _date(f"{years[0]}-01-01"),
                "dcat:endDate": _date(f"{years[1]}-12-31"),
            }
        datasets.append(dataset)
    title = [_in(language, edition.phrase("catalogue_title", language)) for language in languages]
    return {
        "@context": {**CONTEXT, "skos": "http://www.w3.org/2004/02/skos/core#"},
        "@graph": [
            {
                "@id": f"{home}#catalogue",
                "@type": "dcat:Catalog",
                "dct:title": title,
                "dct:description": [_in(language, edition.description(language)) for language in languages],
                "foaf:homepage": _document(publication.landing_page),
                "dct:license": _licence(publication),
                "dct:publisher": {"@id": publisher},
                "dct:language": shared["dct:language"],
                "dct:spatial": shared["dct:spatial"],
                **({"dct:issued": shared["dct:issued"]} if "dct:issued" in shared else {}),
                "dcat:themeTaxonomy": {
                    "@id": f"{EU}data-theme",
                    "@type": "skos:ConceptScheme",
                    "dct:title": _in("en", "Data theme"),
                },
                "dcat:dataset": [{"@id": dataset["@id"]} for dataset in datasets],
            },
            {
                "@id": publisher,
                "@type": "foaf:Agent",
                "foaf:name": [_in(language, text_in(publication.publisher, language)) for language in languages],
                "foaf:homepage": _document(publication.publisher_url),
            },
            {
                "@id": contact,
                "@type": "vcard:Kind",
                "vcard:fn": [_in(language, text_in(publication.contact, language)) for language in languages],
                "vcard:hasEmail": {"@id": f"mailto:{publication.contact_email}"},
                **({"vcard:hasURL": {"@id": publication.contact_url}} if publication.contact_url else {}),
            },
            *datasets,
        ],
    }


def _distribution(folder: Path, home: str, name: str, table: str, hashes: dict[str, str], publication) -> dict:
    """Returns a file of a statistic as a distribution."""
    _, file_type, media_type = FORMATS[name]
    path = export_path(name, table)
    address = f"{home}/exports/{path}"
    distribution = {
        "@id": f"{home}#{table}-{name}",
        "@type": "dcat:Distribution",
        "dct:title": _in("en", f"{table}, {name}"),
        "dct:description": _in("en", CONTENTS[name]),
        "dcat:accessURL": {"@id": address, "@type": "rdfs:Resource"},
        "dcat:downloadURL": {"@id": address, "@type": "rdfs:Resource"},
        "dct:format": _eu("file-type", file_type, "dct:MediaTypeOrExtent"),
        "dcat:mediaType": {
            "@id": f"http://www.iana.org/assignments/media-types/{media_type}",
            "@type": "dct:MediaType",
        },
        "dct:license": _licence(publication),
        "dcatap:availability": _concept(f"{EU}planned-availability/STABLE", "stable"),
        # DCAT-AP 3; validators with shapes of version 2 or 3.0.0 still ask for xsd:decimal
        "dcat:byteSize": {
            "@value": str((folder / path).stat().st_size),
            "@type": "xsd:nonNegativeInteger",
        },
    }
    if name in STANDARDS:
        distribution["dct:conformsTo"] = {"@id": STANDARDS[name], "@type": "dct:Standard"}
    if path in hashes:
        distribution["spdx:checksum"] = {
            "@type": "spdx:Checksum",
            "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256", "@type": "spdx:ChecksumAlgorithm"},
            "spdx:checksumValue": {"@value": hashes[path], "@type": "xsd:hexBinary"},
        }
    return distribution


def _licence(publication) -> dict:
    """Returns the licence: its address in the EU's list, else its own."""
    return {"@id": publication.licence.authority or publication.licence.url, "@type": "dct:LicenseDocument"}


def _concept(address: str, label: str) -> dict:
    """Returns an item of a list of concepts, with the label that SEMIC's shapes ask for."""
    return {"@id": address, "@type": "skos:Concept", "skos:prefLabel": _in("en", label)}


def _document(address: str) -> dict:
    """Returns a page."""
    return {"@id": address, "@type": "foaf:Document"}


def _eu(name: str, code: str, kind: str) -> dict:
    """Returns an item of a list of the Publications Office of the EU. kind: its class in DCAT-AP."""
    return {"@id": f"{EU}{name}/{code}", "@type": kind}


def _in(language: str, text: str) -> dict:
    """Returns a text in a language."""
    return {"@value": text, "@language": language}


def _date(day) -> dict:
    """Returns a date."""
    return {"@value": str(day), "@type": "xsd:date"}
