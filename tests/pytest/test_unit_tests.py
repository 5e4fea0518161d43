"""dbt's unit tests, which a build leaves out because they look at the code and not at the data. They need the tables of a build, never its rows."""

import shutil

from dbt_runs import PARSED, run_dbt


def test_parsing_the_project_warns_of_nothing():
    assert PARSED.warnings() == []


def test_every_unit_test_passes_and_nothing_warns(unmasked, tmp_path):
    shutil.copy(unmasked.warehouse, tmp_path)
    atlas = run_dbt(
        unmasked.source, tmp_path, "test", "--select", "test_type:unit", "--warn-error-options", '{"error": "all"}'
    )
    assert atlas.ok, atlas.log[-3000:]
    assert "unit_test" in atlas.log, "no unit test ran"
