"""The short comments of published tables: descriptions of models and columns are what the cards say, and no longer than a comment."""

import json

import pytest

from atlas import comments


@pytest.fixture(scope="module")
def manifest(masked) -> dict:
    """Of the masked build."""
    return json.loads((masked.output / "target" / "manifest.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def marts(manifest) -> dict[str, dict]:
    """The published statistics: every model of the schema marts, by name."""
    return {
        node["name"]: node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == "marts"
    }


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
