"""The page on SQL access: its SQL and its Python run on a published atlas.duckdb."""

import re

import duckdb
import pytest
from dbt_runs import PROJECT

PAGE = (PROJECT / "docs" / "guide" / "sql_access.md").read_text()
SQL = re.findall(r"```sql\n(.*?)```", PAGE, re.S)
PYTHON = re.findall(r"```python\n(.*?)```", PAGE, re.S)


def test_the_page_has_two_queries_of_comments_and_three_examples():
    assert len(SQL) == 5
    assert len(PYTHON) == 1
    for name in ("duckdb -readonly", "## R", "## DBeaver", "read_only = TRUE", "duckdb.read_only"):
        assert name in PAGE


@pytest.mark.parametrize("query", SQL, ids=[f"block_{number}" for number in range(1, len(SQL) + 1)])
def test_every_query_has_an_answer(published, query):
    with duckdb.connect(str(published / "atlas.duckdb"), read_only=True) as atlas:
        cursor = atlas.execute(query)
        assert [column[0] for column in cursor.description]
        assert cursor.fetchall()


def test_python_runs_as_printed(published, capsys):
    names: dict = {}
    exec(PYTHON[0].replace("output/atlas.duckdb", str(published / "atlas.duckdb")), names)
    names["atlas"].close()
    assert "version" in capsys.readouterr().out
    assert len(names["rows"]) > 0


def test_the_examples_join_numbers_names_and_cards(published):
    regions, ghent, sureness = SQL[2:]
    with duckdb.connect(str(published / "atlas.duckdb"), read_only=True) as atlas:
        rows = atlas.execute(regions).fetchall()
        assert {row[3] for row in rows} == {"Vlaams Gewest", "Waals Gewest", "Brussels Hoofdstedelijk Gewest"}
        assert all(row[0] and "stat_013_014" in row[7] for row in rows)
        ages = atlas.execute(ghent).fetchall()
        years = atlas.execute("select count(distinct reference_year) from cube_013_007").fetchone()[0]
        assert len(ages) == 11 * years
        codes = {row[0] for row in atlas.execute(sureness).fetchall()}
        assert codes == {"cube_013_013", "cube_007_006a"}


def test_every_table_and_column_has_a_comment(published):
    with duckdb.connect(str(published / "atlas.duckdb"), read_only=True) as atlas:
        assert (
            atlas.execute(
                "select table_name from duckdb_tables() where coalesce(comment, '') = '' order by all"
            ).fetchall()
            == []
        )
        assert (
            atlas.execute(
                "select table_name, column_name from duckdb_columns() where not internal and coalesce(comment, '') = '' order by all"
            ).fetchall()
            == []
        )


def test_read_only_means_read_only(published):
    with (
        duckdb.connect(str(published / "atlas.duckdb"), read_only=True) as atlas,
        pytest.raises(duckdb.Error, match="read-only"),
    ):
        atlas.execute("delete from release")


def test_the_page_names_every_table(published):
    with duckdb.connect(str(published / "atlas.duckdb"), read_only=True) as atlas:
        names = [name for (name,) in atlas.execute("select table_name from duckdb_tables() order by 1").fetchall()]
        filters = atlas.execute("select distinct unnest(string_split(filters, ';')) from statistic").fetchall()
    assert "a table for each other filter" in PAGE
    named = {*re.findall(r"`(\w+)`", PAGE), *(name for (name,) in filters)}
    assert [name for name in names if name not in named and not name.startswith(("cube_", "stat_"))] == []
