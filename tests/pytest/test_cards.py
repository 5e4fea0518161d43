"""The metadata cards: the committed page is what the seeds say, every mart has its card, and the data tests on cards bite."""

from __future__ import annotations

import csv
import re
import shutil
import sys
from pathlib import Path

import pytest

PROJECT_DIR = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT_DIR))

from atlas import cards
from dbt_runs import PARSED

SDMX_ID = re.compile(r"[A-Za-z0-9_@$-]+")


@pytest.fixture(scope="module")
def manifest() -> dict:
    """What dbt knows of the project, as its manifest.json says it."""
    return PARSED.manifest().writable_manifest().to_dict(omit_none=False)


@pytest.fixture(scope="module")
def marts(manifest) -> dict[str, dict]:
    """The published statistics: every model of the schema marts, by name."""
    return {
        node["name"]: node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == "marts"
    }


@pytest.fixture(scope="module")
def models() -> cards.CardModels:
    return cards.CardModels()


@pytest.fixture
def project(tmp_path) -> Path:
    """A copy of the parts of the project that make the cards, for a test to damage."""
    for folder in (
        "models/intermediate/cards",
        "models/marts/reference",
        "seeds/statistics",
        "seeds/nomenclature",
        "macros",
        "tests/data",
    ):
        shutil.copytree(PROJECT_DIR / folder, tmp_path / folder)
    shutil.copy(PROJECT_DIR / "dbt_project.yml", tmp_path)
    return tmp_path


def failures(project: Path, test: str, graph_nodes: dict | None = None) -> list[dict]:
    """Runs one data test of the project on its seeds. Returns the failing rows; graph_nodes stand for the marts that dbt knows."""
    models = cards.CardModels(project)
    if graph_nodes is not None:
        models.jinja.globals.update(execute=True, graph={"nodes": graph_nodes})
    return models.rows(models.rendered((project / f"tests/data/{test}.sql").read_text()))


def edit(project: Path, seed: str, change) -> None:
    """Rewrites a seed: `change` gets each row as a dictionary and returns it, changed or not, or None to drop it."""
    path = next(project.glob(f"seeds/**/{seed}.csv"))
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    kept = [row for row in (change(dict(row)) for row in rows) if row is not None]
    assert kept != rows, "the damage must change something"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(kept)


def dropping(**where):
    """Returns a change for `edit` that drops the rows with these values."""
    return lambda row: None if all(row[column] == value for column, value in where.items()) else row


def setting(column: str, new: str, **where):
    """Returns a change for `edit` that gives `column` a new value in the rows with these values."""
    return lambda row: {**row, column: new} if all(row[key] == value for key, value in where.items()) else row


# --- the documentation site


def test_committed_page_is_what_the_seeds_say(models):
    assert (PROJECT_DIR / cards.CARDS_FILE).read_text(encoding="utf-8") == cards.cards_page(models), (
        "run `python -m atlas.cards`"
    )


def test_description_of_every_mart_is_its_card(marts):
    assert marts, "no mart was found"
    for code, node in marts.items():
        for heading in ("## English", "## Nederlands", "## Français", f"{code}_At"):
            assert heading in node["description"], f"{code}: the description lacks {heading}"


def test_every_mart_declares_a_statistic(marts):
    assert [code for code, node in marts.items() if not node["config"]["meta"].get("statistic")] == []


def test_columns_described_are_the_columns_of_the_contract(models, marts):
    models.table("statistic_column")
    for code, node in marts.items():
        rows = models.rows(f"select * from statistic_column where code = '{code}' order by position, language")
        assert [row["column_name"] for row in rows if row["language"] == "en"] == list(node["columns"]), code
        for row in rows:
            described = node["columns"][row["column_name"]]["description"]
            assert row["description"] in described, (
                f"{code}.{row['column_name']}: the description is not that of the card"
            )


# --- the data tests on sound seeds, and on seeds damaged one way each


@pytest.mark.parametrize(
    "test", ["card_is_complete", "card_part_is_known", "card_relation_is_known", "card_code_list_is_complete"]
)
def test_sound_seeds_pass(project, test):
    assert failures(project, test) == []


def test_cards_and_marts_agree(project, marts):
    assert failures(project, "card_and_mart_agree", marts) == []


@pytest.mark.parametrize(
    ("test", "seed", "change", "reason"),
    [
        ("card_is_complete", "card_statistic", setting("title_fr", "", code="cube_013_007"), "empty"),
        ("card_is_complete", "card_statistic", setting("metadata_updated", "", code="cube_013_007"), "empty"),
        ("card_is_complete", "card_statistic", setting("publication_date", "", code="cube_013_007"), "empty"),
        ("card_is_complete", "card_measure", dropping(measure="volume", language="fr"), "empty"),
        ("card_is_complete", "card_variable", dropping(variable="IMAG_CT_N", language="nl"), "empty"),
        ("card_is_complete", "card_phrase", dropping(phrase="update_frequency", language="en"), "empty"),
        (
            "card_is_complete",
            "card_phrase",
            dropping(phrase="language_name", language="fr"),
            "no row in table statistic",
        ),
        (
            "card_is_complete",
            "card_remark",
            setting("remark_text", "After {no_such} days.", remark="AGE"),
            "placeholder left",
        ),
        ("card_is_complete", "card_column", setting("description", "", column_name="value", language="nl"), "empty"),
        ("card_is_complete", "card_remark_scope", lambda row: {**row, "scope_value": "nothing"}, "no remark"),
        ("card_part_is_known", "card_remark", dropping(remark="ABROAD", language="nl"), "remark missing in a language"),
        (
            "card_part_is_known",
            "card_remark_scope",
            setting("scope_value", "no_such", remark="AGE"),
            "remark stands on no card",
        ),
        ("card_part_is_known", "card_statistic", setting("keywords", "no_such", code="cube_013_007"), "has no label"),
        ("card_part_is_known", "card_statistic", setting("keywords", "a;b;c;d", code="cube_013_007"), "at most three"),
        ("card_part_is_known", "card_label", setting("label_fr", "", code="country"), "label missing in a language"),
        (
            "card_part_is_known",
            "card_phrase",
            dropping(phrase="heading_coding", language="nl"),
            "phrase missing in a language",
        ),
        ("card_relation_is_known", "card_not_built", dropping(code="cube_007_003a"), "neither a card nor"),
        (
            "card_relation_is_known",
            "card_not_built",
            setting("code", "cube_007_005b", code="cube_007_003a"),
            "related code is built",
        ),
        (
            "card_relation_is_known",
            "card_relation",
            setting("related_code", "cube_999", code="cube_013_007"),
            "neither a card nor",
        ),
        ("card_code_list_is_complete", "card_label", dropping(code="IMAG_CT"), "without a label"),
        (
            "card_code_list_is_complete",
            "code_list_member",
            setting("evidence", "", list_code="IMAG_CT"),
            "code without evidence",
        ),
        ("card_code_list_is_complete", "imaging_variable", dropping(variable="IMAG_CT_N"), "no code list"),
    ],
)
def test_damaged_seed_is_found(project, test, seed, change, reason):
    edit(project, seed, change)
    assert any(reason in row["failure_reason"] for row in failures(project, test))


@pytest.mark.parametrize(
    ("column", "wrong"),
    [
        ("family", "perinatal"),
        ("measure", "volume"),
        ("variable", "IMAG_CT_N"),
        ("per", "1000"),
        ("filters", ""),
        ("smallest_level", "region"),
        ("first_year", "2014"),
    ],
)
def test_card_that_contradicts_its_mart_is_found(project, marts, column, wrong):
    edit(project, "card_statistic", setting(column, wrong, code="cube_013_007"))
    assert [row["code"] for row in failures(project, "card_and_mart_agree", marts)] == ["cube_013_007"]


def test_mart_without_card_and_card_without_mart_are_found(project, marts):
    edit(project, "card_statistic", dropping(code="cube_013_007"))
    others = {code: node for code, node in marts.items() if code != "stat_013_014"}
    found = {row["code"]: row["failure_reason"] for row in failures(project, "card_and_mart_agree", others)}
    assert set(found) == {"cube_013_007", "stat_013_014"}
    assert "no card" in found["cube_013_007"] and "no mart" in found["stat_013_014"]


# --- what the cards say


def test_sentences_take_their_numbers_from_the_rules(project):
    edit(project, "procedure_type", setting("window_days", "17", procedure_type="cardiotocography"))
    models = cards.CardModels(project)
    models.variables.update(delivery_gap_days=31, small_cell_threshold=7)
    models.table("statistic"), models.table("statistic_remark")
    for language in cards.LANGUAGES:
        card = f"code = 'cube_007_005a' and language = '{language}'"
        description = models.rows(f"select description from statistic where {card}")[0]["description"]
        remarks = {
            row["remark_code"]: row["remark"] for row in models.rows(f"select * from statistic_remark where {card}")
        }
        assert " 17 " in description and " 15 " not in description
        assert (
            " 17 " in remarks["PRENATAL_WINDOW"]
            and " 31 " in remarks["DELIVERY_GAP"]
            and " 7 " in remarks["SMALL_CELLS"]
        )


def test_citation_is_that_of_the_card_until_a_release_has_a_date(project):
    models = cards.CardModels(project)
    models.table("statistic")
    citation = "select recommended_reference as it from statistic where code = 'cube_013_007' and language = 'en'"
    assert (
        models.rows(citation)[0]["it"] == "IMA_AIM (17/11/2025), cube_013_007, Atlas IMA_AIM (accessed on dd/mm/yyyy)"
    )
    models = cards.CardModels(project)
    models.variables["publication_date"] = "2026-12-05"
    models.table("statistic")
    assert models.rows(citation)[0]["it"].startswith("IMA_AIM (05/12/2026), cube_013_007,")


def test_age_categories_have_the_codes_of_sdmx(models):
    rows = models.rows(f"select scheme, sdmx_code from {models.table('dim_age_category')} order by scheme, sort_order")
    codes = {
        scheme: [row["sdmx_code"] for row in rows if row["scheme"] == scheme] for scheme in ("decennial", "maternal")
    }
    assert codes["decennial"] == [f"Y{age}T{age + 9}" for age in range(0, 90, 10)] + ["Y_GE90", "_T"]
    assert codes["maternal"] == ["Y_LT20", "Y20T24", "Y25T29", "Y30T34", "Y35T39", "Y_GE40", "_T"]


@pytest.mark.parametrize(
    ("dimension", "key", "code_columns"),
    [
        ("dim_age_category", "scheme", ["sdmx_code"]),
        ("dim_procedure_type", "'all'", ["sdmx_code"]),
        ("dim_increased_reimbursement", "'all'", ["sdmx_code"]),
        ("dim_geo_level", "'all'", ["sdmx_code"]),
        ("dim_observation_status", "status", ["sdmx_obs_status", "sdmx_conf_status"]),
    ],
)
def test_dimensions_have_labels_and_codes(models, dimension, key, code_columns):
    rows = models.rows(f"select *, {key} as code_space from {models.table(dimension)}")
    for row in rows:
        assert all(row[f"label_{language}"] for language in cards.LANGUAGES), row
        assert all(SDMX_ID.fullmatch(row[column]) for column in code_columns), row
    assert len({(row["code_space"], *(row[column] for column in code_columns)) for row in rows}) == len(rows)
