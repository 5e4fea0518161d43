"""A copy of the warehouse, and the way back from a damaged one."""

import os

import duckdb
import pytest
import release_fixture

from atlas import export
from atlas.__main__ import main

QUERY = "select count(*), bit_xor(hash(t)) from marts.cube_013_007 as t"


@pytest.fixture
def output(tmp_path, monkeypatch):
    """An output directory with a hand-made warehouse, of which a part is still in the log beside it."""
    monkeypatch.setenv("ATLAS_OUTPUT_DIR", str(tmp_path / "output"))
    release_fixture.make_warehouse(tmp_path / "output")
    return tmp_path / "output"


def held(file):
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(QUERY).fetchone()


def test_a_damaged_warehouse_is_restored_from_its_copy(output, tmp_path, capsys):
    warehouse, copy = output / "warehouse.duckdb", tmp_path / "elsewhere.duckdb"
    before = held(warehouse)
    assert main(["backup", str(copy)]) == 0
    assert copy.stat().st_mode & 0o077 == 0 and held(copy) == before
    assert "rows of persons" in capsys.readouterr().out
    with open(warehouse, "r+b") as file:
        file.truncate(5000)
    (output / "warehouse.duckdb.wal").write_bytes(b"of the damaged one")
    assert main(["backup", str(copy)]) == 1, "a damaged warehouse does not replace a copy"
    assert "damaged" in capsys.readouterr().err and held(copy) == before
    assert main(["restore", str(copy)]) == 0
    assert held(warehouse) == before and warehouse.stat().st_mode & 0o077 == 0
    assert {path.name for path in tmp_path.iterdir()} == {"output", "elsewhere.duckdb"}


def test_what_is_no_copy_is_not_restored(output, tmp_path, capsys):
    before = held(output / "warehouse.duckdb")
    foreign, noise = tmp_path / "foreign.duckdb", tmp_path / "noise.duckdb"
    duckdb.connect(str(foreign)).close()
    noise.write_bytes(b"noise " * 4000)
    for file, words in (
        (foreign, "is no warehouse of this project"),
        (noise, "is damaged or no warehouse"),
        (tmp_path / "nothing.duckdb", "There is no file"),
        (output / "warehouse.duckdb", "is in the output directory"),
    ):
        assert main(["restore", str(file)]) == os.EX_DATAERR
        assert words in capsys.readouterr().err
        assert held(output / "warehouse.duckdb") == before


def test_a_copy_that_cannot_be_written_leaves_the_one_before(output, tmp_path, capsys):
    copy = tmp_path / "copy"
    copy.mkdir()
    assert main(["backup", str(copy)]) == 1
    assert "cannot be written" in capsys.readouterr().err and list(tmp_path.glob(".*")) == []


def test_a_copy_with_other_bytes_is_none(output, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(export, "sha256", lambda path: "that of a disk which wrote something else")
    assert main(["backup", str(tmp_path / "copy")]) == 1
    assert "was not written as" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["output"]


def test_without_a_warehouse_the_message_says_what_to_run(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ATLAS_OUTPUT_DIR", str(tmp_path / "output"))
    assert main(["backup", str(tmp_path / "copy")]) == os.EX_DATAERR
    assert "Build first" in capsys.readouterr().err
