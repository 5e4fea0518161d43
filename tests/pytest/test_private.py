"""What may leave the private files: messages without values, and settings and variables that are refused by name."""

import subprocess
import sys
from types import SimpleNamespace

import campaign
import duckdb
import pytest
from dbt_common.exceptions import DbtRuntimeError
from jinja2 import Environment

from atlas import dbt_plugin, source_files
from atlas.lock import output_lock
from atlas.settings import PROJECT_DIR, AtlasError, InputError, read_settings


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ("Conversion Error: Could not convert string 'p77-a' to INT32\n\nLINE 1: 'p77-a'", "Could not convert string"),
        (
            'Invalid Input Error: Invalid string encoding found in Parquet file "/data/part 1.parquet": value "p77-\\xE9" is not valid UTF8!',
            "/data/part 1.parquet",
        ),
        ("Invalid Input Error: CSV Error on Line: 2\nOriginal Line: p77-a,1980", "CSV Error on Line"),
        ("Conversion Error: Type INT128 with value 7700000000000 can't be cast because", "Type INT128 with value"),
        ('Constraint Error: Duplicate key "person_id: p77-a" violates primary key', "Duplicate key"),
        ("Out of Range Error: Overflow in addition of INT64 (7700000000000 + 77)!", "INT64"),
        ('Invalid Input Error: Could not parse string "p77-a" according to \'p77', "Could not parse string"),
        ("Conversion Error: Could not convert string 'ab'p77'cd' to INT32", "Could not convert string"),
        ("Conversion Error: Could not convert string 'O'Neil p77' to DATE", "Could not convert string"),
        ("Conversion Error: Could not convert string '/Rue p77 5' to INT32", "Could not convert string"),
        (
            'TransactionContext Error: Failed to commit: duplicate key "p77" violates constraint',
            "TransactionContext Error: Failed to commit",
        ),
        ("unknown text with p77", "An error of DuckDB"),
    ],
)
def test_errors_of_duckdb_keep_their_kind_and_lose_their_values(message, kept):
    shown = dbt_plugin.without_values(message)
    assert kept in shown and "77" not in shown and "Neil" not in shown


def test_errors_about_sql_and_memory_remain():
    for message in ('Binder Error: Referenced column "x" not found', "Out of Memory Error: could not allocate 256 KiB"):
        assert dbt_plugin.without_values(message) == message


@pytest.mark.parametrize("compression", ["uncompressed", "snappy", "gzip"])
def test_a_parquet_file_with_a_damaged_page_is_named_with_the_remedy(tmp_path, compression):
    """The scan reads footers alone; DuckDB's error about a page names no file, or no remedy."""
    settings = read_settings({"ATLAS_OUTPUT_DIR": str(tmp_path), "ATLAS_THREADS": "1"})
    source = campaign.write_source(tmp_path / "source", compression=compression)
    good, damaged = (source / name / "part.parquet" for name in ("population", "health_care"))
    content = damaged.read_bytes()
    damaged.write_bytes(content[:4] + b"\xff" * 12 + content[16:])  # the header of the first page
    source_files.write_records(source_files.scan(source, tmp_path / "copies"), settings.source_records)
    manager = SimpleNamespace(rollback_if_open=lambda: None, atlas_settings=settings)
    with pytest.raises(DbtRuntimeError) as refusal, dbt_plugin.errors_without_values(manager, ""):
        duckdb.sql(
            f"select max(columns(*)) from read_parquet(['{good}', '{damaged}'], union_by_name = true)"
        ).fetchall()
    message = str(refusal.value)
    assert f"{damaged}: {dbt_plugin.DAMAGED}" in message
    assert str(good) not in message and campaign.PLANTED not in message
    assert dbt_plugin.damaged_files(duckdb.ConversionException("Conversion Error: 1"), settings) == []
    # as DuckDB says of bytes that were changed at random
    for error in (
        duckdb.Error("don't know what type: \x0f"),
        duckdb.InvalidInputException(
            "Invalid Input Error: Parquet metadata is corrupt. Column has 5 values but row group has 20 rows"
        ),
        duckdb.InternalException(
            "INTERNAL Error: Information loss on integer cast: value -7 outside of target range [0, 9]"
        ),
    ):
        assert dbt_plugin.damaged_files(error, settings) == [str(damaged)]
    named = duckdb.InvalidInputException(
        f"Invalid Input Error: Invalid string encoding found in Parquet file '{good}': value \"x\" is not"
    )
    assert dbt_plugin.damaged_files(named, settings) == [str(good)]


def test_after_an_internal_error_of_duckdb_its_first_message_is_the_one_that_is_shown(monkeypatch):
    """It invalidates the database: each later statement, also of a hook at the end, fails with a message of its own."""
    monkeypatch.setattr(dbt_plugin, "damaged_files", lambda *_: ["part.parquet"])
    monkeypatch.setattr(dbt_plugin.DuckDBConnectionManager, "atlas_fault", "", raising=False)

    def refuse():
        raise duckdb.FatalException("FATAL Error: Failed: database has been invalidated")

    manager = SimpleNamespace(rollback_if_open=refuse, atlas_settings=None)
    for error in (duckdb.InternalException("INTERNAL Error: 1"), duckdb.FatalException("FATAL Error: invalidated")):
        with pytest.raises(DbtRuntimeError, match=f"part.parquet: {dbt_plugin.DAMAGED}"):
            with dbt_plugin.errors_without_values(manager, ""):
                raise error


def test_an_internal_error_of_duckdb_shows_no_value():
    text = "INTERNAL Error: Information loss on integer cast: value -770770 outside of target range [0, 9]\n\nStack Trace:\n1 0x7f"
    for message in (
        text,
        f'FATAL Error: Failed: database has been invalidated because of a previous fatal error. Original error: "{text}"',
    ):
        shown = dbt_plugin.without_values(message)
        assert "770770" not in shown and "Stack" not in shown and dbt_plugin.VALUES_HIDDEN in shown


def test_an_output_directory_inside_the_folders_of_the_source_is_refused(tmp_path):
    """Its files would be read as an extract by the next build."""
    source = {"ATLAS_SOURCE_DIR": str(tmp_path)}
    for folder in (tmp_path / "population", tmp_path / "health_care" / "output"):
        with pytest.raises(InputError, match="ATLAS_OUTPUT_DIR.*outside of the source"):
            read_settings({**source, "ATLAS_OUTPUT_DIR": str(folder)})
    for folder in (tmp_path, tmp_path / "population_output"):
        assert read_settings({**source, "ATLAS_OUTPUT_DIR": str(folder)}).output_dir == folder


def test_output_directories_do_not_share_a_spill_directory(tmp_path):
    folders = {
        read_settings({"ATLAS_TEMP_DIR": str(tmp_path), "ATLAS_OUTPUT_DIR": name}).temp_dir for name in ("a", "b")
    }
    assert len(folders) == 2 and all(folder.parent == tmp_path for folder in folders)


@pytest.mark.parametrize("content", [b"", b"noise " * 4000], ids=["empty", "foreign"])
def test_a_warehouse_that_cannot_be_opened_says_what_to_do(tmp_path, content):
    file = tmp_path / "warehouse.duckdb"
    file.write_bytes(content)
    with pytest.raises(AtlasError, match="move it"):
        dbt_plugin.check_warehouse(file, {})


def test_a_warehouse_that_was_cut_off_or_is_in_use_says_what_to_do(tmp_path):
    file = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute(
            "create table person as select range as person_id, md5(range::text) as text from range(100000)"
        )
    holder = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", holder, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "open\n"
        with pytest.raises(AtlasError, match=f"open in another process .PID {process.pid}.. Close that program"):
            dbt_plugin.check_warehouse(file, {})
        process.stdin.close()
    dbt_plugin.check_warehouse(file, {})
    file.write_bytes(file.read_bytes()[:12288])
    with pytest.raises(AtlasError, match="is damaged.*Bring back a backup"):
        dbt_plugin.check_warehouse(file, {})


def test_a_folder_in_the_way_of_the_lock_is_named(tmp_path):
    settings = read_settings({"ATLAS_OUTPUT_DIR": str(tmp_path)})
    settings.lock_file.mkdir()
    with pytest.raises(AtlasError, match="cannot be locked"), output_lock(settings, "build"):
        pass


def remedies(*results) -> list[str]:
    """Returns what the hook log_remedies says. The macro is rendered without dbt: it reads the results, the environment and nothing else."""
    said = []
    environment = Environment(extensions=["jinja2.ext.do"])
    environment.globals.update(
        env_var=lambda name, default: {"ATLAS_MEMORY_LIMIT": "1GB"}.get(name, default),
        log=lambda text, info: said.append(text),
    )
    text = (PROJECT_DIR / "macros" / "load" / "log_remedies.sql").read_text(encoding="utf-8")
    environment.from_string(text).module.log_remedies(list(results))
    return said


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (
            "Out of Memory Error: could not allocate block of size 256.0 KiB",
            ["ATLAS_MEMORY_LIMIT (now 1GB)", "last_reference_year"],
        ),
        (
            "TransactionContext Error: ... No space left on device",
            ["disk is full", "ATLAS_OUTPUT_DIR", "ATLAS_TEMP_DIR"],
        ),
        ("IO Error: Could not write file", ["rights"]),
        ("Fatal Error: Corrupt database file: computed checksum 1", ["warehouse is damaged", "move it"]),
        ('IO Error: Could not read enough bytes from file "warehouse.duckdb"', ["warehouse is damaged", "move it"]),
        ("Binder Error: no such column", []),
    ],
)
def test_a_failure_without_a_remedy_of_its_own_gets_one(message, words):
    said = remedies(SimpleNamespace(message=message))
    assert len(said) == bool(words) and all(word in said[0] for word in words)


@pytest.mark.parametrize(("parent", "looked_up"), [("cube_013_007", False), ("load_plan", True)])
def test_the_plan_is_looked_up_for_a_data_test_that_depends_on_it_alone(parent, looked_up):
    """Others may run beside the model load_plan, whose table is not there for a moment while it is made anew."""
    asked = []
    environment = Environment(extensions=["jinja2.ext.do"])
    environment.globals.update(
        project_name="atlas",
        model=SimpleNamespace(depends_on=SimpleNamespace(nodes=[f"model.atlas.{parent}"])),
        planned_test_years=lambda: asked.append(parent) or [],
        in_years=lambda column, years: f"{column} in ()",
        dbt=SimpleNamespace(default__get_test_sql=lambda *_: "select"),
        **{"return": str},
    )
    text = (PROJECT_DIR / "macros" / "materializations" / "tests_by_year.sql").read_text(encoding="utf-8")
    environment.from_string(text).module.duckdb__get_test_sql("select 1", "count(*)", "!= 0", "!= 0", None)
    assert bool(asked) == looked_up


def test_the_command_that_shows_their_rows_is_named_for_failed_data_tests_alone():
    nodes = {"test": "assert_b", "unit_test": "a_unit_test", "model": "a_model"}
    results = [
        SimpleNamespace(status="fail", message="Got 2 results", node=SimpleNamespace(resource_type=kind, name=name))
        for kind, name in nodes.items()
    ]
    passed = SimpleNamespace(
        status="pass", message="", node=SimpleNamespace(resource_type="test", name="assert_passed")
    )
    first = SimpleNamespace(status="fail", message="", node=SimpleNamespace(resource_type="test", name="assert_a"))
    (said,) = remedies(*results, passed, first)
    assert "dbt --quiet show" in said and "--select assert_a assert_b " in said
    assert "a_unit_test" not in said and "a_model" not in said and "assert_passed" not in said
    assert remedies(passed) == []


def step_of(settings, name: str) -> None:
    """Runs a step of the plugin as a macro asks for it."""
    target = SimpleNamespace(config={"step": name}, location=SimpleNamespace(path=str(settings.source_records)))
    dbt_plugin.Plugin.store(SimpleNamespace(settings=settings), target)


def test_an_unknown_step_is_refused_and_removes_no_file(tmp_path):
    settings = read_settings({"ATLAS_OUTPUT_DIR": str(tmp_path)})
    kept = settings.temp_dir / "copy.csv"
    kept.parent.mkdir()
    kept.touch()
    with pytest.raises(DbtRuntimeError, match="no step 'claer'"):
        step_of(settings, "claer")
    assert kept.exists()
    step_of(settings, "clear")
    assert not kept.exists()
