"""How files read (CONTRIBUTING.md, Style), as far as a scan of their text can say: models, data tests, and the comments of macros."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
CTE = re.compile(r"(?ms)^(?:with )?(\w+) as \(\n(.*?)^\)")
MACRO = re.compile(r"(?s)\{%-?\s*macro (\w+)\((.*?)\)\s*-?%\}(.*?)\{%-?\s*endmacro")
DISPATCHED = ("default__", "duckdb__", "spark__")  # the comment of the macro that dispatches holds for them
# Models that read one table in a generated query of many parts.
GENERATED = {"published_stratum"}


def texts_of(*patterns: str) -> dict[str, str]:
    """Returns path -> text of the files of the project that match."""
    files = sorted(path for pattern in patterns for path in PROJECT.glob(pattern))
    return {path.relative_to(PROJECT).as_posix(): path.read_text(encoding="utf-8") for path in files}


MODELS, DATA_TESTS = texts_of("models/**/*.sql"), texts_of("tests/data/*.sql")


def without_comments(text: str) -> str:
    """Returns SQL without its comments and those of Jinja."""
    return re.sub(r"(?s)\{#.*?#\}|--[^\n]*", "", text)


def last_statement_faults(text: str) -> list[str]:
    """Returns the last line of a file that neither selects the last step nor is, as a whole, the call of a macro."""
    text = re.sub(r"\nwhere failure_reason is not null$", "", without_comments(text).strip())
    steps = [name for name, _ in CTE.findall(text)]
    last = text.splitlines()[-1]
    if last == f"select * from {steps[-1]}" if steps else last.endswith(("}}", "%}")):
        return []
    return [last]


def import_faults(text: str) -> list[str]:
    """Returns the steps that read a table after the first step that reads other steps only, or join one in the same step; and what selects all of a source."""
    text, faults, has_begun = without_comments(text), [], False
    for name, body in CTE.findall(text):
        tables = len(re.findall(r"\b(?:ref|source)\(", body))
        if tables and (has_begun or tables > 1 or re.search(r"(?<!\| )\bjoin\b", body)):
            faults.append(name)
        has_begun |= not tables and re.search(r"(?<!\| )\b(?:from|join)\b", body) is not None
    return faults + re.findall(r"select \* from \{\{ source\(", text)


def positional_faults(text: str) -> list[str]:
    """Returns groupings and orders by the number of a column."""
    return re.findall(r"(?:group|order) by \d", without_comments(text))


def macro_faults(text: str) -> list[str]:
    """Returns what the comments of macros leave out: the comment, an argument, what is returned or done, or that an error is raised."""
    head, faults = (re.match(r"(?s)\{#(.*?)#\}", text) or [""])[0], []
    for macro in MACRO.finditer(text):
        name, arguments, body = macro.groups()
        if name.startswith(DISPATCHED):
            continue
        comment = re.search(r"(?s)\{#((?:(?!#\}).)*)#\}\s*$", text[: macro.start()])
        comment = comment[1] if comment else ""
        named = re.findall(r"(?:^|,)\s*(\w+)", arguments) if "those of" not in comment else []
        faults += [f"{name}: {each}" for each in named if not re.search(rf"(?i)\b{each}\b", comment + head)]
        if "raise_compiler_error" in body and "aises" not in comment:
            faults.append(f"{name}: raises")
        if not re.search(r"Returns|[Hh]ook\b|True |Whether |SQL|The same of", comment) and " return" not in head:
            faults.append(f"{name}: returns")
    return faults


def found(check, texts: dict[str, str]) -> dict[str, list[str]]:
    """Returns path -> faults of the files that have any."""
    faults = {path: check(text) for path, text in texts.items() if Path(path).stem not in GENERATED}
    return {path: each for path, each in faults.items() if each}


def test_a_model_opens_with_what_one_row_is():
    assert [path for path, text in MODELS.items() if not text.startswith("-- One row is ")] == []


def test_models_and_data_tests_end_with_their_last_step_or_are_one_call():
    assert found(last_statement_faults, MODELS | DATA_TESTS) == {}


def test_a_model_imports_its_tables_first_and_names_the_columns_of_a_source():
    assert found(import_faults, MODELS) == {}


def test_no_column_is_named_by_its_number():
    assert found(positional_faults, MODELS | DATA_TESTS | texts_of("analyses/*.sql")) == {}


def test_a_data_test_says_what_it_asserts_and_why_a_row_fails():
    for path, text in DATA_TESTS.items():
        assert Path(path).stem.startswith("assert_") and text.startswith("-- "), path
        assert "failure_reason" in text or last_statement_faults(text) == [], path


def test_the_comment_of_a_macro_names_arguments_result_and_errors():
    assert found(macro_faults, texts_of("macros/**/*.sql")) == {}


@pytest.mark.parametrize(
    ("check", "text", "faults"),
    [
        (last_statement_faults, "with a as (\n    select 1\n)\n\nselect a from a\n", ["select a from a"]),
        (import_faults, "with a as (\n    from b\n),\n\nc as (\n    select 1 from {{ ref('d') }}\n)", ["c"]),
        (import_faults, "with a as (\n    from {{ ref('b') }} join {{ ref('c') }}\n)", ["a"]),
        (import_faults, "with a as (\n    select * from {{ source('b', 'c') }}\n)", ["select * from {{ source("]),
        (positional_faults, "select 1\ngroup by 1", ["group by 1"]),
        (
            macro_faults,
            "{# Head. #}\n\n{# Returns: text. #}\n{% macro c() %}{% endmacro %}\n{% macro a(b) %}{% do exceptions.raise_compiler_error(b) %}{% endmacro %}",
            ["a: b", "a: raises", "a: returns"],
        ),
    ],
)
def test_a_deviation_is_found(check, text, faults):
    assert check(text) == faults
