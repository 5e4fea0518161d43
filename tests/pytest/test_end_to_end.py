"""From files to tables: every cell against an independent implementation, the same tables from Parquet and CSV, the same bytes twice."""

import shutil

import pytest

import adversarial
import compare
import oracle
from conftest import PROJECT, YEARS, run_dbt

TABLES = sorted(
    path.stem for family in ("imaging", "perinatal") for path in (PROJECT / "models" / "marts" / family).glob("*.sql")
)


def differences(atlas, **arguments) -> list[str]:
    """The cells in which the warehouse and the oracle disagree, in words."""
    expected = oracle.expected_tables(atlas.source, PROJECT / "seeds", **arguments)
    return compare.compare(atlas.warehouse, expected, "marts")


def test_twenty_five_tables():
    assert len(TABLES) == 25


def test_every_cell_agrees_with_the_oracle(unmasked):
    assert differences(unmasked) == []


def test_csv_and_parquet_give_the_same_tables(unmasked, tmp_path):
    source = adversarial.write_source(tmp_path / "source", 11, persons=1500, years=YEARS, file_format="csv.gz", files=2)
    atlas = run_dbt(source, tmp_path / "output", variables={"small_cell_threshold": 0})
    assert atlas.ok, atlas.log[-3000:]
    different = [name for name in TABLES if atlas.table(name) != unmasked.table(name)]
    assert different == []


def test_a_second_run_and_other_threads_give_the_same_numbers(masked, tmp_path):
    output = tmp_path / "output"
    shutil.copytree(masked.output, output, ignore=shutil.ignore_patterns("target", "logs"))
    first = {name: masked.table(name) for name in TABLES}
    again = run_dbt(masked.source, output)
    assert again.ok, again.log[-3000:]
    assert "no source file is read" in again.log
    assert [name for name in TABLES if again.table(name) != first[name]] == []
    alone = run_dbt(masked.source, tmp_path / "one_thread", environment={"ATLAS_THREADS": "1"})
    assert alone.ok, alone.log[-3000:]
    assert [name for name in TABLES if alone.table(name) != first[name]] == []


@pytest.mark.parametrize("vintage", [2018, 2019])
def test_older_geography(vintage, tmp_path):
    years = {2018: (2016, 2017), 2019: (2021, 2022)}[vintage]
    source = adversarial.write_source(tmp_path / "source", vintage, persons=800, years=years, newest_codes=vintage)
    atlas = run_dbt(source, tmp_path / "output", variables={"small_cell_threshold": 0, "geography_vintage": vintage})
    assert atlas.ok, atlas.log[-3000:]
    assert differences(atlas, geography_vintage=vintage) == []


def test_a_year_without_claims_before_it_has_no_prenatal_tables(tmp_path):
    source = adversarial.write_source(tmp_path / "source", 5, persons=600, years=(2022, 2023), look_back=False)
    atlas = run_dbt(source, tmp_path / "output", variables={"small_cell_threshold": 0})
    assert atlas.ok, atlas.log[-3000:]
    assert differences(atlas) == []
    assert atlas.query("select distinct reference_year from marts.cube_007_005a") == [(2023,)]
    assert atlas.query(
        "select count(*) from quality.reconciliation where load_year = 2022 and use_of_year like '%without the prenatal tables%'"
    ) != [(0,)]


def test_publication_date_and_bounds_narrow_the_years(unmasked, tmp_path):
    output = tmp_path / "output"
    shutil.copytree(unmasked.output, output, ignore=shutil.ignore_patterns("target", "logs"))
    years = "select distinct reference_year from marts.stat_013_014 order by 1"
    for variables, expected in [
        ({"publication_date": "2024-10-01"}, [(2021,), (2022,)]),
        ({"publication_date": "2024-09-30"}, [(2021,)]),
        ({"first_reference_year": 2022, "last_reference_year": 2022}, [(2022,)]),
    ]:
        atlas = run_dbt(unmasked.source, output, variables={"small_cell_threshold": 0, **variables})
        assert atlas.ok, atlas.log[-3000:]
        assert atlas.query(years) == expected
