"""Writes the statistics as SDMX-CSV 2.0 and their structure as SDMX-ML 3.0. Called by the export, on the public
database.

One dataflow is a statistic; one data structure is a set of filters, so that a table has its own dimensions and no
others. Everything is read from the published tables: filters from the statistics, codes and labels from the dimension
table that has the filter's name.

    structure.xml     code lists, concepts, data structures, dataflows
    <statistic>.csv   one row an observation
"""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import duckdb

from atlas.settings import AtlasError
from atlas.sql import literal

AGENCY = "BE_HEALTH_ATLAS"
VERSION = "1.0.0"
LANGUAGES = ("en", "nl", "fr")
# Versions of SDMX's own cross-domain lists. Age has none to enumerate: SDMX:CL_AGE gives the rule by which age codes
# are spelled (Y0T9, Y_GE90), so the list is the project's and the spelling SDMX's. A list of units for rates per 1,000
# does not exist there either.
CROSS_DOMAIN = {"CL_FREQ": "2.1", "CL_OBS_STATUS": "2.2", "CL_CONF_STATUS": "1.3"}
# Those of their codes that the tables use, with the names that SDMX gives them.
CROSS_DOMAIN_CODES = {
    "CL_FREQ": [("A", "Annual")],
    "CL_OBS_STATUS": [
        ("A", "Normal value"),
        ("M", "Missing value; data cannot exist"),
        ("Q", "Missing value; suppressed"),
    ],
    "CL_CONF_STATUS": [("C", "Confidential statistical information"), ("F", "Free (free for publication)")],
}
# Prefix of every geographic or hospital code: readers that guess types would read 01000 as a number without its zero.
AREA_PREFIX = "BE"
# The date of the header without a publication date: the standard asks for one, and the clock would change the bytes.
NO_DATE = "1970-01-01"

CONCEPTS = {
    "FREQ": "Frequency",
    "GEO_LEVEL": "Geographic level",
    "REF_AREA": "Geographic unit or hospital",
    "TIME_PERIOD": "Reference year",
    "OBS_VALUE": "Value",
    "NUMERATOR": "Numerator of the value",
    "DENOMINATOR": "Denominator of the value",
    "LOWER_95": "Lower 95 % confidence limit of the value",
    "UPPER_95": "Upper 95 % confidence limit of the value",
    "OBS_STATUS": "Observation status",
    "CONF_STATUS": "Confidentiality status",
    "UNIT_MEASURE": "Unit of measure",
}
# Numbers beside the value are attributes: readers of today take one measure an observation.
# Attributes that are numbers, with their SDMX type; the others are codes.
NUMBERS = {"NUMERATOR": "Long", "DENOMINATOR": "Long", "LOWER_95": "Double", "UPPER_95": "Double"}
ATTRIBUTES = (*NUMBERS, "OBS_STATUS", "CONF_STATUS", "UNIT_MEASURE")


def write_structure(connection: duckdb.DuckDBPyConnection, path: Path, release: dict, tables: list) -> None:
    """Writes structure.xml.

    release: the row of the table `release`. tables: the published tables, of which those with a declaration are
    statistics.
    """
    statistics = [table for table in tables if table.statistic]
    text = _message(
        release["publication_date"] or NO_DATE,
        release["version"],
        _code_lists(connection, statistics),
        _texts(connection, "title"),
        _texts(connection, "recommended_reference"),
        statistics,
    )
    path.write_text(text, encoding="utf-8")


def filters_of(table) -> list[str]:
    """Returns the filter columns of a statistic, in the order of the table."""
    return list(table.statistic.get("filters") or [])


def component(filter_name: str) -> str:
    """Returns the SDMX name of a filter column: the cross-domain concept AGE for the age category, else its own
    name.
    """
    return "AGE" if filter_name == "age_category" else filter_name.upper()


def write_data(connection, table, path: Path) -> None:
    """Writes one statistic as SDMX-CSV, rows in the total order of its table. Raises AtlasError when a value has no
    code in its dimension table.
    """
    filters = filters_of(table)
    # column of the table -> (dimension table, its columns of codes)
    coded = {
        "geo_level": ("geo_level", ["sdmx_code"]),
        "status": ("observation_status", ["sdmx_obs_status", "sdmx_conf_status"]),
        **{name: (name, ["sdmx_code"]) for name in filters},
    }
    unit = connection.execute(
        "select sdmx_code from atlas.unit_measure where measure = ?", [table.statistic["measure"]]
    ).fetchone()
    missing = [] if unit and unit[0] else ["UNIT_MEASURE"]
    for column, (dimension, codes) in coded.items():
        has_codes = " and ".join(f"{code} is not null" for code in codes)
        values = f'select distinct {column} from atlas."{table.name}"'
        if connection.execute(
            f"select count(*) from ({values} except select {column} from atlas.{dimension} where {has_codes})"
        ).fetchone()[0]:
            missing.append(component(column))
    if missing:
        raise AtlasError(
            f"Nothing is published: {table.name} has values without an SDMX code ({', '.join(missing)}). Add them to "
            "the card labels."
        )
    decoded = {
        (column, code): _decoded(connection, dimension, column, code)
        for column, (dimension, codes) in coded.items()
        for code in codes
    }
    # a projection and nothing else: rows stay in the order in which they lie
    connection.execute(
        f"""copy (
        select
            'dataflow' as "STRUCTURE", '{AGENCY}:{table.name.upper()}({VERSION})' as STRUCTURE_ID, 'I' as "ACTION",
            'A' as FREQ,
            {decoded["geo_level", "sdmx_code"]} as GEO_LEVEL, '{AREA_PREFIX}' || geo_code as REF_AREA
            {"".join(f", {decoded[name, 'sdmx_code']} as {component(name)}" for name in filters)},
            reference_year as TIME_PERIOD,
            value as OBS_VALUE, numerator as NUMERATOR, denominator as DENOMINATOR,
            lower_95 as LOWER_95, upper_95 as UPPER_95,
            {decoded["status", "sdmx_obs_status"]} as OBS_STATUS,
            {decoded["status", "sdmx_conf_status"]} as CONF_STATUS,
            '{unit[0]}' as UNIT_MEASURE
        from atlas."{table.name}"
        ) to {literal(path)} (format csv, header, delimiter ',')"""
    )


def _decoded(connection, dimension: str, column: str, code: str) -> str:
    """Returns SQL that turns the values of a column into their codes, as the dimension table pairs them; a value
    without a code is null.
    """
    pairs = connection.execute(
        f"select distinct {column}, {code} from atlas.{dimension} where {column} is not null and {code} is not null "
        "order by all"
    ).fetchall()
    return (
        f"case {column} " + " ".join(f"when {literal(value)} then {literal(coded)}" for value, coded in pairs) + " end"
    )


def _code_lists(connection, statistics: list) -> dict[str, list[tuple]]:
    """Returns list id -> rows of (code, label_en, label_nl, label_fr), every list in the reading order of its table."""
    tables = {"CL_GEO_LEVEL": "geo_level", "CL_UNIT_MEASURE": "unit_measure"}
    tables |= {
        f"CL_{component(name)}": name for name in sorted({name for table in statistics for name in filters_of(table)})
    }
    lists = dict(CROSS_DOMAIN_CODES)
    for list_id, table in tables.items():
        lists[list_id] = connection.execute(
            f"""select
                sdmx_code, min_by(label_en, sort_order), min_by(label_nl, sort_order), min_by(label_fr, sort_order)
            from atlas.{table} group by sdmx_code order by min(sort_order), sdmx_code"""
        ).fetchall()
    lists["CL_REF_AREA"] = _areas(connection, statistics)
    return lists


def _areas(connection, statistics: list) -> list[tuple]:
    """Returns (code, name_en, name_nl, name_fr) of every geographic unit and hospital that the tables name.

    A code that two levels use (21000, province and arrondissement of Brussels) is one item: the level is a dimension of
    its own.
    """
    published = " union ".join(f'select geo_level, geo_code from atlas."{table.name}"' for table in statistics)
    return connection.execute(
        f"""select
            '{AREA_PREFIX}' || data.geo_code,
            coalesce(
                min_by(unit.name_nl || coalesce(' / ' || nullif(unit.name_fr, unit.name_nl), ''), level.sort_order),
                'Hospital ' || data.geo_code
            ),
            min_by(unit.name_nl, level.sort_order),
            min_by(unit.name_fr, level.sort_order)
        from ({published}) as data
        left join atlas.geo_level as level on data.geo_level = level.geo_level
        left join atlas.geographic_unit as unit on data.geo_level = unit.geo_level and data.geo_code = unit.geo_code
        group by data.geo_code
        order by min(level.sort_order), data.geo_code"""
    ).fetchall()


def _texts(connection, column: str) -> dict[str, dict[str, str]]:
    """Returns statistic -> {language: text} of a column of the cards."""
    texts: dict[str, dict[str, str]] = {}
    for code, language, text in connection.execute(f"select code, language, {column} from atlas.statistic").fetchall():
        texts.setdefault(code, {})[language] = text
    return texts


def _message(date: str, release_version: str, lists: dict, titles: dict, citations: dict, statistics: list) -> str:
    """Returns the structure message as XML text."""
    namespaces = {"mes": "message", "str": "structure", "com": "common"}
    declared = " ".join(
        f'xmlns:{short}="http://www.sdmx.org/resources/sdmxml/schemas/v3_0/{long}"'
        for short, long in namespaces.items()
    )
    structures = sorted({tuple(filters_of(table)) for table in statistics})
    concepts = {
        **CONCEPTS,
        **{component(name): name.replace("_", " ").capitalize() for filters in structures for name in filters},
    }
    flows = [_dataflow(table, titles.get(table.name, {}), citations.get(table.name, {})) for table in statistics]
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f"<mes:Structure {declared}>",
            f"<mes:Header><mes:ID>{escape(release_version)}</mes:ID><mes:Test>false</mes:Test><mes:Prepared>{date}T00:00:00</mes:Prepared>"
            f"<mes:Sender id={quoteattr(AGENCY)}/></mes:Header>",
            "<mes:Structures>",
            *_wrapped("Codelists", [_code_list(name, rows) for name, rows in lists.items()]),
            *_wrapped("ConceptSchemes", [_concept_scheme(concepts)]),
            *_wrapped("Dataflows", flows),
            *_wrapped("DataStructures", [_data_structure(filters) for filters in structures]),
            "</mes:Structures>",
            "</mes:Structure>",
            "",
        ]
    )


def _wrapped(element: str, lines: list[str]) -> list[str]:
    """Returns the lines between a start and an end tag."""
    return [f"<str:{element}>", *lines, f"</str:{element}>"]


def _maintainable(
    element: str, name: str, names: str, inner: str, agency: str = AGENCY, version: str = VERSION, more: str = ""
) -> str:
    """Returns a maintainable artefact as XML."""
    head = f'<str:{element} agencyID="{agency}" id="{name}" version="{version}"{more}>'
    return f"{head}{names}\n{inner}\n</str:{element}>"


def _text(values: dict[str, str | None], element: str = "Name") -> str:
    """Returns the names, or descriptions, in each language that has one."""
    return "".join(
        f"<com:{element} xml:lang={quoteattr(language)}>{escape(value)}</com:{element}>"
        for language, value in sorted(values.items(), key=lambda item: LANGUAGES.index(item[0]))
        if value
    )


def _code_list(name: str, rows: list[tuple]) -> str:
    """Returns a code list; those of SDMX carry SDMX's agency and version, and say that they are a part."""
    codes = "\n".join(
        f"<str:Code id={quoteattr(code)}>{_text(dict(zip(LANGUAGES, labels, strict=False)))}</str:Code>"
        for code, *labels in rows
    )
    names = _text({"en": name.removeprefix("CL_").replace("_", " ").capitalize()})
    if name in CROSS_DOMAIN:
        return _maintainable("Codelist", name, names, codes, "SDMX", CROSS_DOMAIN[name], ' isPartial="true"')
    return _maintainable("Codelist", name, names, codes)


def _concept_scheme(concepts: dict[str, str]) -> str:
    """Returns the concept scheme of all components."""
    items = "\n".join(
        f'<str:Concept id="{name}">{_text({"en": label})}</str:Concept>' for name, label in concepts.items()
    )
    return _maintainable("ConceptScheme", "CS_HEALTH_ATLAS", _text({"en": "Concepts of the health atlas"}), items)


def _structure_id(filters: tuple[str, ...]) -> str:
    """Returns the id of the data structure with these filters."""
    return "_".join(["DSD_HEALTH_ATLAS", *(component(name) for name in filters)])


def _data_structure(filters: tuple[str, ...]) -> str:
    """Returns a data structure: year by level and unit, by these filters."""
    dimensions = ["FREQ", "GEO_LEVEL", "REF_AREA", *(component(name) for name in filters)]
    coded = "".join(
        f'<str:Dimension id="{name}" position="{position}">{_identity(name)}{_enumeration(name)}</str:Dimension>'
        for position, name in enumerate(dimensions, start=1)
    )
    time = (
        f'<str:TimeDimension id="TIME_PERIOD">{_identity("TIME_PERIOD")}<str:LocalRepresentation>'
        '<str:TextFormat textType="ObservationalTimePeriod"/></str:LocalRepresentation></str:TimeDimension>'
    )
    attributes = "".join(_attribute(name) for name in ATTRIBUTES)
    measure = f'<str:Measure id="OBS_VALUE" usage="optional">{_identity("OBS_VALUE")}{_number("Double")}</str:Measure>'
    inner = (
        f'<str:DataStructureComponents><str:DimensionList id="DimensionDescriptor">{coded}{time}</str:DimensionList>\n'
        f'<str:AttributeList id="AttributeDescriptor">{attributes}</str:AttributeList>\n'
        f'<str:MeasureList id="MeasureDescriptor">{measure}</str:MeasureList></str:DataStructureComponents>'
    )
    by = ", ".join(name.replace("_", " ") for name in filters)
    names = _text({"en": f"Health atlas by year and place{', by ' + by if by else ''}"})
    return _maintainable("DataStructure", _structure_id(filters), names, inner)


def _attribute(name: str) -> str:
    """Returns an attribute of every observation: a code, or an optional number."""
    coded = name not in NUMBERS
    return (
        f'<str:Attribute id="{name}" usage="{"mandatory" if coded else "optional"}">{_identity(name)}'
        f"{_enumeration(name) if coded else _number(NUMBERS[name])}"
        "<str:AttributeRelationship><str:Observation/></str:AttributeRelationship></str:Attribute>"
    )


def _identity(name: str) -> str:
    """Returns the reference to a component's concept."""
    urn = f"urn:sdmx:org.sdmx.infomodel.conceptscheme.Concept={AGENCY}:CS_HEALTH_ATLAS({VERSION}).{name}"
    return f"<str:ConceptIdentity>{urn}</str:ConceptIdentity>"


def _enumeration(name: str) -> str:
    """Returns the representation of a component by its code list."""
    list_id = f"CL_{name}"
    owner = f"SDMX:{list_id}({CROSS_DOMAIN[list_id]})" if list_id in CROSS_DOMAIN else f"{AGENCY}:{list_id}({VERSION})"
    urn = f"urn:sdmx:org.sdmx.infomodel.codelist.Codelist={owner}"
    return f"<str:LocalRepresentation><str:Enumeration>{urn}</str:Enumeration></str:LocalRepresentation>"


def _number(kind: str) -> str:
    """Returns the representation of a component by a number."""
    return f'<str:LocalRepresentation><str:TextFormat textType="{kind}"/></str:LocalRepresentation>'


def _dataflow(table, titles: dict[str, str], citations: dict[str, str]) -> str:
    """Returns the dataflow of one statistic; its description is the citation of the release."""
    structure = _structure_id(tuple(filters_of(table)))
    urn = f"urn:sdmx:org.sdmx.infomodel.datastructure.DataStructure={AGENCY}:{structure}({VERSION})"
    names = _text({language: titles.get(language) for language in LANGUAGES}) or _text({"en": table.name})
    names += _text(citations, "Description")
    return _maintainable("Dataflow", table.name.upper(), names, f"<str:Structure>{urn}</str:Structure>")
