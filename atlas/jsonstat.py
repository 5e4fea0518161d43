"""Writes a statistic as JSON-stat 2.0, a format that statistical offices publish and that readers in JavaScript, R and
Python take as a table. Called by the export, on the public database. Source of the format: json-stat.org/full.

One file is one dataset. Its dimensions are the reference year, the geographic unit or hospital, each filter, and the
measure (numerator, denominator, value, limits). A code of a unit is `<level>:<code>`, because two levels use one code
(21000, province and arrondissement of Brussels).

JSON-stat knows one language a file: texts are in the first language of the release, those of the other languages in
`extension.translations`, with the keys of the dataset. A number that is not published is null and has a status; a null
without a status is a number that the table does not have.

The rows are those of the workbooks, whose limits are in atlas/workbook.py: a dataset is a whole array, which a browser
holds in its memory.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

from atlas import workbook
from atlas.labels import filter_labels, labels_of, units_of
from atlas.publication import text_in
from atlas.sql import identifier

FOLDER = "jsonstat"
TIME, GEOGRAPHY, MEASURE = "reference_year", "geography", "measure"


def write(connection, table, path: Path, release: dict, edition) -> None:
    """Writes one statistic. release: the row of the table `release`."""
    years = workbook.years_of(connection, table)
    where = workbook.rows_of(years)
    measures = [name for name in workbook.NUMBERS if name != "denominator" or table.statistic["per"] is not None]
    first, *others = edition.languages
    texts = _texts(connection, table, first, years, measures, edition)
    dimensions = texts["dimension"]
    codes = {name: list(dimension["category"]["label"]) for name, dimension in dimensions.items()}
    for name, dimension in dimensions.items():
        dimension["category"] = {"index": codes[name], **dimension["category"]}
    document = {
        "version": "2.0",
        "class": "dataset",
        **texts,
        "id": list(codes),
        "size": [len(values) for values in codes.values()],
        "role": {"time": [TIME], "geo": [GEOGRAPHY], "metric": [MEASURE]},
        "extension": {
            "statistic": table.name,
            "release": release["version"],
            "is_synthetic": edition.is_synthetic,
            "language": first,
            "translations": {
                language: _texts(connection, table, language, years, measures, edition) for language in others
            },
        },
    }
    if release["publication_date"]:
        document["updated"] = str(release["publication_date"])
    if edition.publication:
        publication = edition.publication
        document["source"] = text_in(publication.publisher, first)
        document["href"] = f"{publication.files_url(release['version'])}/exports/{FOLDER}/{path.name}"
        document["link"] = {"license": [{"label": publication.licence.title, "href": publication.licence.url}]}
    values, hidden = _cells(connection, table, where, codes, measures)
    head = json.dumps(document, ensure_ascii=False).removesuffix("}")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f'{head},\n"value": [')
        file.write(",\n".join(values))
        file.write('],\n"status": {')
        separator = ""
        for text in _status(values, hidden, len(measures)):
            file.write(separator + text)
            separator = ",\n"
        file.write("}}\n")


def _cells(connection, table, where: str, codes: dict, measures: list[str]) -> tuple[list[str], dict[int, str]]:
    """Returns the numbers of every cell of the array as text, the last dimension fastest, one text for the measures of
    a cell; and {cell: status} of the cells that are not published.
    """
    filters = table.statistic["filters"] or []
    *dimensions, _ = codes.values()  # the last one is the measure
    places = {cell: place for place, cell in enumerate(itertools.product(*dimensions))}
    values = [",".join(["null"] * len(measures))] * len(places)
    hidden = {}
    numbers = ", ".join(f"coalesce({name}::varchar, 'null')" for name in measures)
    columns = ["reference_year::varchar", "geo_level || ':' || geo_code", *map(identifier, filters)]
    rows = connection.execute(
        f"select status, concat_ws(',', {numbers}), {', '.join(columns)} from atlas.{identifier(table.name)} "
        f"where {where}"
    )
    while batch := rows.fetchmany(10_000):
        for status, texts, *cell in batch:
            place = places[tuple(cell)]
            values[place] = texts
            if status != "published":
                hidden[place] = status
    return values, hidden


def _status(values: list[str], hidden: dict[int, str], measures: int) -> Iterator[str]:
    """Yields for every cell that is not published the JSON members `position: status` of its numbers that are null.
    measures: the numbers of a cell.
    """
    for place in sorted(hidden):
        members = [
            f'"{place * measures + position}":"{hidden[place]}"'
            for position, text in enumerate(values[place].split(","))
            if text == "null"
        ]
        if members:
            yield ",".join(members)


def _texts(connection, table, language: str, years: list[int], measures: list[str], edition) -> dict:
    """Returns what a reader reads of a statistic in a language, with the keys of JSON-stat: its title, notes, and the
    names of the dimensions and their values, in reading order.
    """
    card = connection.execute(
        "select title, description, recommended_reference from atlas.statistic where code = ? and language = ?",
        [table.name, language],
    ).fetchone()
    title, description, reference = card or (table.name, None, None)
    span = f"{years[0]}-{years[-1]}" if years else "–"
    note = edition.phrase("jsonstat_note", language).format(years=span)
    (unit,) = connection.execute(
        f"select label_{language} from atlas.unit_measure where measure = ?", [table.statistic["measure"]]
    ).fetchone()
    dimensions = {
        TIME: _dimension(edition.phrase("workbook_reference_year", language), {str(year): str(year) for year in years}),
        GEOGRAPHY: _dimension(
            edition.phrase("jsonstat_geography", language), _units(connection, table, years, language)
        ),
    }
    for name in table.statistic["filters"] or []:
        label = workbook.capitalised(edition.filter_label(table.statistic["family"], name, language))
        dimensions[name] = _dimension(
            label, filter_labels(connection, table.name, name, language, schema="atlas.", where=workbook.rows_of(years))
        )
    labels = {name: edition.phrase(f"workbook_{name}", language) for name in measures}
    dimensions[MEASURE] = _dimension(edition.phrase("jsonstat_measure", language), labels)
    dimensions[MEASURE]["category"]["unit"] = {
        name: {"label": unit} for name in measures if name not in ("numerator", "denominator")
    }
    notes = [edition.synthetic(language).strip(), description, note, reference]
    return {"label": title, "note": [text for text in notes if text], "dimension": dimensions}


def _dimension(label: str, labels: dict[str, str]) -> dict:
    """Returns a dimension. labels: code -> name."""
    return {"label": label, "category": {"label": labels}}


def _units(connection, table, years: list[int], language: str) -> dict[str, str]:
    """Returns code -> name with its level of the units and hospitals of a statistic, by level and code."""
    labels = labels_of(connection, "atlas.geo_level", "geo_level", [language])
    levels = {level: label for level, (label,) in labels.items()}
    units = units_of(connection, table.name, workbook.rows_of(years), language)
    order = list(levels)
    return {
        f"{level}:{code}": f"{name} ({levels[level]})"
        for level, code, name in sorted(units, key=lambda unit: (order.index(unit[0]), unit[1]))
    }
