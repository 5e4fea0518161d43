"""The exported files say what the tables say, to readers that the project did not write."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import duckdb
import pytest
import release_fixture

from atlas import publish as publishing
from atlas.settings import read_settings


@pytest.fixture(autouse=True, scope="module")
def _fast_release():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        release_fixture.small_site(patch.setattr)
        yield


def publish(output: Path) -> Path:
    """Publishes the warehouse of the directory. Returns the folder of the exports."""
    publishing.publish(read_settings({"ATLAS_OUTPUT_DIR": str(output)}))
    return (output / "exports").resolve()


@pytest.fixture(scope="module")
def exports(tmp_path_factory) -> Path:
    """The exports of the hand-made warehouse. Read only."""
    output = tmp_path_factory.mktemp("exports") / "output"
    release_fixture.make_warehouse(output)
    return publish(output)


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


@pytest.mark.parametrize("only_merges", [False, True])
def test_a_store_that_loads_two_releases_holds_no_number_that_the_second_one_suppresses(tmp_path, only_merges):
    release_fixture.make_warehouse(tmp_path / "output")
    store: dict[tuple, dict[str, str]] = {}
    tables = [f"sdmx/{table}.csv" for table in release_fixture.STATISTICS]
    first = publish(tmp_path / "output")
    for table in tables:
        load(store, first / table, only_merges=only_merges)
    shown = {key for key, values in store.items() if numbers(values)}
    with duckdb.connect(str(tmp_path / "output" / "warehouse.duckdb")) as connection:
        hidden = (
            "set numerator = null, denominator = null, value = null, lower_95 = null, upper_95 = null, "
            "status = 'small_cell'"
        )
        connection.execute(f"update marts.cube_013_007 {hidden} where reference_year = 2010 and geo_level = 'country'")
        connection.execute("update marts.cube_013_007 set numerator = null where reference_year = 2011")
        connection.execute("delete from marts.cube_007_005b where geo_code = '710002'")
    second = publish(tmp_path / "output")
    for table in tables:
        load(store, second / table, only_merges=only_merges)

    now_hidden = {key: values for key, values in store.items() if values["OBS_STATUS"] == "Q"}
    assert len(set(now_hidden) & shown) == 3  # the three age categories of the country
    assert [key for key, values in now_hidden.items() if numbers(values)] == []
    assert all(values["CONF_STATUS"] == "C" and values["OBS_VALUE"] == "NaN" for values in now_hidden.values())
    in_2011 = [values for key, values in store.items() if "CUBE_013_007" in key[0] and "2011" in key]
    assert in_2011 and not any("NUMERATOR" in numbers(values) for values in in_2011)

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


def test_a_further_language_reaches_sdmx_without_a_change_of_the_code(tmp_path):
    release_fixture.make_warehouse(tmp_path / "output")
    with duckdb.connect(str(tmp_path / "output" / "warehouse.duckdb")) as connection:
        for table in ("geo_level", "age_category", "procedure_type", "unit_measure"):
            connection.execute(f"alter table reference.{table} add column label_de text default 'auf Deutsch'")
        connection.execute(
            "insert into reference.statistic values ('cube_013_007', 'de', 'Bildgebung', 'Anteil.', 'a card')"
        )
    text = (publish(tmp_path / "output") / "sdmx" / "structure.xml").read_text(encoding="utf-8")
    assert '<com:Name xml:lang="de">auf Deutsch</com:Name>' in text
    assert '<com:Name xml:lang="de">Bildgebung</com:Name>' in text
    assert '<com:Name xml:lang="de">België / Belgique</com:Name>' in text  # no official name in this language


# One long table, keys, and the metadata of Parquet files.


def test_observation_holds_every_row_of_every_statistic_once(exports):
    with duckdb.connect(str(exports.parent / "atlas.duckdb"), read_only=True) as atlas:
        columns = [row[0] for row in atlas.execute("describe observation").fetchall()]
        assert columns == [
            *("statistic", "reference_year", "geo_level", "geo_code", "procedure_type", "age_category"),
            *("numerator", "denominator", "value", "lower_95", "upper_95", "status"),
        ]
        found = atlas.execute("from observation").fetchall()
        expected = []
        for table, statistic in sorted(release_fixture.STATISTICS.items()):
            filters = {name: f"'total' as {name}" for name in ("procedure_type", "age_category")}
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
            for name in {"age_category", "procedure_type", "geo_level"} & set(columns):
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
