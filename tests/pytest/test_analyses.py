"""The questions of `analyses/`, each compiled by dbt and run on a built warehouse."""

from pathlib import Path

import duckdb
import pytest
from dbt_runs import PROJECT, run_dbt

NAMES = sorted(path.stem for path in (PROJECT / "analyses").glob("*.sql"))


@pytest.fixture(scope="module")
def compiled(unmasked, tmp_path_factory) -> Path:
    """The folder in which dbt left the compiled queries."""
    target = tmp_path_factory.mktemp("analyses")
    run = run_dbt(
        unmasked.source,
        unmasked.output,
        "compile",
        "--select",
        "resource_type:analysis",
        environment={"DBT_TARGET_PATH": str(target)},
    )
    assert run.ok, run.log[-3000:]
    return target / "compiled" / "health_atlas" / "analyses"


def answer(atlas, compiled: Path, name: str) -> list[dict]:
    """The rows of one compiled query."""
    with duckdb.connect(str(atlas.warehouse), read_only=True) as connection:
        cursor = connection.execute((compiled / f"{name}.sql").read_text())
        columns = [column[0] for column in cursor.description]
        return [dict(zip(columns, row, strict=False)) for row in cursor.fetchall()]


def test_there_are_at_least_five_questions():
    assert len(NAMES) >= 5


@pytest.mark.parametrize("name", NAMES)
def test_every_question_says_what_it_asks_and_how_to_read_the_answer(name):
    text = (PROJECT / "analyses" / f"{name}.sql").read_text()
    assert text.startswith("-- Question: ")
    assert "\n-- How to read: one row a " in text


@pytest.mark.parametrize("threshold", ["unmasked", "masked"])
@pytest.mark.parametrize("name", NAMES)
def test_every_question_has_an_answer(request, compiled, threshold, name):
    rows = answer(request.getfixturevalue(threshold), compiled, name)
    assert rows or (
        name == "ranking_of_municipalities" and threshold == "masked"
    )  # the people of this test are few enough to suppress every place


def test_intervals_hold_their_share(unmasked, compiled):
    shares = answer(unmasked, compiled, "ranking_of_municipalities") + answer(
        unmasked, compiled, "caesareans_by_hospital"
    )
    shares = [row for row in shares if row["share"] is not None]
    assert len(shares) > 20
    slack = 1e-9
    assert all(
        -slack <= row["lower_95"] <= row["share"] + slack <= row["upper_95"] + 2 * slack <= 100 + 3 * slack
        for row in shares
    )


def test_share_times_scans_a_patient_is_the_volume(unmasked, compiled):
    rows = [row for row in answer(unmasked, compiled, "share_against_volume") if row["scans_per_patient"] is not None]
    assert rows
    for row in rows:
        assert row["patients_per_100"] * row["scans_per_patient"] * 10 == pytest.approx(row["scans_per_1000"])


def test_the_map_has_every_municipality_and_one_quintile_for_equal_values(unmasked, compiled):
    rows = answer(unmasked, compiled, "map_extract")
    years = {row["reference_year"] for row in rows}
    assert len(rows) == 565 * len(years)
    assert all(row["nuts3_code"].startswith("BE") and len(row["nuts3_code"]) == 5 for row in rows)
    groups: dict[tuple, set] = {}
    for row in rows:
        if row["status"] == "published":
            groups.setdefault((row["reference_year"], row["share"]), set()).add(row["quintile"])
    assert groups and all(len(quintiles) == 1 for quintiles in groups.values())


def test_nothing_hidden_is_shown(masked, compiled):
    hospitals = answer(masked, compiled, "caesareans_by_hospital")
    hidden = [row for row in hospitals if row["status"] == "small_cell"]
    assert hidden and all(
        row["share"] is None and row["lower_95"] is None and row["differs_from_belgium"] == "suppressed"
        for row in hidden
    )
    assert all(row["patients"] is not None for row in answer(masked, compiled, "ranking_of_municipalities"))
