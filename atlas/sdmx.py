"""Writes the statistics as SDMX-CSV 2.0 and their structure as SDMX-ML 3.0 and 2.1. Called by the export, on the public
database.

One dataflow is a statistic; one data structure is a set of filters, so that a table has its own dimensions and no
others. Everything is read from the published tables: filters from the statistics, codes and labels from the dimension
table that has the filter's name, languages from its columns.

    structure.xml        code lists, concepts, data structures, dataflows; SDMX-ML 3.0
    structure_2_1.xml    the same in SDMX-ML 2.1, which R's rsdmx reads
    <statistic>.csv      one row an observation
    delete/all.csv       one row a dataflow: deletes all its observations

A store that loads two releases one after the other must not keep what the second one suppresses (SDMX-CSV field guide,
"Further details for data actions"): the action R replaces an observation as a whole, and a number that is not published
is NaN, SDMX's value for what is missing on purpose, so that a store which only merges keeps no older number either. NaN
exists for floating-point numbers only: counts are such too. Observations that the second release lacks (codes of
another vintage) go when delete/all.csv is loaded before it.
"""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import duckdb

from atlas.labels import labels_of, unit_name
from atlas.settings import AtlasError
from atlas.sql import literal

VERSION = "1.0.0"
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
# Numbers beside the value are attributes: readers of today take one measure an observation. The other attributes are
# codes.
NUMBERS = ("NUMERATOR", "DENOMINATOR", "LOWER_95", "UPPER_95")
ATTRIBUTES = (*NUMBERS, "OBS_STATUS", "CONF_STATUS", "UNIT_MEASURE")
# A number that is not published.
MISSING = "NaN"
NUMBER = '<str:LocalRepresentation><str:TextFormat textType="Double"/></str:LocalRepresentation>'


def write_structure(connection: duckdb.DuckDBPyConnection, folder: Path, release: dict, tables: list, edition) -> None:
    """Writes structure.xml, structure_2_1.xml and delete/all.csv into the folder.

    release: the row of the table `release`. tables: the published tables, of which those with a declaration are
    statistics. edition: languages and agency.
    """
    statistics = [table for table in tables if table.statistic]
    lists = _code_lists(connection, statistics, edition.release_languages)
    titles, citations = _texts(connection, "title"), _texts(connection, "recommended_reference")
    for name, dialect in (("structure.xml", _Ml30(edition.agency)), ("structure_2_1.xml", _Ml21(edition.agency))):
        date = release["publication_date"] or NO_DATE
        texts = (titles, citations)
        text = dialect.message(date, release["version"], lists, texts, statistics, edition.release_languages)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "delete").mkdir()
    flows = [f"dataflow,{flow_id(table, edition)},D" for table in statistics]
    (folder / "delete" / "all.csv").write_text(
        "\n".join(["STRUCTURE,STRUCTURE_ID,ACTION", *flows, ""]), encoding="utf-8"
    )


def flow_id(table, edition) -> str:
    """Returns the identification of a statistic's dataflow."""
    return f"{edition.agency}:{table.name.upper()}({VERSION})"


def filters_of(table) -> list[str]:
    """Returns the filter columns of a statistic, in the order of the table."""
    return list(table.statistic.get("filters") or [])


def component(filter_name: str) -> str:
    """Returns the SDMX name of a filter column: its own name without `_category`, so that age categories have the
    cross-domain concept AGE.
    """
    return filter_name.removesuffix("_category").upper()


def write_data(connection, table, path: Path, edition) -> None:
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
            f"Nothing is published: {table.name} has values without an SDMX code ({', '.join(missing)}). Add it: "
            "a filter's in macros/lists.sql (filter_definitions), that of a status or unit in the seed sdmx_code."
        )
    decoded = {
        (column, code): _decoded(connection, dimension, column, code)
        for column, (dimension, codes) in coded.items()
        for code in codes
    }
    numbers = {"value": "OBS_VALUE", **{name.lower(): name for name in NUMBERS}}
    as_text = [f"coalesce(cast({column} as varchar), '{MISSING}') as {name}" for column, name in numbers.items()]
    flow = flow_id(table, edition)
    # a projection and nothing else: rows stay in the order of the table
    connection.execute(
        f"""copy (
        select
            'dataflow' as "STRUCTURE", {literal(flow)} as STRUCTURE_ID, 'R' as "ACTION", 'A' as FREQ,
            {decoded["geo_level", "sdmx_code"]} as GEO_LEVEL, '{AREA_PREFIX}' || geo_code as REF_AREA
            {"".join(f", {decoded[name, 'sdmx_code']} as {component(name)}" for name in filters)},
            reference_year as TIME_PERIOD, {", ".join(as_text)},
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


def _code_lists(connection, statistics: list, languages: list[str]) -> dict[str, list[tuple]]:
    """Returns list id -> rows of (code, {language: label}), every list in the reading order of its table."""
    tables = {"CL_GEO_LEVEL": "geo_level", "CL_UNIT_MEASURE": "unit_measure"}
    tables |= {
        f"CL_{component(name)}": name for name in sorted({name for table in statistics for name in filters_of(table)})
    }
    lists = {name: [(code, {"en": label}) for code, label in codes] for name, codes in CROSS_DOMAIN_CODES.items()}
    for list_id, table in tables.items():
        labels = labels_of(connection, f"atlas.{table}", "sdmx_code", languages)
        lists[list_id] = [(code, dict(zip(languages, texts, strict=True))) for code, texts in labels.items()]
    lists["CL_REF_AREA"] = _areas(connection, statistics, languages)
    return lists


def _areas(connection, statistics: list, languages: list[str]) -> list[tuple]:
    """Returns (code, {language: name}) of every geographic unit and hospital that the tables name.

    A unit has an official name in the languages of its columns name_<language>; in every other language of the release
    it is named by all of them. A code that two levels use (21000, province and arrondissement of Brussels) is one item:
    the level is a dimension of its own.
    """
    columns = [row[0] for row in connection.execute("describe atlas.geographic_unit").fetchall()]
    official = [language for language in languages if f"name_{language}" in columns]
    published = " union ".join(f'select geo_level, geo_code from atlas."{table.name}"' for table in statistics)
    names = ", ".join(f"min_by(unit.name_{language}, level.sort_order)" for language in official)
    rows = connection.execute(
        f"""select '{AREA_PREFIX}' || data.geo_code, data.geo_code, {names}
        from ({published}) as data
        left join atlas.geo_level as level on data.geo_level = level.geo_level
        left join atlas.geographic_unit as unit on data.geo_level = unit.geo_level and data.geo_code = unit.geo_code
        group by data.geo_code
        order by min(level.sort_order), data.geo_code"""
    ).fetchall()
    items = []
    for code, own_code, *found in rows:
        named = {language: name for language, name in zip(official, found, strict=True) if name}
        hospital = f"Hospital {own_code}"
        items.append((code, {name: unit_name(named.get(name), named.values(), hospital) for name in languages}))
    return items


def _texts(connection, column: str) -> dict[str, dict[str, str]]:
    """Returns statistic -> {language: text} of a column of the cards."""
    texts: dict[str, dict[str, str]] = {}
    for code, language, text in connection.execute(f"select code, language, {column} from atlas.statistic").fetchall():
        texts.setdefault(code, {})[language] = text
    return texts


def _text(values: dict[str, str | None], element: str = "Name") -> str:
    """Returns the names, or descriptions, in each language that has one."""
    return "".join(
        f"<com:{element} xml:lang={quoteattr(language)}>{escape(value)}</com:{element}>"
        for language, value in values.items()
        if value
    )


def _structure_id(filters: tuple[str, ...]) -> str:
    """Returns the id of the data structure with these filters."""
    return "_".join(["DSD_HEALTH_ATLAS", *(component(name) for name in filters)])


class _Ml30:
    """Writes a structure message in SDMX-ML 3.0. agency: the maintenance agency of its artefacts."""

    schema = "v3_0"
    # the element around each kind of artefact, in the order of the schema
    order = ("Codelists", "ConceptSchemes", "Dataflows", "DataStructures")

    def __init__(self, agency: str):
        self.agency = agency

    def message(
        self,
        date: str,
        release_version: str,
        lists: dict,
        texts: tuple[dict, dict],
        statistics: list,
        languages: list[str],
    ) -> str:
        """Returns the message as XML text."""
        namespaces = {"mes": "message", "str": "structure", "com": "common"}
        declared = " ".join(
            f'xmlns:{short}="http://www.sdmx.org/resources/sdmxml/schemas/{self.schema}/{long}"'
            for short, long in namespaces.items()
        )
        structures = sorted({tuple(filters_of(table)) for table in statistics})
        concepts = {
            **CONCEPTS,
            **{component(name): name.replace("_", " ").capitalize() for filters in structures for name in filters},
        }
        artefacts = {
            "Codelists": [self._code_list(name, rows) for name, rows in lists.items()],
            "ConceptSchemes": [self._concept_scheme(concepts)],
            "Concepts": [self._concept_scheme(concepts)],
            "Dataflows": [
                self._dataflow(table, *(text.get(table.name, {}) for text in texts), languages) for table in statistics
            ],
            "DataStructures": [self._data_structure(filters) for filters in structures],
        }
        return "\n".join(
            [
                '<?xml version="1.0" encoding="UTF-8"?>',
                f"<mes:Structure {declared}>",
                f"<mes:Header><mes:ID>{escape(release_version)}</mes:ID><mes:Test>false</mes:Test>"
                f"<mes:Prepared>{date}T00:00:00</mes:Prepared><mes:Sender id={quoteattr(self.agency)}/></mes:Header>",
                "<mes:Structures>",
                *(line for kind in self.order for line in (f"<str:{kind}>", *artefacts[kind], f"</str:{kind}>")),
                "</mes:Structures>",
                "</mes:Structure>",
                "",
            ]
        )

    def _maintainable(
        self,
        element: str,
        name: str,
        names: str,
        inner: str,
        *,
        agency: str = "",
        version: str = VERSION,
        more: str = "",
    ) -> str:
        """Returns a maintainable artefact as XML."""
        head = f'<str:{element} agencyID="{agency or self.agency}" id="{name}" version="{version}"{more}>'
        return f"{head}{names}\n{inner}\n</str:{element}>"

    def _code_list(self, name: str, rows: list[tuple]) -> str:
        """Returns a code list; those of SDMX carry SDMX's agency and version, and say that they are a part."""
        codes = "\n".join(f"<str:Code id={quoteattr(code)}>{_text(labels)}</str:Code>" for code, labels in rows)
        names = _text({"en": name.removeprefix("CL_").replace("_", " ").capitalize()})
        if name in CROSS_DOMAIN:
            return self._maintainable(
                "Codelist", name, names, codes, agency="SDMX", version=CROSS_DOMAIN[name], more=' isPartial="true"'
            )
        return self._maintainable("Codelist", name, names, codes)

    def _concept_scheme(self, concepts: dict[str, str]) -> str:
        """Returns the concept scheme of all components."""
        items = "\n".join(
            f'<str:Concept id="{name}">{_text({"en": label})}</str:Concept>' for name, label in concepts.items()
        )
        names = _text({"en": "Concepts of the health atlas"})
        return self._maintainable("ConceptScheme", "CS_HEALTH_ATLAS", names, items)

    def _data_structure(self, filters: tuple[str, ...]) -> str:
        """Returns a data structure: year by level and unit, by these filters."""
        dimensions = ["FREQ", "GEO_LEVEL", "REF_AREA", *(component(name) for name in filters)]
        coded = "".join(
            f'<str:Dimension id="{name}" position="{position}">{self._identity(name)}{self._enumeration(name)}'
            "</str:Dimension>"
            for position, name in enumerate(dimensions, start=1)
        )
        time = (
            f'<str:TimeDimension id="TIME_PERIOD"{self._last(dimensions)}>{self._identity("TIME_PERIOD")}'
            '<str:LocalRepresentation><str:TextFormat textType="ObservationalTimePeriod"/></str:LocalRepresentation>'
            "</str:TimeDimension>"
        )
        attributes = "".join(self._attribute(name) for name in ATTRIBUTES)
        lists = {
            "attributes": f'<str:AttributeList id="AttributeDescriptor">{attributes}</str:AttributeList>',
            "measure": f'<str:MeasureList id="MeasureDescriptor">{self._measure()}</str:MeasureList>',
        }
        inner = (
            '<str:DataStructureComponents><str:DimensionList id="DimensionDescriptor">'
            f"{coded}{time}</str:DimensionList>\n"
            f"{lists['attributes']}\n{lists['measure']}</str:DataStructureComponents>"
        )
        by = ", ".join(name.replace("_", " ") for name in filters)
        names = _text({"en": f"Health atlas by year and place{', by ' + by if by else ''}"})
        return self._maintainable("DataStructure", _structure_id(filters), names, inner)

    def _last(self, dimensions: list[str]) -> str:
        """Returns the attribute of the position of the time dimension, which 3.0 does not have."""
        return ""

    def _measure(self) -> str:
        """Returns the measure."""
        inner = self._identity("OBS_VALUE") + NUMBER
        return f'<str:Measure id="OBS_VALUE" usage="optional">{inner}</str:Measure>'

    def _attribute(self, name: str) -> str:
        """Returns an attribute of every observation: a code, or an optional number."""
        coded = name not in NUMBERS
        return (
            f'<str:Attribute id="{name}" {self._usage(coded)}>{self._identity(name)}'
            f"{self._enumeration(name) if coded else NUMBER}"
            f"<str:AttributeRelationship>{self._of_observation()}</str:AttributeRelationship></str:Attribute>"
        )

    def _usage(self, is_mandatory: bool) -> str:
        """Returns whether an attribute must have a value."""
        return f'usage="{"mandatory" if is_mandatory else "optional"}"'

    def _of_observation(self) -> str:
        """Returns that an attribute belongs to an observation."""
        return "<str:Observation/>"

    def _identity(self, name: str) -> str:
        """Returns the reference to a component's concept."""
        urn = f"urn:sdmx:org.sdmx.infomodel.conceptscheme.Concept={self.agency}:CS_HEALTH_ATLAS({VERSION}).{name}"
        return f"<str:ConceptIdentity>{urn}</str:ConceptIdentity>"

    def _enumeration(self, name: str) -> str:
        """Returns the representation of a component by its code list."""
        list_id = f"CL_{name}"
        owner, version = ("SDMX", CROSS_DOMAIN[list_id]) if list_id in CROSS_DOMAIN else (self.agency, VERSION)
        return (
            "<str:LocalRepresentation><str:Enumeration>"
            f"{self._reference('codelist', 'Codelist', owner, list_id, version)}"
            "</str:Enumeration></str:LocalRepresentation>"
        )

    def _reference(self, package: str, kind: str, agency: str, name: str, version: str) -> str:
        """Returns a reference to a maintainable artefact."""
        return f"urn:sdmx:org.sdmx.infomodel.{package}.{kind}={agency}:{name}({version})"

    def _dataflow(self, table, titles: dict[str, str], citations: dict[str, str], languages: list[str]) -> str:
        """Returns the dataflow of one statistic; its description is the citation of the release."""
        structure = _structure_id(tuple(filters_of(table)))
        names = _text({language: titles.get(language) for language in languages}) or _text({"en": table.name})
        names += _text({language: citations.get(language) for language in languages}, "Description")
        reference = self._reference("datastructure", "DataStructure", self.agency, structure, VERSION)
        return self._maintainable("Dataflow", table.name.upper(), names, f"<str:Structure>{reference}</str:Structure>")


class _Ml21(_Ml30):
    """Writes a structure message in SDMX-ML 2.1: references are elements, the measure is the primary one."""

    schema = "v2_1"
    order = ("Dataflows", "Codelists", "Concepts", "DataStructures")

    def _last(self, dimensions: list[str]) -> str:
        return f' position="{len(dimensions) + 1}"'

    def _measure(self) -> str:
        return f'<str:PrimaryMeasure id="OBS_VALUE">{self._identity("OBS_VALUE")}{NUMBER}</str:PrimaryMeasure>'

    def _usage(self, is_mandatory: bool) -> str:
        return f'assignmentStatus="{"Mandatory" if is_mandatory else "Conditional"}"'

    def _of_observation(self) -> str:
        return '<str:PrimaryMeasure><Ref id="OBS_VALUE"/></str:PrimaryMeasure>'

    def _identity(self, name: str) -> str:
        return (
            f'<str:ConceptIdentity><Ref id="{name}" maintainableParentID="CS_HEALTH_ATLAS" '
            f'maintainableParentVersion="{VERSION}" agencyID="{self.agency}" package="conceptscheme" class="Concept"/>'
            "</str:ConceptIdentity>"
        )

    def _reference(self, package: str, kind: str, agency: str, name: str, version: str) -> str:
        return f'<Ref id="{name}" version="{version}" agencyID="{agency}" package="{package}" class="{kind}"/>'
