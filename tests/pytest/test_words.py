"""The linter of words (words.py): it finds what it must, and the tracked files use the terms of the glossary."""

import pytest
import words

pytestmark = pytest.mark.unit
CONTENT = words.read_list()


def found_in(text: str, file: str = "a.sql") -> list[tuple[int, str]]:
    """The uses in a text, as (line, words)."""
    return [(use.line, use.text) for use in words.uses_in(file, text, CONTENT["word"])]


@pytest.fixture(scope="module")
def uses() -> list[words.Use]:
    """The uses in all tracked files, exceptions included."""
    return words.all_uses(CONTENT)


def test_tracked_files_use_the_terms_of_the_glossary(uses):
    assert [str(use) for use in uses if not words.is_excepted(use, CONTENT)] == []


def test_every_exception_is_used(uses):
    unused = [
        (exception["file"], exception["text"])
        for exception in CONTENT["exception"]
        if not any(words.is_excepted(use, {"exception": [exception]}) for use in uses)
    ]
    assert unused == []


def test_every_unchecked_pattern_matches_a_file():
    files = words.tracked_files()
    assert [
        pattern for pattern in CONTENT["unchecked"] if not any(words.matches(file, [pattern]) for file in files)
    ] == []


@pytest.mark.parametrize(
    "text, expected",
    [
        ("select 1 -- the ROOM of the people", [(1, "room")]),
        ("a\nname: people_rooms_hold_rows", [(2, "rooms")]),
        ("told = {}", [(1, "told")]),
        ("-- a number that lies\n-- in a range", [(1, "lies in")]),
        ("def test_whatever_else_happened():", [(1, "whatever_else")]),
        ("a masked\ncell", [(1, "masked cell")]),
    ],
)
def test_a_listed_word_is_found_in_sentences_names_and_comments(text, expected):
    assert found_in(text) == expected


def test_a_listed_word_is_found_in_the_name_of_a_file():
    assert found_in("", "models/room.sql") == [(0, "room")]


@pytest.mark.parametrize(
    "text", ["recommended threshold", "hours of headroom", "a standard interval", "int_imaging_masked", "classroom"]
)
def test_a_part_of_another_word_is_not_found(text):
    assert found_in(text) == []


def test_an_exception_holds_for_its_file_and_words_only():
    exception = {"exception": [{"file": "docs/*", "text": "room", "reason": "a reason"}]}
    assert words.is_excepted(words.Use("docs/a.md", 1, "room", ""), exception)
    assert not words.is_excepted(words.Use("docs/a.md", 1, "rooms", ""), exception)
    assert not words.is_excepted(words.Use("README.md", 1, "room", ""), exception)


def test_an_exception_without_a_reason_is_refused(tmp_path):
    path = tmp_path / "words.toml"
    path.write_text(
        '[[word]]\npattern = "room"\ninstead = "layer"\n[[exception]]\nfile = "a"\ntext = "room"\nreason = " "\n'
    )
    with pytest.raises(KeyError, match="no reason"):
        words.read_list(path)
