"""From files to tables: every cell against an independent implementation, the same tables from Parquet and CSV, whatever the threads."""

import shutil

import adversarial
import compare
import duckdb
import oracle
import pytest
from conftest import YEARS
from dbt_runs import NUMBERS_ALONE, PROJECT, WITHOUT_TESTS, run_dbt

pytestmark = pytest.mark.warehouse

TABLES = sorted(
    path.stem for family in ("imaging", "perinatal") for path in (PROJECT / "models" / "marts" / family).glob("*.sql")
)


def different_tables(atlas, other) -> list[str]:
    """The published tables whose rows are not the same in two atlases."""
    with duckdb.connect(str(atlas.warehouse), read_only=True) as connection:
        connection.execute(f"attach '{other.warehouse}' as other (read_only)")
        hashes = {
            name: [
                connection.execute(f"select count(*), bit_xor(hash(t)) from {place}marts.{name} as t").fetchone()
                for place in ("", "other.")
            ]
            for name in TABLES
        }
    return [name for name, (one, two) in hashes.items() if one != two]


def differences(atlas, **arguments) -> list[str]:
    """The cells in which the warehouse and the oracle disagree, in words."""
    expected = oracle.expected_tables(atlas.source, PROJECT / "seeds", **arguments)
    return compare.compare(atlas.warehouse, expected, "marts")


@pytest.mark.unit
def test_the_oracle_and_the_project_have_the_same_tables():
    assert sorted(oracle.table_filters()) == TABLES


def test_every_cell_agrees_with_the_oracle(unmasked):
    assert differences(unmasked) == []


def test_lines_without_a_reimbursed_amount_are_counted_as_the_oracle_does(unmasked):
    source, lists = oracle.read_source(unmasked.source), oracle.CodeLists(PROJECT / "seeds")
    counted = oracle.lines_without_reimbursement(source, lists)
    warned = "select reference_year, line_count from quality.data_warning where warning = 'no_amount_reimbursed'"
    assert min(counted[year] for year in YEARS) > 0
    assert unmasked.query(f"{warned} and reference_year in {YEARS} order by 1") == [(y, counted[y]) for y in YEARS]


def test_csv_of_any_shape_and_two_threads_give_the_same_tables(unmasked, tmp_path):
    """The shared atlas was built from Parquet with one thread. Encodings, separators, quotes, dates and decimals differ from file to file."""
    source = adversarial.write_source(tmp_path / "source", 11, persons=1500, years=YEARS, file_format="csv", files=3)
    adversarial.reshape_csv(source)
    arguments = (*WITHOUT_TESTS, *NUMBERS_ALONE)
    variables, environment = {"small_cell_threshold": 0}, {"ATLAS_THREADS": "2"}
    atlas = run_dbt(source, tmp_path / "output", *arguments, variables=variables, environment=environment)
    assert atlas.ok, atlas.log[-3000:]
    assert different_tables(atlas, unmasked) == []
    assert list((atlas.output / "spill").iterdir()) == []  # no copy of a file is left
    for path in ("warehouse.duckdb", "source_files.json", "spill"):
        assert (atlas.output / path).stat().st_mode & 0o077 == 0, path


@pytest.mark.parametrize(("vintage", "years", "look_back"), [(2018, (2016, 2017), False), (2019, (2021, 2022), True)])
def test_an_older_geography_equals_the_oracle_with_and_without_claims_of_the_year_before(
    vintage, years, look_back, tmp_path
):
    source = adversarial.write_source(
        tmp_path / "source", vintage, persons=800, years=years, newest_codes=vintage, look_back=look_back
    )
    # the newer one also decides by whom an examination was performed by the qualification on the record
    performer_from = "qualification" if look_back else "article"
    atlas = run_dbt(
        source,
        tmp_path / "output",
        variables={"small_cell_threshold": 0, "geography_vintage": vintage, "performer_from": performer_from},
    )
    assert atlas.ok, atlas.log[-3000:]
    assert differences(atlas, geography_vintage=vintage, performer_from=performer_from) == []
    if look_back:
        assert differences(atlas, geography_vintage=vintage) != []
    # a year without claims before it has no prenatal tables
    assert atlas.query("select distinct reference_year from marts.cube_007_005a order by 1") == [
        (year,) for year in (years if look_back else years[1:])
    ]
    without = f"load_year = {years[0]} and use_of_year like '%without the prenatal tables%'"
    assert (atlas.query(f"select count(*) from quality.reconciliation where {without}") == [(0,)]) == look_back


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"publication_date": "2024-10-01"}, [(2021,), (2022,)]),
        ({"publication_date": "2024-09-30"}, [(2021,)]),
        ({"first_reference_year": 2022, "last_reference_year": 2022}, [(2022,)]),
    ],
)
def test_publication_date_and_bounds_narrow_the_years(unmasked, tmp_path, variables, expected):
    shutil.copy(unmasked.warehouse, tmp_path)
    arguments = ("run", "--select", "path:models/load", "stat_013_014")  # a command makes its own load plan
    atlas = run_dbt(unmasked.source, tmp_path, *arguments, variables={"small_cell_threshold": 0, **variables})
    assert atlas.ok, atlas.log[-3000:]
    assert atlas.query("select distinct reference_year from marts.stat_013_014 order by 1") == expected


def test_counts_that_are_handed_over_are_in_the_spill_directory_of_the_output_and_are_removed(masked, shared):
    """`masked` was built with ATLAS_TEMP_DIR: its suppression would fail if it looked in another folder than the one that SQL wrote into."""
    assert masked.query("select count(*) > 0 from intermediate.suppressed_cell") == [(True,)]
    (folder,) = (shared / "spill").iterdir()
    assert folder.name.startswith("atlas-") and not list(folder.iterdir())
