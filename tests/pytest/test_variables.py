"""What the variables of a build may hold: each other value is refused before any work, by name."""

import os
import re

import pytest
import yaml

from atlas import __main__, build, variables
from atlas.settings import PROJECT_DIR, VARIABLES, InputError, read_settings

# Text of --vars, words of the message.
HOSTILE = [
    # names and YAML
    ("{small_cell_treshold: 10}", "There is no variable 'small_cell_treshold'. Is small_cell_threshold meant"),
    ("{Small_Cell_Threshold: 10}", "no variable 'Small_Cell_Threshold'"),
    ("{small_cell_threshold: 5, small_cell_threshold: 0}", "small_cell_threshold' is given twice"),
    ("{'small_cell_threshold': 5, small_cell_threshold: 0}", "given twice"),
    ("{vars: {small_cell_threshold: 0}}", "no variable 'vars'"),
    ("{5: 5}", "no variable 5"),
    ("{null: 5}", "no variable None"),
    ("{unclosed: [}", "cannot be read"),
    ("{a: 1}\n---\n{b: 1}", "cannot be read"),
    ("small_cell_threshold", "no YAML mapping"),
    ("[small_cell_threshold, 0]", "no YAML mapping"),
    ("0", "no YAML mapping"),
    ("false", "no YAML mapping"),
    ("small_cell_threshold=0", "no YAML mapping"),
    ("!!python/object/apply:os.system [true]", "cannot be read"),
    ("{oldest_age: !!python/name:os.system }", "cannot be read"),
    ("{? [1] : 2}", "cannot be read"),
    ("[" * 5000, "cannot be read"),
    ("{oldest_age: *unknown}", "cannot be read"),
    ("{small_cell_threshold: \x00}", "cannot be read"),
    # the threshold
    *((f"{{small_cell_threshold: {text}}}", "small_cell_threshold is") for text in (
        "1", "4", "-1", "2.5", "5.0", "five", "'5'", "true", "null", "", "010", "0x10", "1:30", "1_0", "1e1", ".inf", ".nan",
        "[5]", "{a: 5}", "'0; drop table x'", "'{{ 0 }}'", "9" * 30, "9" * 5000, "20000", "2026-01-01",
    )),
    # years and dates
    *((f"{{first_reference_year: {text}}}", "first_reference_year is") for text in (
        "last", "20", "02022", "20222", "2022.0", "'2022'", "'2022 or true'", "2022-01-01", "true", "[2022]", "-2022", "1800",
    )),
    ("{last_reference_year: '2022) or (1=1'}", "last_reference_year is"),
    ("{first_reference_year: 2023, last_reference_year: 2022}", "after last_reference_year"),
    *((f"{{publication_date: {text}}}", "publication_date is") for text in (
        "soon", "2024-02-30", "'2023-02-29'", "2024-13-01", "20241201", "'2024-1-1'", "01/12/2024", "2024-12-01 10:00:00",
        "2024", "true", "[2024-12-01]", "\"2024-12-01' or '1'='1\"", "'2024-12-01\n'",
    )),
    *((f"{{rebuild_years: {text}}}", "rebuild_years is") for text in (
        "2022", "null", "'2022'", "['2022']", "[22]", "[2022, true]", "[[2022]]", "{2022: 2022}", "['2022) or true']", "[02022]",
    )),
    # switches, days, shares
    *((f"{{drop_missing_years: {text}}}", "drop_missing_years is") for text in ("'no'", "1", "null", "'false'", "[]")),
    *((f"{{{name}: 0}}", f"{name} is") for name in ("protect_complement", "smallest_levels", "complementary_masking")),
    *((f"{{delivery_gap_days: {text}}}", "delivery_gap_days is") for text in (
        "-1", "366", "30.0", "'30'", "'30 or true'", "null", "1e3", "true", "0b11", "'30\n'",
    )),
    ("{first_postnatal_day: 43}", "after last_postnatal_day"),
    ("{first_postnatal_day: '1'}", "first_postnatal_day is"),
    ("{last_postnatal_day: 10 days}", "last_postnatal_day is"),
    ("{oldest_age: abc}", "oldest_age is"),
    ("{oldest_age: '125; drop table x'}", "oldest_age is"),
    ("{largest_case_count: 9223372036854775807}", "largest_case_count is"),
    ("{first_sector_year: 2016.5}", "first_sector_year is"),
    ("{first_filter_year: '2015 or true'}", "first_filter_year is"),
    *((f"{{least_share_of_units: {text}}}", "least_share_of_units is") for text in ("1.1", "-0.1", ".nan", ".inf", "'0.9'", "true", "90%")),
    ("{least_standardisation_coverage: 2}", "least_standardisation_coverage is"),
    ("{least_units: 0}", "least_units is"),
    *((f"{{{name}: many}}", f"{name} is") for name in (
        "least_standardisation_events", "least_expected_events", "least_persons_of_dispersion",
    )),
    ("{geography_vintage: 2020}", "geography_vintage is 2020; give one of 2018, 2019, 2025"),
    *((f"{{geography_vintage: {text}}}", "geography_vintage is") for text in ("'2025'", "2025.0", "null", "[2025]", "latest")),
    *((f"{{performer_from: {text}}}", "performer_from is") for text in ("specialty", "null", "[article]", "Article", "\"article' or '1\"")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "words"), HOSTILE)
def test_a_value_that_a_variable_cannot_hold_is_refused_by_name(text, words):
    with pytest.raises(InputError) as refusal:
        variables.check_text(text)
    message = str(refusal.value)
    assert words in message and len(message) < 1000 and message.isprintable()


@pytest.mark.parametrize("text", ["", "  ", "{}", "{small_cell_threshold: 0}", "{publication_date: '2024-02-29'}"])
def test_what_a_variable_can_hold_is_accepted(text):
    variables.check_text(text)
    variables.check_text(
        "{rebuild_years: [2022], publication_date: 2026-12-05, small_cell_threshold: 10, least_share_of_units: 1}"
    )


def test_every_variable_has_a_kind_that_its_default_is_of():
    assert list(variables.ALLOWED) == list(variables.defaults())
    assert all(kind.holds(variables.defaults()[name]) for name, kind in variables.ALLOWED.items())
    assert variables.vintages() == (2018, 2019, 2025)


def test_an_alias_in_an_alias_is_not_written_out():
    """A text of 300 bytes whose value has a thousand million words."""
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{row}: &a{row} [{', '.join([f'*a{row - 1}'] * 10)}]" for row in range(1, 9)]
    assert len(yaml.safe_load("\n".join(rows))) == 9
    with pytest.raises(InputError, match="There is no variable"):
        variables.check_text("\n".join(rows))
    with pytest.raises(InputError, match="rebuild_years is a list"):
        variables.check_text("\n".join([f"rebuild_years: {rows[0][4:]}"]))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        (
            "ATLAS_MEMORY_LIMIT",
            ("abc", "1GB'; --", "1KB", "-4GB", "4", "99999999TB", "200%", "0%", "4GB\n", "\u0664GB", "NaN"),
        ),
        ("ATLAS_THREADS", ("99999999999", "0", "-1", "1.5", "0x2", "two", "\u0663", " 2", "2\n")),
        ("ATLAS_ENGINE", ("Spark", "duckdb ", "postgres", "duckdb'; --")),
        ("ATLAS_OUTPUT_DIR", ("/", "/data/a?b", "/data/a#b", "/" + "x" * 300, "a\nb", "a\x1b[31mb", "\udcff")),
        ("ATLAS_SOURCE_DIR", ("/" + "x" * 300, "a\nb")),
        ("ATLAS_TEMP_DIR", ("/" + "x" * 300, "a\nb")),
        ("ATLAS_PUBLICATION", ("/" + "x" * 300, "a\nb")),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused_by_name(name, values):
    for value in values:
        with pytest.raises(InputError, match=name) as refusal:
            read_settings({name: value})
        assert str(refusal.value).isprintable(), value


@pytest.mark.parametrize("name", ["ATLAS_OUTPUT_DIR", "ATLAS_SOURCE_DIR", "ATLAS_TEMP_DIR", "ATLAS_PUBLICATION"])
def test_a_path_that_leads_nowhere_is_refused_by_name(tmp_path, name):
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises(InputError, match=f"{name}.*link"):
        read_settings({name: str(loop)})


@pytest.mark.parametrize("name", ["ATLAS_OUTPUT_DIR", "ATLAS_TEMP_DIR"])
def test_a_file_where_a_directory_is_named_is_refused_by_name_before_the_source_is_read(
    tmp_path, monkeypatch, name, capsys
):
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setattr(build, "check_sources", lambda *_: pytest.fail("the source was read"))
    for place in (file, file / "below"):
        monkeypatch.setenv("ATLAS_SOURCE_DIR", str(tmp_path))
        monkeypatch.setenv("ATLAS_OUTPUT_DIR", str(tmp_path / "output"))
        monkeypatch.setenv(name, str(place))
        assert __main__.main(["build"]) == os.EX_DATAERR
        assert name in capsys.readouterr().err


def test_a_misspelt_name_of_the_environment_is_refused_and_a_foreign_one_is_not():
    for name in ("ATLAS_SOURCEDIR", "ATLAS_SOURCE", "ATLAS_THREAD", "atlas_source_dir", "ATLAS_OUTPUT_DIRECTORY"):
        with pytest.raises(InputError, match=f"no environment variable {name}. Is ATLAS_.* meant"):
            read_settings({name: "x"})
    read_settings({"ATLAS_URI": "mongodb://", "ATLAS_SPARK_HOST": "server", "PATH": "/bin"})


def test_every_variable_of_the_environment_that_the_project_reads_is_known():
    texts = [
        path.read_text(encoding="utf-8")
        for folder in ("atlas", "macros", "models", "deploy")
        for path in (PROJECT_DIR / folder).rglob("*")
        if path.is_file() and path.suffix in (".py", ".sql", ".yml", ".js", ".service", "")
    ]
    texts += [(PROJECT_DIR / name).read_text(encoding="utf-8") for name in ("profiles.yml", "README.md", "Makefile")]
    named = {name for text in texts for name in re.findall(r"\bATLAS_[A-Z_]*[A-Z]\b", text)}
    assert {"ATLAS_SOURCE_DIR", "ATLAS_THREADS"} <= named <= set(VARIABLES)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["build", "--last-release", "/nowhere/atlas.duckdb"], "cannot be read as a public file"),
        (["build", "--drop-years", "2021;2022"], "--drop-years is"),
        (["build", "--consent", " "], "--consent needs a reason"),
        (["build", "--consent", "x" * 2000], "--consent must be"),
        (["build", "--consent", "\x1b[31m"], "--consent must be"),
        (["build", "--nope"], "unrecognized arguments"),
        (["release", "--drop-years"], "expected one argument"),
        (["nothing"], "invalid choice"),
        (["build", "--demo", '"unclosed'], "DEMO"),
        (["build", "--demo", "--scale many"], "--scale"),
        (["build", "--demo", "--scale nan"], "--scale"),
        (["build", "--demo", "--first-year 2025 --last-year 2020"], "--first-year"),
        (["build", "--demo", "--memory-limit 1PB"], "--memory-limit"),
        (["demo", "--directory", "/proc/nowhere"], "--directory"),
    ],
)
def test_an_option_that_cannot_be_used_is_refused_by_name(tmp_path, monkeypatch, arguments, words, capsys):
    monkeypatch.setenv("ATLAS_OUTPUT_DIR", str(tmp_path))
    monkeypatch.delenv("ATLAS_SOURCE_DIR", raising=False)
    assert __main__.main(arguments) == os.EX_DATAERR
    assert words in capsys.readouterr().err


def test_a_build_ends_with_65_before_it_touches_the_output(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ATLAS_OUTPUT_DIR", str(tmp_path / "output"))
    assert __main__.main(["build", "--vars", "{small_cell_threshold: 010}"]) == os.EX_DATAERR
    assert "small_cell_threshold is '010'" in capsys.readouterr().err
    assert not (tmp_path / "output").exists()
