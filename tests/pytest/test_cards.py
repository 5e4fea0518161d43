"""The metadata cards and declarations, read from a built warehouse. The data tests on them are shown damages in test_data_tests.py."""

from __future__ import annotations

import json
import re
import shutil

import duckdb
import pytest
from dbt_runs import run_dbt

from atlas import comments

LANGUAGES = ("nl", "fr", "en")
SDMX_ID = re.compile(r"[A-Za-z0-9_@$-]+")


def rows(atlas, sql: str) -> list[dict]:
    """The rows of a query on the warehouse, as dictionaries."""
    with duckdb.connect(str(atlas.warehouse), read_only=True) as connection:
        cursor = connection.execute(sql)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=False)) for row in cursor.fetchall()]


@pytest.fixture(scope="module")
def manifest(masked) -> dict:
    """What dbt wrote about the project when it built it."""
    return json.loads((masked.output / "target" / "manifest.json").read_text())


@pytest.fixture(scope="module")
def declared(manifest) -> dict[str, dict]:
    """What every mart declares, from the manifest of the build."""
    models = [
        node for node in manifest["nodes"].values() if node["resource_type"] == "model" and node["schema"] == "marts"
    ]
    return {node["name"]: {**node["config"]["meta"]["statistic"], "columns": list(node["columns"])} for node in models}


def test_description_of_every_mart_is_title_and_first_sentence_of_its_card(masked, manifest):
    cards = masked.query("select code, title, description from reference.statistic where language = 'en'")
    described = {
        node["name"]: node["description"]
        for node in manifest["nodes"].values()
        if node["name"] in {code for code, *_ in cards}
    }
    assert described == {code: comments.table_comment(*card) for code, *card in cards}


def test_no_description_of_a_published_table_is_longer_than_a_comment(manifest):
    public = [node for node in manifest["nodes"].values() if node.get("access") == "public"]
    assert len(public) > 30
    texts = {(node["name"], ""): node["description"] for node in public}
    texts |= {
        (node["name"], name): column["description"] for node in public for name, column in node["columns"].items()
    }
    assert [place for place, text in texts.items() if not 0 < len(text) <= comments.LONGEST] == []


def test_table_statistic_has_the_declarations_of_the_marts(masked, declared):
    for language in LANGUAGES:
        cards = {
            row["code"]: row for row in rows(masked, f"select * from reference.statistic where language = '{language}'")
        }
        assert set(cards) == set(declared)
        for code, statistic in declared.items():
            card = cards[code]
            for name in ("family", "measure", "variable", "per", "smallest_level", "basis"):
                assert card[name] == statistic[name], (code, name)
            assert (card["filters"] or "") == ";".join(statistic["filters"])
            assert card["available_since"] == statistic["first_year"]


@pytest.mark.parametrize(
    ("code", "properties"),
    [
        (
            "cube_013_003",
            {"per": 100, "filters": ["age_category"], "smallest_level": "municipality", "first_year": 2015},
        ),
        ("stat_013_004", {"per": 1000, "filters": [], "smallest_level": "statistical_sector", "first_year": 2006}),
        (
            "cube_007_005a",
            {
                "per": 1,
                "filters": ["age_category", "increased_reimbursement", "procedure_type"],
                "smallest_level": "municipality",
                "first_year": 2006,
            },
        ),
        (
            "cube_007_005b",
            {"per": 1, "filters": ["procedure_type"], "smallest_level": "hospital", "first_year": 2006},
        ),
        (
            "cube_007_001a_denom",
            {
                "per": None,
                "filters": ["age_category", "increased_reimbursement"],
                "smallest_level": "municipality",
                "first_year": 2006,
            },
        ),
        ("cube_007_006b", {"per": 100, "filters": [], "smallest_level": "hospital", "first_year": 2006}),
    ],
)
def test_properties_follow_from_kind_variable_measure_and_place(declared, code, properties):
    assert {name: declared[code][name] for name in properties} == properties


def test_described_columns_are_the_columns_of_the_contract(masked, declared):
    for code, statistic in declared.items():
        described = rows(
            masked,
            f"select column_name from reference.statistic_column where code = '{code}' and language = 'en' order by position",
        )
        assert [row["column_name"] for row in described] == statistic["columns"], code


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("'table', variable='IMAG_CT_N', measure='share'", "neither cube nor stat"),
        ("'cube', variable='IMAG_XX_N', measure='share'", "there is no variable 'IMAG_XX_N'"),
        ("'cube', variable='IMAG_CT_N', measure='median'", "no measure 'median'"),
        ("'cube', variable='IMAG_CT_N', measure='mean'", "no measure 'mean' of the variable 'IMAG_CT_N'"),
        ("'cube', variable='IMAG_CT_N', measure='share', place='hospital'", "no statistics by hospital"),
        ("'cube', variable='IMAG_CT_N', measure='share', basis='guess'", "neither card nor pattern"),
    ],
)
def test_impossible_declaration_is_refused(masked, tmp_path, call, message):
    # what the build has parsed spares another parse
    shutil.copy(masked.output / "target" / "partial_parse.msgpack", tmp_path)
    target = {"DBT_TARGET_PATH": str(tmp_path)}
    inline = "{{ statistic_table(" + call + ") }}"
    run = run_dbt(masked.source, masked.output, "compile", "--inline", inline, environment=target)
    assert not run.ok
    assert message in run.log


def test_sentences_contain_the_numbers_of_the_rules(masked):
    windows = {
        row["procedure_type"]: row["window_days"]
        for row in rows(masked, "select procedure_type, window_days from seed.procedure_type")
    }
    for language in LANGUAGES:
        card = f"code = 'cube_007_005a' and language = '{language}'"
        description = rows(masked, f"select description from reference.statistic where {card}")[0]["description"]
        remarks = {
            row["remark_code"]: row["remark"]
            for row in rows(masked, f"select * from reference.statistic_remark where {card}")
        }
        assert f" {windows['cardiotocography']} " in description
        assert f" {windows['ultrasound']} " in remarks["PRENATAL_WINDOW"]
        assert " 30 " in remarks["DELIVERY_GAP"] and " 5 " in remarks["SMALL_CELLS"]


def test_citation_has_the_date_of_the_card_without_a_publication_date(masked):
    citation = (
        "select recommended_reference as it from reference.statistic where code = 'cube_013_007' and language = 'en'"
    )
    expected = "IMA_AIM (17/11/2025), cube_013_007, Atlas IMA_AIM (accessed on dd/mm/yyyy)"
    assert rows(masked, citation)[0]["it"] == expected


def test_age_categories_have_the_codes_of_sdmx(masked):
    found = rows(masked, "select scheme, sdmx_code from reference.age_category order by scheme, sort_order")
    codes = {
        scheme: [row["sdmx_code"] for row in found if row["scheme"] == scheme] for scheme in ("decennial", "maternal")
    }
    assert codes["decennial"] == [f"Y{age}T{age + 9}" for age in range(0, 90, 10)] + ["Y_GE90", "_T"]
    assert codes["maternal"] == ["Y_LT20", "Y20T24", "Y25T29", "Y30T34", "Y35T39", "Y_GE40", "_T"]


@pytest.mark.parametrize(
    ("dimension", "key", "code_columns"),
    [
        ("age_category", "scheme", ["sdmx_code"]),
        ("procedure_type", "'all'", ["sdmx_code"]),
        ("increased_reimbursement", "'all'", ["sdmx_code"]),
        ("geo_level", "'all'", ["sdmx_code"]),
        ("unit_measure", "'all'", ["sdmx_code"]),
        ("observation_status", "status", ["sdmx_obs_status", "sdmx_conf_status"]),
    ],
)
def test_dimensions_have_labels_and_codes(masked, dimension, key, code_columns):
    found = rows(masked, f"select *, {key} as code_space from reference.{dimension}")
    assert found
    for row in found:
        assert all(row[f"label_{language}"] for language in LANGUAGES), row
        assert all(SDMX_ID.fullmatch(row[column]) for column in code_columns), row
    assert len({(row["code_space"], *(row[column] for column in code_columns)) for row in found}) == len(found)
