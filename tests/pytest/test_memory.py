"""What DuckDB keeps in memory between two years of a table is given back, and nothing else changes."""

import duckdb
import pytest

from atlas.dbt_plugin import free_blocks

LIMIT = "777MB"  # stated by DuckDB as 741.0 MiB, which is less


@pytest.fixture()
def connection(tmp_path):
    """A file with a table of 3 MB of numbers that no compression makes small."""
    file = str(tmp_path / "some.duckdb")
    with duckdb.connect(file) as connection:
        connection.execute("create table numbers as select hash(range) as number from range(400000)")
    with duckdb.connect(file, config={"memory_limit": LIMIT}) as connection:
        yield connection


def held(connection):
    """Bytes that DuckDB holds in memory."""
    return connection.execute("select sum(memory_usage_bytes) from duckdb_memory()").fetchone()[0]


def limit_of(connection):
    return connection.execute("select current_setting('memory_limit')").fetchone()[0]


def test_blocks_that_were_read_are_given_back_and_the_limit_stays(connection):
    stated = limit_of(connection)
    connection.execute("select sum(number) from numbers").fetchone()
    assert held(connection) > 2e6
    for _ in range(3):
        free_blocks(connection, LIMIT, "1MB")
    assert held(connection) < 1e6
    assert limit_of(connection) == stated


def test_what_is_in_use_stays_and_is_no_error(connection):
    stated = limit_of(connection)
    other = connection.cursor()
    other.execute("begin")
    other.execute("create table keys (key ubigint primary key)")
    other.execute("insert into keys select number from numbers")
    with pytest.raises(duckdb.OutOfMemoryException):
        connection.execute("set memory_limit = '1MB'")
    free_blocks(connection, LIMIT, "1MB")
    assert limit_of(connection) == stated
    assert other.execute("select count(*) from keys").fetchone() == (400000,)
    other.execute("commit")
