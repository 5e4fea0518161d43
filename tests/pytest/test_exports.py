"""The exported files say what the tables say, to readers that the project did not write."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from types import SimpleNamespace

import duckdb
import markdown
import pytest
import release_fixture
from release_fixture import ACT, AGE, publish

from atlas import catalogue, schema_org, texts
from atlas.settings import AtlasError

SUPPRESSED = ", ".join(f"{name} = null" for name in ("numerator", "denominator", "value", "lower_95", "upper_95"))
SUPPRESSED += ", status = 'small_cell'"


pytestmark = pytest.mark.usefixtures("fast_release")


@pytest.fixture(scope="module")
def exports(fast_release, tmp_path_factory) -> Path:
    """The exports of the hand-made warehouse, with suppressed cells in its newest five years too. Read only."""
    output = tmp_path_factory.mktemp("exports") / "output"
    release_fixture.make_warehouse(output)
    with duckdb.connect(str(output / "warehouse.duckdb")) as connection:
        connection.execute(
            f"update marts.cube_013_007 set {SUPPRESSED} where reference_year = 2018 and geo_code = '21000'"
        )
    return publish(output) / "exports"


def rows_of(path: Path) -> list[dict[str, str]]:
    """Returns the rows of a CSV file."""
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# A store of SDMX observations, after the field guide of SDMX-CSV: Replace deletes what a row omits, Merge (and what it
# takes over from version 1: Information, Append) leaves it as it is, Delete without a key deletes all of a dataflow.
MEASURES = (
    "OBS_VALUE",
    "NUMERATOR",
    "DENOMINATOR",
    "LOWER_95",
    "UPPER_95",
    "OBS_STATUS",
    "CONF_STATUS",
    "UNIT_MEASURE",
)
HEAD = ("STRUCTURE", "STRUCTURE_ID", "ACTION")


def load(store: dict[tuple, dict[str, str]], path: Path, *, only_merges: bool = False) -> None:
    """Loads one SDMX-CSV file into a store."""
    for row in rows_of(path):
        flow, action = row["STRUCTURE_ID"], "M" if only_merges and row["ACTION"] != "D" else row["ACTION"]
        key = (flow, *(value for name, value in row.items() if name not in (*HEAD, *MEASURES)))
        values = {name: row[name] for name in MEASURES if row.get(name)}
        if action == "D":
            for found in [found for found in store if found[0] == flow]:
                del store[found]
        elif action == "R":
            store[key] = values
        else:
            store.setdefault(key, {}).update(values)


def numbers(values: dict[str, str]) -> dict[str, str]:
    """Returns the numbers that a store holds of an observation."""
    return {name: value for name, value in values.items() if name in MEASURES[:5] and value != "NaN"}


@pytest.fixture(scope="module")
def two_releases(fast_release, tmp_path_factory) -> tuple[Path, Path]:
    """The exports of a release, and of the next one, which suppresses six rows and lacks a hospital. Read only."""
    output = tmp_path_factory.mktemp("two") / "output"
    release_fixture.make_warehouse(output)
    with pytest.MonkeyPatch.context() as patch:
        release_fixture.small_package(patch.setattr)
        first = publish(output) / "exports"
        with duckdb.connect(str(output / "warehouse.duckdb")) as connection:
            for where in (
                "reference_year = 2010 and geo_level = 'country'",
                "reference_year = 2011 and geo_level = 'province'",
            ):
                connection.execute(f"update marts.cube_013_007 set {SUPPRESSED} where {where}")
            connection.execute("delete from marts.cube_007_005b where geo_code = '710002'")
        return first, publish(output) / "exports"


@pytest.mark.parametrize("only_merges", [False, True])
def test_a_store_that_loads_two_releases_holds_no_number_that_the_second_one_suppresses(two_releases, only_merges):
    first, second = two_releases
    store: dict[tuple, dict[str, str]] = {}
    tables = [f"sdmx/{table}.csv" for table in release_fixture.STATISTICS]
    for table in tables:
        load(store, first / table, only_merges=only_merges)
    shown = {key for key, values in store.items() if numbers(values)}
    for table in tables:
        load(store, second / table, only_merges=only_merges)

    now_hidden = {key: values for key, values in store.items() if values["OBS_STATUS"] == "Q"}
    assert len(set(now_hidden) & shown) == 6  # three age categories of the country, three of the province
    assert [key for key, values in now_hidden.items() if numbers(values)] == []
    assert all(values["CONF_STATUS"] == "C" and values["OBS_VALUE"] == "NaN" for values in now_hidden.values())

    # an observation that the second release lacks goes with the message that deletes
    assert any("BE710002" in key for key in store)
    for path in ["sdmx/delete/all.csv", *tables]:
        load(store, second / path, only_merges=only_merges)
    assert not any("BE710002" in key for key in store)
    assert {key for key, values in store.items() if numbers(values)} < shown


def test_both_readers_of_sdmx_find_suppressed_cells_missing(exports):
    reader = pytest.importorskip("pysdmx.io", reason="needs the package pysdmx[data,xml]")
    sdmx1 = pytest.importorskip("sdmx", reason="needs the package sdmx1")
    name = "cube_013_007"
    expected = {("Q", True), ("A", False)}
    (data,) = reader.get_datasets(exports / "sdmx" / f"{name}.csv", exports / "sdmx" / "structure.xml")
    assert data.action.value == "Replace"
    columns = ["OBS_VALUE", "NUMERATOR", "DENOMINATOR", "LOWER_95", "UPPER_95"]
    frame = data.data
    for column in columns:
        missing = frame[column].astype(float).isna()
        assert set(zip(frame["OBS_STATUS"], missing, strict=True)) == expected, column

    flow = sdmx1.read_sdmx(exports / "sdmx" / "structure.xml").dataflow[name.upper()]
    (data,) = sdmx1.read_sdmx(exports / "sdmx" / f"{name}.csv", structure=flow).data
    assert data.action.name == "replace" and len(data.obs) == len(frame)
    seen = {
        (observation.attached_attribute["OBS_STATUS"].value, str(observation.value) == "NaN")
        for observation in data.obs
    }
    assert seen == expected


def test_both_readers_of_sdmx_read_the_structure_of_both_versions_in_every_language(exports):
    reader = pytest.importorskip("pysdmx.io", reason="needs the package pysdmx[data,xml]")
    sdmx1 = pytest.importorskip("sdmx", reason="needs the package sdmx1")
    contents = []
    for name in ("structure.xml", "structure_2_1.xml"):
        message = reader.read_sdmx(exports / "sdmx" / name, validate=True)  # against the schemas of SDMX
        contents.append(
            (
                {flow.id: flow.name for flow in message.get_dataflows()},
                {items.id: [code.id for code in items.items] for items in message.get_codelists()},
                {
                    structure.id: [component.id for component in structure.components]
                    for structure in message.get_data_structure_definitions()
                },
            )
        )
        message = sdmx1.read_sdmx(exports / "sdmx" / name)
        assert {flow.lower() for flow in message.dataflow} == set(release_fixture.STATISTICS)
        labels = message.codelist["CL_GEO_LEVEL"]["HOSPITAL"].name.localizations
        assert labels == {"nl": "ziekenhuis", "fr": "hôpital", "en": "hospital"}
    assert contents[0] == contents[1]


@pytest.mark.usefixtures("small_package")
def test_a_further_language_reaches_sdmx_without_a_change_of_the_code(tmp_path, monkeypatch):
    read = texts.phrases

    def with_german(*topic: str) -> dict[tuple[str, str], str]:
        found = read(*topic)
        return found | {(key, "de"): text for (key, language), text in found.items() if language == "en"}

    monkeypatch.setattr(texts, "phrases", with_german)
    release_fixture.make_warehouse(tmp_path / "output")
    with duckdb.connect(str(tmp_path / "output" / "warehouse.duckdb")) as connection:
        for table in ("geo_level", AGE, ACT, "unit_measure", "observation_status"):
            connection.execute(f"alter table reference.{table} add column label_de text default 'auf Deutsch'")
        connection.execute(
            "insert into reference.statistic by name select * replace ('de' as language, 'Bildgebung' as title) from reference.statistic where language = 'en'"
        )
    text = (publish(tmp_path / "output") / "exports" / "sdmx" / "structure.xml").read_text(encoding="utf-8")
    assert '<com:Name xml:lang="de">auf Deutsch</com:Name>' in text
    assert '<com:Name xml:lang="de">Bildgebung</com:Name>' in text
    assert '<com:Name xml:lang="de">België / Belgique</com:Name>' in text  # no official name in this language


# One long table, keys, and the metadata of Parquet files.


def test_observation_holds_every_row_of_every_statistic_once(exports):
    with duckdb.connect(str(exports.parent / "atlas.duckdb"), read_only=True) as atlas:
        columns = [row[0] for row in atlas.execute("describe observation").fetchall()]
        assert columns == [
            *("statistic", "reference_year", "geo_level", "geo_code", ACT, AGE),
            *("numerator", "denominator", "value", "lower_95", "upper_95", "status"),
        ]
        found = atlas.execute("from observation").fetchall()
        expected = []
        for table, statistic in sorted(release_fixture.STATISTICS.items()):
            filters = {name: f"'total' as {name}" for name in (ACT, AGE)}
            filters |= {name: name for name in statistic["filters"]}
            select = [f"'{table}'", *columns[1:4], *filters.values(), *columns[6:]]
            expected += atlas.execute(f"select {', '.join(select)} from {table}").fetchall()
        assert found == expected and len(found) == 90 + 30 + 6
        assert [row[:6] for row in found] == sorted({row[:6] for row in found})  # total order, no key twice
        assert atlas.execute("select count(*) from observation where (statistic, geo_code) is null").fetchone() == (0,)
        assert atlas.execute(f"from '{exports}/parquet/observation.parquet'").fetchall() == found
        comments = "select count(*), count(comment) from duckdb_columns() where table_name = 'observation'"
        assert atlas.execute(comments).fetchone() == (len(columns), len(columns))


def test_a_join_on_a_filter_finds_one_row_of_its_dimension(exports):
    with duckdb.connect(str(exports.parent / "atlas.duckdb"), read_only=True) as atlas:
        for table in ("observation", *release_fixture.STATISTICS):
            columns = [row[0] for row in atlas.execute(f"describe {table}").fetchall()]
            for name in {AGE, ACT, "geo_level"} & set(columns):
                rows, joined = (
                    atlas.execute(f"select count(*) from {table} {join}").fetchone()
                    for join in ("", f"inner join {name} using ({name})")
                )
                assert rows == joined, (table, name)


def test_the_public_file_enforces_keys_and_columns_that_are_not_null(exports):
    with duckdb.connect(str(exports.parent / "atlas.duckdb"), read_only=True) as atlas:
        constraints: dict[tuple[str, str], set] = {}
        for table, kind, columns in atlas.execute(
            "select table_name, constraint_type, constraint_column_names from duckdb_constraints()"
        ).fetchall():
            constraints.setdefault((table, kind), set()).update(columns)
        declared = dict(atlas.execute("select table_name, key_columns from release_table").fetchall())
    for name, key in release_fixture.KEYS.items():
        assert constraints[name, "PRIMARY KEY"] == set(key), name
        assert declared[name] == ", ".join(key)
    for name, statistic in release_fixture.STATISTICS.items():
        key = ["reference_year", "geo_level", "geo_code", *statistic["filters"]]
        assert constraints[name, "NOT NULL"] == {*key, "status"}, name
        assert declared[name] == ", ".join(key)
    assert constraints["release", "PRIMARY KEY"] == {"version"}


def test_parquet_files_say_title_licence_version_and_source(exports):
    for name, title in (
        ("cube_013_007", "Medical imaging, specialist"),
        ("observation", "All statistics as one table"),
    ):
        with duckdb.connect() as connection:
            query = f"select key::text, value::text from parquet_kv_metadata('{exports}/parquet/{name}.parquet')"
            metadata = dict(connection.execute(query).fetchall())
        assert metadata["title"] == title and metadata["version"] == exports.parent.name
        assert metadata["licence"].startswith("CC0-1.0 https://") and "IMA-AIM" in metadata["source"]
        assert "ynthetic" in metadata["publisher"] and metadata["is_synthetic"] == "true"


def violations(graph) -> set[str]:
    """What SHACL finds in a catalogue: the property and the rule, by the project's shapes of DCAT-AP 3."""
    pyshacl = pytest.importorskip("pyshacl", reason="needs the package pyshacl")
    _, report, _ = pyshacl.validate(graph, shacl_graph=str(Path(__file__).with_name("dcat_ap.ttl")))
    names = ("#resultPath", "#sourceConstraintComponent")
    return {re.split("[#/]", found)[-1] for _, name, found in report if str(name).endswith(names)}


@pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib")  # rdflib calls what it deprecates itself
def test_the_catalogue_has_what_dcat_ap_requires(exports):
    rdflib = pytest.importorskip("rdflib", reason="needs the package rdflib")
    isomorphic = pytest.importorskip("rdflib.compare").isomorphic
    dcat, dct = (rdflib.Namespace(f"http://{name}") for name in ("www.w3.org/ns/dcat#", "purl.org/dc/terms/"))
    graph = rdflib.Graph().parse(exports / "catalogue.jsonld", format="json-ld")
    assert violations(graph) == set()
    as_turtle = rdflib.Graph().parse(exports / "catalogue.ttl", format="turtle")
    assert isomorphic(graph, as_turtle)
    as_turtle.remove((None, dcat.byteSize, None))
    as_turtle.remove((None, rdflib.RDF.type, rdflib.URIRef("http://xmlns.com/foaf/0.1/Agent")))
    assert violations(as_turtle) == {"byteSize", "MinCountConstraintComponent", "publisher", "ClassConstraintComponent"}
    datasets = list(graph.subjects(rdflib.RDF.type, dcat.Dataset))
    assert {str(graph.value(dataset, dct.identifier)) for dataset in datasets} == set(release_fixture.STATISTICS)
    cube = next(dataset for dataset in datasets if str(dataset).endswith("#cube_013_007"))
    assert {title.language for title in graph.objects(cube, dct.title)} == {"nl", "fr", "en"}
    assert all("ynth" in str(text) for text in graph.objects(cube, dct.description))
    base = f"https://publisher.example/health-atlas/releases/{exports.parent.name}/exports/"
    files = [str(graph.value(node, dcat.downloadURL)) for node in graph.objects(cube, dcat.distribution)]
    assert len(files) == 5 and all((exports / file.removeprefix(base)).is_file() for file in files)


# JSON-stat.

NUMBERS = ("numerator", "denominator", "value", "lower_95", "upper_95")


@pytest.mark.filterwarnings("ignore::DeprecationWarning:pyjstat")  # it calls a function of its own that it deprecates
@pytest.mark.parametrize("name", release_fixture.STATISTICS)
def test_a_reader_of_json_stat_finds_every_number_and_why_one_is_null(exports, name):
    pyjstat = pytest.importorskip("pyjstat.pyjstat", reason="needs the package pyjstat")
    with open(exports / "jsonstat" / f"{name}.json", encoding="utf-8") as file:
        dataset = pyjstat.Dataset.read(file)
    filters = release_fixture.STATISTICS[name]["filters"]
    assert dataset["id"] == ["reference_year", "geography", *filters, "measure"]
    found, statuses = (
        {tuple(key): None if number != number else number for *key, number in frame.values.tolist()}
        for frame in (dataset.write("dataframe", naming="id", value=value) for value in ("value", "status"))
    )
    with duckdb.connect(str(exports.parent / "atlas.duckdb"), read_only=True) as atlas:
        columns = ", ".join(["reference_year::varchar", "geo_level || ':' || geo_code", *filters, "status", *NUMBERS])
        rows = atlas.execute(
            f"select {columns} from {name} where reference_year > (select max(reference_year) - 5 from {name})"
        ).fetchall()
    split = 2 + len(filters)
    expected = {
        (*row[:split], measure): (number, row[split] if number is None else None)
        for row in rows
        for measure, number in zip(NUMBERS, row[split + 1 :], strict=True)
    }
    assert {key: (number, statuses[key]) for key, number in found.items()} == expected
    if name == "cube_013_007":
        assert len(found) == 5 * 9 * 5 and set(statuses.values()) == {None, "small_cell"}


def test_json_stat_has_names_in_every_language_and_tells_levels_apart(exports):
    document = json.loads((exports / "jsonstat" / "cube_013_007.json").read_text(encoding="utf-8"))
    assert document["version"] == "2.0" and document["class"] == "dataset"
    assert document["role"] == {"time": ["reference_year"], "geo": ["geography"], "metric": ["measure"]}
    assert document["source"].startswith("Synth") and "ynth" in document["note"][0]
    assert (exports.parent / document["href"].split(f"/{exports.parent.name}/")[1]).is_file()
    units = document["dimension"]["geography"]["category"]["label"]
    assert units["province:21000"] == "Brussel (provincie)"
    assert units["arrondissement:21000"] == "Brussel-Hoofdstad (arrondissement)"
    french = document["extension"]["translations"]["fr"]
    assert french["label"] == "Imagerie médicale"
    for translation in document["extension"]["translations"].values():
        for name, dimension in document["dimension"].items():
            assert list(translation["dimension"][name]["category"]["label"]) == dimension["category"]["index"]
    unit = french["dimension"]["measure"]["category"]["unit"]
    assert unit["value"] == {"label": "pour cent"} and "numerator" not in unit


# Search engines.


def test_the_page_of_a_table_describes_it_for_search_engines(exports):
    def read(document: dict) -> dict:
        """Returns what a search engine reads of the page of a table."""
        html = markdown.markdown(f"# Title\n\n{schema_org.script(document)}\n", extensions=["tables", "attr_list"])
        (text,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
        return json.loads(text)

    with duckdb.connect(str(exports.parent / "atlas.duckdb"), read_only=True) as atlas:
        document = schema_org.dataset(atlas, "cube_013_007")
    assert read(document) == document
    assert (document["@context"], document["@type"]) == ("https://schema.org", "Dataset")
    assert document["name"] == "Medical imaging, specialist" and document["version"] == exports.parent.name
    assert (
        document["description"].startswith("Synthetic demonstration data") and "it's a cube" in document["description"]
    )
    assert document["license"] == "https://creativecommons.org/publicdomain/zero/1.0/"
    assert document["creator"]["name"].startswith("Synthetic demo publisher")
    assert document["temporalCoverage"] == "2010-01-01/2019-12-31" and document["datePublished"] == "2026-10-15"
    assert document["spatialCoverage"]["name"] == "Belgium"
    base = f"https://publisher.example/health-atlas/releases/{exports.parent.name}/exports/"
    files = [file["contentUrl"] for file in document["distribution"]]
    assert len(files) == 5 and all((exports / file.removeprefix(base)).is_file() for file in files)
    hostile = {"name": "</script><b>`*_a_* & <!-- \\ é"}
    assert read(hostile) == hostile


def test_a_release_without_a_publisher_is_not_described_for_search_engines():
    with duckdb.connect() as atlas:
        names = ["language", "publisher", "publisher_url", "licence_url", "landing_page", "files_url", "position"]
        atlas.execute(f"create table release_publication ({', '.join(f'{name} text' for name in names)})")
        assert schema_org.dataset(atlas, "cube_013_007") is None


# Workbooks.


def test_a_workbook_holds_cards_and_figures_in_every_language(exports):
    openpyxl = pytest.importorskip("openpyxl", reason="needs the package openpyxl")
    book = openpyxl.load_workbook(exports / "excel" / "cube_013_007.xlsx")
    assert book.sheetnames == ["Fiche (nl)", "Gegevens (nl)", "Fiche (fr)", "Données (fr)", "Card (en)", "Data (en)"]
    card = {row[0]: row[1] for row in book["Fiche (fr)"].iter_rows(values_only=True)}
    assert card["Titre"] == "Imagerie médicale" and card["Version"] == exports.parent.name
    assert book["Fiche (fr)"]["B1"].value.startswith("Données de démonstration synthétiques")

    sheet = book["Gegevens (nl)"]
    assert sheet.freeze_panes == "E2" and sheet.auto_filter.ref == f"A1:K{sheet.max_row}"
    header, *rows = sheet.iter_rows(values_only=True)
    assert header[:5] == ("Jaar", "Niveau", "Code", "Naam", "Leeftijdscategorie per 10 jaar")
    with duckdb.connect(str(exports.parent / "atlas.duckdb"), read_only=True) as atlas:
        expected = atlas.execute(
            f"""select reference_year, level.label_nl, geo_code, unit.name_nl, age.label_nl, numerator, denominator, value, lower_95, upper_95, status
            from cube_013_007 inner join geo_level as level using (geo_level) inner join geographic_unit as unit using (geo_level, geo_code)
            inner join {AGE} as age using ({AGE})
            where reference_year > 2010 + 4 order by reference_year, geo_level, geo_code, {AGE}"""
        ).fetchall()
    assert len(rows) == len(expected) == 5 * 9
    labels = {"published": "gepubliceerd", "small_cell": "kleine cel"}
    for found, row in zip(rows, expected, strict=True):
        *texts, status = row
        marked = ["n.g." if value is None and status == "small_cell" else value for value in texts]
        assert list(found) == [*marked, labels[status]]
    hidden = [row for row in book["Data (en)"].iter_rows(values_only=True, min_row=2) if row[-1] == "small cell"]
    assert {row[5:10] for row in hidden} == {("n.p.",) * 5}
    assert sheet["C2"].value == "21000" and isinstance(sheet["C2"].value, str)  # a code keeps its zeros


def test_no_text_of_a_workbook_is_a_formula_and_hospitals_have_names(exports):
    openpyxl = pytest.importorskip("openpyxl", reason="needs the package openpyxl")
    for path in sorted((exports / "excel").glob("*.xlsx")):
        for sheet in openpyxl.load_workbook(path):
            assert not [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.data_type == "f"], path
    book = openpyxl.load_workbook(exports / "excel" / "stat_013_008.xlsx")
    assert "=1+1 Volume" in {cell.value for cell in book["Card (en)"]["B"]}
    assert {row[-1] for row in book["Data (en)"].iter_rows(values_only=True, min_row=2)} >= {"empty"}
    names = {row[3] for row in openpyxl.load_workbook(exports / "excel" / "cube_007_005b.xlsx")["Data (en)"].values}
    assert names == {"Name", "710000", "710001", "710002"}


def test_a_statistic_without_a_published_year_is_in_every_file(tmp_path):
    openpyxl = pytest.importorskip("openpyxl", reason="needs the package openpyxl")
    release_fixture.make_warehouse(tmp_path / "output")
    with duckdb.connect(str(tmp_path / "output" / "warehouse.duckdb")) as connection:
        connection.execute("delete from marts.cube_013_007")
    exports = publish(tmp_path / "output") / "exports"
    assert rows_of(exports / "csv" / "cube_013_007.csv") == rows_of(exports / "sdmx" / "cube_013_007.csv") == []
    book = openpyxl.load_workbook(exports / "excel" / "cube_013_007.xlsx")
    assert [row[0] for row in book["Data (en)"].iter_rows(values_only=True)] == ["Year"]
    assert json.loads((exports / "jsonstat" / "cube_013_007.json").read_text(encoding="utf-8"))["value"] == []
    assert "the years –, without" in next(row[1] for row in book["Card (en)"].values if row[0] == "How to read")


def test_a_language_that_the_list_of_the_eu_lacks_stops_the_catalogue(tmp_path):
    edition = SimpleNamespace(languages=["nl", "tlh"], publication=SimpleNamespace(files_url=lambda version: version))
    with pytest.raises(AtlasError, match="cannot name the language tlh"):
        catalogue.catalogue(None, tmp_path, {"version": "1"}, [], {}, edition)
