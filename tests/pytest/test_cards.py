"""The metadata cards: descriptions of the marts are what the cards say, and the data tests on cards find damaged seeds.

The cards are composed in SQL from the seeds. These tests change a seed in a copy of the small warehouse, run the SQL of the card models again as
dbt compiled it, and then the SQL of a data test.
"""

from __future__ import annotations

import json
import re
import shutil

import duckdb
import pytest
from dbt_runs import run_dbt
from oracle import AGE, TYPE, table_filters

from atlas import comments

SDMX_ID = re.compile(r"[A-Za-z0-9_@$-]+")
LANGUAGES = ("nl", "fr", "en")
FILTERS = sorted({name for filters in table_filters().values() for name in filters})


def read_manifest(atlas) -> dict:
    """What dbt wrote about the project when it built or compiled it."""
    return json.loads((atlas.output / "target" / "manifest.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def manifest(masked) -> dict:
    """Of the masked build, with compiled SQL."""
    return read_manifest(masked)


@pytest.fixture(scope="module")
def marts(manifest) -> dict[str, dict]:
    """The published statistics: every model of the schema marts, by name."""
    return {
        node["name"]: node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == "marts"
    }


class Cards:
    """The seeds and card models in a copy of the warehouse, and the SQL that dbt compiled for them."""

    def __init__(self, connection, manifest: dict) -> None:
        self.connection = connection
        self.nodes = manifest["nodes"]

    def rows(self, query: str) -> list[dict]:
        """The rows of a query, each as {column: value}."""
        cursor = self.connection.execute(query)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def make_again(self, nodes: dict | None = None) -> None:
        """Computes the card models again from the seeds, parents first, as dbt compiled them (or as another manifest's nodes say)."""
        nodes = nodes or self.nodes
        made: set[str] = set()

        def make(key: str) -> None:
            node = nodes[key]
            if key in made or node["resource_type"] != "model":
                return
            for parent in node["depends_on"]["nodes"]:
                make(parent)
            made.add(key)
            if node["config"]["materialized"] != "view":
                self.connection.execute(f"create or replace table {node['relation_name']} as {node['compiled_code']}")

        for key in nodes:
            if re.match(r"model\.health_atlas\.(statistic|dim_)", key):
                make(key)

    def failures(self, test: str) -> list[dict]:
        """The failing rows of a data test."""
        return self.rows(self.nodes[f"test.health_atlas.{test}"]["compiled_code"])


@pytest.fixture(scope="module")
def copied_warehouse(masked, tmp_path_factory):
    """A connection to a copy of the masked warehouse."""
    copy = shutil.copy(masked.warehouse, tmp_path_factory.mktemp("cards") / "warehouse.duckdb")
    with duckdb.connect(str(copy)) as connection:
        yield connection


@pytest.fixture
def cards(copied_warehouse, manifest):
    """The cards, for a test to damage: what it changes is rolled back."""
    copied_warehouse.begin()
    yield Cards(copied_warehouse, manifest)
    copied_warehouse.rollback()


def condition(where: dict) -> str:
    """SQL for the rows with these values."""
    return " and ".join([f"{column} = '{value}'" for column, value in where.items()] or ["true"])


def dropping(**where):
    """A change of a seed that drops the rows with these values."""
    return lambda seed: f"delete from seed.{seed} where {condition(where)}"


def setting(column: str, new: str, **where):
    """A change of a seed that gives `column` a new value (empty: null) in the rows with these values."""
    return lambda seed: f"update seed.{seed} set {column} = nullif('{new}', '') where {condition(where)}"


def edit(cards: Cards, seed: str, change) -> None:
    """Changes a seed and everything that is made of it. The change must change something."""
    assert cards.connection.execute(change(seed)).fetchone()[0] > 0
    cards.make_again()


# --- the descriptions


def test_description_of_every_mart_is_title_and_first_sentence_of_its_card(masked, marts):
    cards = masked.query("select code, title, description from reference.statistic where language = 'en'")
    assert {code: node["description"] for code, node in marts.items()} == {
        code: comments.table_comment(*card) for code, *card in cards
    }


def test_no_description_of_a_published_table_is_longer_than_a_comment(manifest):
    published = [node for node in manifest["nodes"].values() if node.get("access") == "public"]
    assert len(published) > 30
    texts = {(node["name"], ""): node["description"] for node in published}
    texts |= {
        (node["name"], name): column["description"] for node in published for name, column in node["columns"].items()
    }
    assert [place for place, text in texts.items() if not 0 < len(text) <= comments.LONGEST] == []


def test_doc_blocks_of_shared_columns_say_what_the_cards_say(manifest, masked):
    blocks = {
        key.removeprefix("doc.health_atlas.column_"): block["block_contents"].strip()
        for key, block in manifest["docs"].items()
        if block["path"] == "docs/statistic_columns.md"
    }
    said: dict[str, set] = {}
    for column, text in masked.query(
        "select column_name, description from reference.statistic_column where language = 'en'"
    ):
        said.setdefault(column, set()).add(comments.first_sentence(text))
    assert blocks and {name: {text} for name, text in blocks.items()} == {name: said[name] for name in blocks}


def test_every_mart_declares_a_statistic(marts):
    assert [code for code, node in marts.items() if not node["config"]["meta"].get("statistic")] == []


def test_columns_of_the_cards_are_the_columns_of_the_contract(masked, marts):
    for code, node in marts.items():
        described = masked.query(
            f"select column_name from reference.statistic_column where code = '{code}' and language = 'en' order by position"
        )
        assert [column for (column,) in described] == list(node["columns"]), code


# --- the data tests on sound seeds, and on seeds damaged one way each


CARD_TESTS = [
    "assert_cards_are_complete",
    "assert_texts_are_complete",
    "assert_related_statistics_have_titles",
    "assert_code_lists_have_evidence_and_labels",
]


@pytest.mark.parametrize("test", CARD_TESTS)
def test_sound_seeds_pass(cards, test):
    cards.make_again()
    assert cards.failures(test) == []


@pytest.mark.parametrize(
    ("test", "seed", "change", "reason"),
    [
        (CARD_TESTS[0], "text", setting("text", "", topic="title", key="cube_013_007", language="fr"), "empty"),
        (CARD_TESTS[0], "text", dropping(topic="measure_coding", key="imaging.volume", language="fr"), "empty"),
        (CARD_TESTS[0], "text", dropping(topic="variable_number_of", key="IMAG_CT_N", language="nl"), "empty"),
        (CARD_TESTS[0], "text", dropping(topic="phrase", key="update_frequency", language="en"), "empty"),
        (CARD_TESTS[0], "text", dropping(topic="column", key="value", language="nl"), "empty"),
        (CARD_TESTS[0], "text", setting("text", "After {no_such} days.", topic="remark", key="AGE"), "unfilled"),
        (CARD_TESTS[0], "text", dropping(language="fr"), "no row in table statistic"),
        (CARD_TESTS[0], "sdmx_code", dropping(topic="unit_measure", key="share"), "empty"),
        (CARD_TESTS[0], "remark_scope", setting("scope_value", "nothing"), "without a remark"),
        (CARD_TESTS[1], "text", dropping(topic="remark", key="ABROAD", language="nl"), "missing or duplicate"),
        (CARD_TESTS[1], "text", setting("text", "", topic="geo_level", key="country", language="fr"), "missing or"),
        (CARD_TESTS[1], "text", setting("language", "de", topic="phrase", key="and", language="nl"), "missing or"),
        (CARD_TESTS[1], "text", dropping(topic="remark", key="AGE"), "remark without a text"),
        (CARD_TESTS[1], "text", dropping(topic="keyword"), "keyword without a label"),
        (CARD_TESTS[1], "remark_scope", setting("scope_value", "no_such", remark="AGE"), "remark on no card"),
        (CARD_TESTS[2], "text", dropping(topic="title", key="cube_007_003a", language="fr"), "no title in a language"),
        (CARD_TESTS[3], "text", dropping(topic="code_list", key="IMAG_CT"), "without a label"),
        (CARD_TESTS[3], "code_list_member", setting("evidence", "", list_code="IMAG_CT"), "without evidence"),
        (CARD_TESTS[3], "code_list_member", dropping(list_code="IMAG_CT"), "without a code list"),
    ],
)
def test_damaged_seed_is_found(cards, test, seed, change, reason):
    edit(cards, seed, change)
    assert any(reason in row["failure_reason"] for row in cards.failures(test))


# --- the declarations


@pytest.mark.parametrize(
    ("code", "per", "smallest_level", "first_year"),
    [
        ("cube_013_003", 100, "municipality", 2015),
        ("stat_013_004", 1000, "statistical_sector", 2006),
        ("cube_007_005a", 1, "municipality", 2006),
        ("cube_007_005b", 1, "hospital", 2006),
        ("cube_007_001a_denom", None, "municipality", 2006),
        ("cube_007_006b", 100, "hospital", 2006),
    ],
)
def test_properties_follow_from_kind_variable_measure_and_place(marts, code, per, smallest_level, first_year):
    declared = marts[code]["config"]["meta"]["statistic"]
    assert declared["per"] == per
    assert tuple(declared["filters"]) == table_filters()[code]
    assert declared["smallest_level"] == smallest_level
    assert declared["first_year"] == first_year


def test_table_statistic_has_the_declarations_of_the_marts(masked, marts):
    declared = {
        (code, node["config"]["meta"]["statistic"]["variable"], node["config"]["meta"]["statistic"]["first_year"])
        for code, node in marts.items()
    }
    assert declared == set(masked.query("select distinct code, variable, available_since from reference.statistic"))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("statistic_table('table', variable='IMAG_CT_N', measure='share')", "neither cube nor stat"),
        ("statistic_table('cube', variable='IMAG_XX_N', measure='share')", "there is no variable 'IMAG_XX_N'"),
        ("statistic_table('cube', variable='IMAG_CT_N', measure='median')", "no measure 'median'"),
        (
            "statistic_table('cube', variable='IMAG_CT_N', measure='mean')",
            "no measure 'mean' of the variable 'IMAG_CT_N'",
        ),
        (
            "statistic_table('cube', variable='IMAG_CT_N', measure='share', place='hospital')",
            "no statistics by hospital",
        ),
        (
            "statistic_table('cube', variable='IMAG_CT_N', measure='share', basis='guess')",
            "none of card, pattern, inferred and own",
        ),
        ("levels_below('street')", "there is no level of residence 'street'"),
        ("filter_of_classes('height')", "no filter has classes of 'height'"),
    ],
)
def test_wrong_argument_of_a_declaration_is_refused(masked, tmp_path, call, message):
    shutil.copy(masked.warehouse, tmp_path)
    run = run_dbt(masked.source, tmp_path, "compile", "--inline", "{{ " + call + " }}")
    assert not run.ok
    assert message in run.log


# --- what the cards say


@pytest.fixture(scope="module")
def other_variables(masked, tmp_path_factory) -> dict:
    """The nodes of the project as dbt compiles them with other variables."""
    variables = {"delivery_gap_days": 31, "small_cell_threshold": 7, "publication_date": "2026-12-05"}
    output = tmp_path_factory.mktemp("compiled")
    shutil.copy(masked.warehouse, output)
    compiled = run_dbt(
        masked.source,
        output,
        *("compile", "--select", "+statistic", "+statistic_remark"),
        variables=variables,
        artifacts=True,
    )
    assert compiled.ok, compiled.log[-3000:]
    return {
        key: node
        for key, node in read_manifest(compiled)["nodes"].items()
        if node["resource_type"] == "seed" or node.get("compiled_code")
    }


def test_sentences_take_their_numbers_from_the_rules(cards, other_variables):
    cards.connection.execute(f"update seed.{TYPE} set window_days = 17 where {TYPE} = 'cardiotocography'")
    cards.make_again(other_variables)
    for language in LANGUAGES:
        card = f"code = 'cube_007_005a' and language = '{language}'"
        (description,) = cards.rows(f"select description from reference.statistic where {card}")
        remarks = {
            row["remark_code"]: row["remark"] for row in cards.rows(f"from reference.statistic_remark where {card}")
        }
        assert " 17 " in description["description"] and " 15 " not in description["description"]
        assert " 17 " in remarks["PRENATAL_WINDOW"]
        assert " 31 " in remarks["DELIVERY_GAP"]
        assert " 7 " in remarks["SMALL_CELLS"]


def test_the_reference_of_the_card_is_of_its_definition_and_a_build_is_not_cited(cards, other_variables):
    query = """select definition_reference, recommended_reference from reference.statistic
        where code = 'cube_013_007' and language = 'en'"""
    for _ in range(2):  # a publication date is that of the figures, never of the card
        (card,) = cards.rows(query)
        assert (
            card["definition_reference"] == "IMA_AIM (17/11/2025), cube_013_007, Atlas IMA_AIM (accessed on dd/mm/yyyy)"
        )
        assert card["recommended_reference"] == "Figures that are not released, not to be cited: table cube_013_007."
        cards.make_again(other_variables)


def test_age_categories_have_the_codes_of_sdmx(masked):
    rows = masked.query(f"select scheme, sdmx_code from reference.{AGE} order by scheme, sort_order")
    codes = {scheme: [code for other, code in rows if other == scheme] for scheme in ("decennial", "maternal", "all")}
    assert codes["decennial"] == [f"Y{age}T{age + 9}" for age in range(0, 90, 10)] + ["Y_GE90"]
    assert codes["maternal"] == ["Y_LT20", "Y20T24", "Y25T29", "Y30T34", "Y35T39", "Y_GE40"]
    assert codes["all"] == ["_T"]  # once, so that a join on the category finds one row


@pytest.mark.parametrize(
    ("dimension", "key", "code_columns"),
    [
        *((name, "'all'", ["sdmx_code"]) for name in FILTERS),
        ("geo_level", "'all'", ["sdmx_code"]),
        ("observation_status", "status", ["sdmx_obs_status", "sdmx_conf_status"]),
    ],
)
def test_dimensions_have_labels_and_codes(cards, dimension, key, code_columns):
    rows = cards.rows(f"select *, {key} as code_space from reference.{dimension}")
    for row in rows:
        assert all(row[f"label_{language}"] for language in LANGUAGES), row
        assert all(SDMX_ID.fullmatch(row[column]) for column in code_columns), row
    assert len({(row["code_space"], *(row[column] for column in code_columns)) for row in rows}) == len(rows)
