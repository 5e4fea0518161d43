"""What a build says about itself: the summary for the operator, build.json, and the exit code of each kind of fault."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import types

import duckdb
import pytest
import release_fixture

from atlas import build, demo, publish, report, runner
from atlas.__main__ import main
from atlas.dbt_plugin import DAMAGED, without_values
from atlas.settings import VARIABLES, AtlasError, InputError, LockedError, Settings, read_settings


@pytest.fixture
def settings(tmp_path):
    """Settings of an empty output directory."""
    return read_settings({"ATLAS_OUTPUT_DIR": str(tmp_path)})


def read(settings) -> dict:
    return json.loads(settings.build_report.read_text(encoding="utf-8"))


@pytest.mark.usefixtures("small_package")
def test_the_report_counts_what_the_release_and_the_warehouse_hold(settings, monkeypatch):
    release_fixture.fast_release(monkeypatch.setattr)
    release_fixture.make_warehouse(settings.output_dir)
    with report.recorded(settings) as document:
        assert read(settings)["status"] == "running"
        previous = publish.current_version(settings)
        counts = report.of_warehouse(settings)
        release = publish.publish(settings)
        document.update(report.of_release(settings, counts, release, previous))
    found = read(settings)
    assert previous is None and publish.current_version(settings) == found["release"]["version"]
    assert (found["status"], found["exit_code"]) == ("published", 0)
    assert found["rows"]["population"] == {
        "received": 200,
        "accepted": 198,
        "rejected": 2,
        "reasons": {"duplicate": 2},
    }
    assert found["rows"]["health_care"]["reasons"] == {"invalid_service_date": 10}
    assert found["warnings"] == {"no_amount_reimbursed": 7}
    assert found["incomplete_years"] == [{"year": 2021, "missing": ["claims"]}] and found["unread_files"] == 1
    assert sum(found["cells"].values()) > found["cells"]["small_cell"] > 0
    text = "\n".join([report.summary(found), publish.describe(settings, release), report.places(settings, 9.4)])
    assert len(text.splitlines()) <= 11  # with four lines while dbt is at work, the screen of a build has 15
    assert "Rows of population: 200 received, 198 accepted, 2 rejected (duplicate 2)" in text
    assert (
        "; 2021 lacks claims" in text
        and "Built in 9 s" in text
        and "Warned: 7 rows or persons (no_amount_reimbursed 7)" in text
    )
    assert f"Suppressed: {found['cells']['small_cell']} of " in text and "Changes: no last release" in text


def test_a_build_that_fails_says_so_and_a_fault_of_the_project_shows_no_text(settings):
    for error, code, message in (
        (InputError("lists.csv is empty"), os.EX_DATAERR, "lists.csv is empty"),
        (AtlasError("disk"), 1, "disk"),
        (ValueError("pseudonym"), 1, "ValueError"),
    ):
        with pytest.raises(type(error)), report.recorded(settings):
            raise error
        assert [read(settings)[key] for key in ("status", "exit_code", "message")] == ["failed", code, message]


def test_a_report_that_cannot_be_written_does_not_leave_the_one_before(settings, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    report.write(settings, {"status": "published"})
    monkeypatch.setattr(report.json, "dump", full)
    report.write(settings, {"status": "running"})
    assert not settings.build_report.exists() and not list(settings.output_dir.glob(".build.json*"))


@pytest.mark.parametrize(
    ("path", "message", "about_input"),
    [
        ("models/load/source_year.sql", "Compilation Error in model source_year\n  No usable year", True),
        ("models/load/population_csv.sql", without_values("Conversion Error: Could not convert string 'x'"), True),
        ("models/load/source_year.sql", "Runtime Error in model\n  Out of Memory Error", False),
        ("models/quality/rejected_health_care.sql", f"Runtime Error in model\n  a.parquet: {DAMAGED}", True),
        ("models/marts/imaging/cube.sql", "Compilation Error in model cube", False),
        (None, "Compilation Error in operation health_atlas-on-run-start-0 (./dbt_project.yml)\n  1999", True),
        (None, "Compilation Error in model int_reference_year (models/load/int_reference_year.sql)\n  soon", True),
        (None, "Compilation Error in model cube (models/marts/imaging/cube.sql)\n  models/load/", False),
    ],
)
def test_a_failure_of_dbt_is_about_the_input_where_the_source_is_read(path, message, about_input):
    if path:
        node = types.SimpleNamespace(original_file_path=path)
        failed = types.SimpleNamespace(status="error", message=message, node=node)
        result = types.SimpleNamespace(exception=None, result=types.SimpleNamespace(results=[failed]))
    else:  # an error before the first node
        result = types.SimpleNamespace(exception=message, result=None)
    assert runner._is_about_input(result) is about_input


def test_the_error_of_a_build_holds_what_failed_and_no_frame_of_dbt():
    """build.json holds this text: a scheduler reads there which file is at fault."""
    frame = "\n\n  > in macro stop_on_broken_lines (macros/load/read_source.sql)\n  > called by macro run_hooks"
    messages = [
        ("error", f"Compilation Error in model source_file_year (models/load/x.sql)\n  a.csv, line 6: broken{frame}"),
        ("error", "Runtime Error in model cube (models/x.sql)\n  Out of Memory Error: 1\n\n  compiled code at /x"),
        ("fail", "Got 2 results, configured to fail if != 0"),
        ("success", "OK"),
        ("error", "Runtime Error in model fourth (models/x.sql)\n  x"),
    ]
    nodes = [
        types.SimpleNamespace(status=status, message=text, node=types.SimpleNamespace(name=f"node_{number}"))
        for number, (status, text) in enumerate(messages)
    ]
    result = types.SimpleNamespace(exception=None, result=types.SimpleNamespace(results=nodes))
    assert runner._failures(result) == [
        "a.csv, line 6: broken",
        "Out of Memory Error: 1 (node_1)",
        "Got 2 results, configured to fail if != 0 (node_2)",
        "... and 1 more failures.",
    ]
    exception = (
        "Compilation Error in operation health_atlas-on-run-start-0 (./dbt_project.yml)\n  geography_vintage is 1"
    )
    hook = types.SimpleNamespace(status="error", message=exception + frame, node=nodes[0].node)
    for results in (None, types.SimpleNamespace(results=[hook, hook])):  # the message of a variable is said once
        result = types.SimpleNamespace(exception=exception + frame, result=results)
        assert runner._failures(result) == ["geography_vintage is 1"]


def test_what_a_macro_says_or_warns_of_is_shown_and_progress_is_not(capsys):
    for name, message in (
        ("JinjaLogInfo", "To be read"),
        ("JinjaLogWarning", "The same contents are in a.csv, b.csv"),
        ("JinjaLogInfo", "int_imaging_use: 3 years to do"),
        ("LogModelResult", "1 of 2 OK"),
    ):
        runner._show_message(types.SimpleNamespace(info=types.SimpleNamespace(name=name, msg=message)))
    assert capsys.readouterr().out == "To be read\nThe same contents are in a.csv, b.csv\n"


def test_invalid_variables_and_settings_end_with_65(monkeypatch, tmp_path, capsys):
    assert (AtlasError.exit_code, InputError.exit_code, LockedError.exit_code) == (1, 65, 75)
    monkeypatch.setenv("ATLAS_OUTPUT_DIR", str(tmp_path))
    for variables, threads in (("{no_such_variable: 1}", "1"), ("", "many")):
        monkeypatch.setenv("ATLAS_THREADS", threads)
        assert main(["build", "--vars", variables]) == os.EX_DATAERR
    assert "no_such_variable" in (message := capsys.readouterr().err) and "ATLAS_THREADS" in message


def test_demo_data_that_are_half_removed_are_no_source(tmp_path, monkeypatch):
    settings = read_settings({"ATLAS_OUTPUT_DIR": str(tmp_path)})
    made = []

    def generate(arguments):
        made.append(arguments)
        settings.demo_source.mkdir()
        (settings.demo_source / demo.NOTICE_FILE).touch()

    def stop_half_way(folder, **options):
        if folder.exists() and folder.name != settings.demo_source.name:
            raise KeyboardInterrupt

    monkeypatch.setattr(demo, "generate", generate)
    build.make_demo(settings, [])
    (settings.demo_source / "data").touch()
    with monkeypatch.context() as stopped:
        stopped.setattr(shutil, "rmtree", stop_half_way)
        with pytest.raises(KeyboardInterrupt):
            build.make_demo(settings, ["--scale", "0.01"])
    assert not settings.demo_source.exists()
    build.make_demo(settings, [])
    assert len(made) == 2 and sorted(path.name for path in tmp_path.iterdir()) == [settings.demo_source.name]


def test_a_closed_terminal_does_not_end_a_build_under_nohup():
    code = (
        "import os, signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); from atlas.__main__ import stop_on_signals; "
        "stop_on_signals(); os.kill(os.getpid(), signal.SIGHUP); print('alive')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=build.PROJECT_DIR, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "alive\n"), done.stderr


@pytest.mark.parametrize("name", ["ATLAS_TEMP_DIR", "ATLAS_OUTPUT_DIR", "ATLAS_SOURCE_DIR", "ATLAS_PUBLICATION"])
def test_a_relative_path_of_the_environment_means_the_same_to_the_build_and_to_dbt(name, tmp_path, monkeypatch):
    """A build changes into the folder of the project before it runs dbt, whose plugin reads the environment again."""
    inside: list[Settings] = []

    class Runner:
        def __init__(self, callbacks):
            pass

        def invoke(self, _):
            inside.append(read_settings())
            return types.SimpleNamespace(success=True, result=None)

    for each in VARIABLES:
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setenv("ATLAS_OUTPUT_DIR", "out")
    monkeypatch.setenv(name, "named")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("dbt.cli.main.dbtRunner", Runner)
    settings = read_settings()
    for _ in range(2):  # a release that must suppress more runs dbt again
        runner.run_dbt(settings, ["build"])
    assert inside == [settings, settings]


def test_the_printed_first_query_runs_in_a_shell_whatever_the_path(tmp_path):
    output = tmp_path / """l'atlas de "$HOME" `date` !"""
    output.mkdir()
    with duckdb.connect(str(output / "atlas.duckdb")) as connection:
        connection.execute("""create table stat_013_007 as select 2023 as reference_year, 'region' as geo_level, '02000' as geo_code,
            7 as numerator, 70 as denominator, 10.0 as value""")
        connection.execute(
            "create table geographic_unit as select 'region' as geo_level, '02000' as geo_code, 'Vlaanderen' as name_nl"
        )
    command = build.first_steps(read_settings({"ATLAS_OUTPUT_DIR": str(output)})).split("\n", 1)[1]
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Vlaanderen" in done.stdout
