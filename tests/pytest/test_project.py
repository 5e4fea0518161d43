"""What the dbt project states about itself: who may read which model, the keys of published tables, and that plain dbt finds its profile."""

import os
import re
from pathlib import Path

import pytest
import yaml
from dbt.cli.resolvers import default_profiles_dir
from dbt_runs import PARSED, PROJECT
from release_fixture import GRAIN

from atlas.guards import PERSONAL_COLUMN

PERSON_LEVEL = ("models/staging/", "models/intermediate/people/", "models/load/population", "models/load/health_care")


@pytest.fixture(scope="module")
def models() -> dict:
    """The models of the parsed project, by name."""
    return {node.name: node for node in PARSED.manifest().nodes.values() if node.resource_type == "model"}


def test_plain_dbt_finds_the_profile_in_the_root_of_the_project(monkeypatch):
    """Without DBT_PROFILES_DIR, dbt looks in the working directory; the folder profiles/ leads to the same file."""
    monkeypatch.chdir(PROJECT)
    assert default_profiles_dir() == PROJECT
    assert os.readlink(PROJECT / "profiles" / "profiles.yml") == "../profiles.yml"
    assert (PROJECT / "profiles" / "profiles.yml").samefile(PROJECT / "profiles.yml")


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt", "requirements-spark.txt"])
def test_every_package_of_a_lock_has_hashes(lock):
    """With them, pip installs only files that are those of the day on which the lock was made."""
    packages = re.split(r"(?m)^(?=[A-Za-z])", (PROJECT / lock).read_text(encoding="utf-8"))[1:]
    assert len(packages) > 20
    for package in packages:
        assert re.match(r"\S+( \S+)?==\S+", package) and "--hash=sha256:" in package, package.splitlines()[0]


def is_about_years(model) -> bool:
    """Whether a model holds no person: it is not tagged person_level, and its columns are the reference year and truth values."""
    others = model.columns.keys() - {"reference_year"}
    return "person_level" not in model.tags and len(others) > 0 and all(re.match("(has|is)_", name) for name in others)


def test_what_reads_persons_is_private_to_its_group_and_public_models_are_those_of_the_atlas(models):
    for name, model in models.items():
        if model.original_file_path.startswith(PERSON_LEVEL) or name.startswith("rejected_"):
            access = "protected" if is_about_years(model) else "private"
            assert (model.group, model.access) == ("persons", access), name
        if any(PERSONAL_COLUMN.fullmatch(column) for column in model.columns):
            assert (model.group, model.access, "person_level" in model.tags) == ("persons", "private", True), name
        if model.original_file_path.startswith("models/disclosure/") and name not in (
            "publishable_cell",
            "publishable_three_year_cell",
            "released_cell",
        ):
            assert (model.group, model.access) == ("disclosure", "private"), name
        if model.access == "public":
            assert model.group == "atlas", name
    groups = yaml.safe_load((PROJECT / "models" / "_groups.yml").read_text(encoding="utf-8"))["groups"]
    owners = Path(PROJECT / "CODEOWNERS").read_text(encoding="utf-8")
    assert {group["name"] for group in groups} == {model.group for model in models.values()} - {None}
    assert all(f"@{group['owner']['name']}" in owners for group in groups)


def test_every_public_model_states_its_key(models):
    for name, model in models.items():
        if model.access == "public":
            (key,) = (found.columns for found in model.constraints if found.type == "primary_key")
            statistic = model.config.meta.get("statistic")
            assert statistic is None or key == [*GRAIN, *statistic["filters"]], name


def test_models_of_a_year_leave_out_the_files_of_other_years(models):
    """DuckDB leaves out files for a condition on the year of a folder or on days, not for one on the year of a date."""
    views = "stg_population|int_population_disposition|stg_health_care|int_claim"
    readers = {
        name: len(found)
        for name, model in models.items()
        if model.config.materialized == "yearly" and (found := re.findall(rf"ref\('(?:{views})'\)", model.raw_code))
    }
    assert {"int_beneficiary", "int_imaging_use", "rejected_population"} <= readers.keys()
    for name, reads in readers.items():
        conditions = re.findall(r"in_years_to_build\('load_year'|in_years_to_build\([^)]*day = ", models[name].raw_code)
        assert len(conditions) >= reads, name


def test_no_configuration_is_unknown_to_dbt():
    """The next versions of dbt refuse keys of the project's own outside `meta`."""
    nodes = PARSED.manifest().nodes.values()
    assert {node.unique_id: node.config._extra for node in nodes if node.config._extra} == {}
