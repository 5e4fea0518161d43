"""A release knows the one before it: no year goes unsaid, and what changed is reported, without a number that is now suppressed."""

from __future__ import annotations

import csv
import json
import os
import shutil
from pathlib import Path

import duckdb
import pytest
import release_fixture
from release_fixture import AGE

from atlas import build as building
from atlas import last_release, publish
from atlas.__main__ import main
from atlas.pair import step
from atlas.settings import AtlasError, InputError, read_settings

REPORT = ["changed_cells.csv", "changes.csv", "changes.json", "changes.md"]


@pytest.fixture(autouse=True, scope="module")
def _quick():
    """No waiting for the disk, a small site and no workbooks: they have tests of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        patch.setattr(publish.export, "write_package", lambda *_: None)
        release_fixture.small_site(patch.setattr)
        yield


@pytest.fixture(scope="module")
def first(tmp_path_factory, _quick) -> Path:
    """An output directory whose warehouse is published once. Read only."""
    settings = read_settings({"ATLAS_OUTPUT_DIR": str(tmp_path_factory.mktemp("first") / "output")})
    release_fixture.make_warehouse(settings.output_dir)
    publish.publish(settings)
    return settings.output_dir


@pytest.fixture
def settings(first, tmp_path):
    """Settings of a copy of it."""
    return read_settings({"ATLAS_OUTPUT_DIR": str(shutil.copytree(first, tmp_path / "output", symlinks=True))})


def build(settings, *statements: str, **variables) -> None:
    """Makes another complete build in the output directory: the warehouse of the fixture, changed."""
    release_fixture.make_warehouse(settings.output_dir, **variables)
    with duckdb.connect(str(settings.warehouse)) as connection:
        for statement in statements:
            connection.execute(statement)


def report(settings) -> dict[str, str]:
    """Returns the files of the change report of the current release."""
    return {path.name: path.read_text(encoding="utf-8") for path in (settings.current / "changes").iterdir()}


def rows(text: str) -> list[dict]:
    return list(csv.DictReader(text.splitlines()))


REVISED = "update marts.cube_007_005b set numerator = 7731, value = 7731 / 4 where geo_code = '710001'"
SUPPRESSED = (
    "update marts.stat_013_008 set numerator = null, denominator = null, value = null, lower_95 = null, "
    "upper_95 = null, status = 'small_cell' where reference_year = 2012 and geo_level = 'province'"
)
SHOWN = (
    "update marts.stat_013_008 set numerator = 12, denominator = 200, value = 120, status = 'published' "
    "where reference_year = 2014 and geo_level = 'province'"
)
ADDED = "insert into marts.cube_007_005b select * replace (2021 as reference_year) from marts.cube_007_005b"


def test_the_first_release_has_a_report_that_says_so(settings):
    assert sorted(report(settings)) == REPORT
    assert "no last release" in report(settings)["changes.md"]


def test_the_report_counts_what_changed_and_a_release_of_the_same_build_keeps_it(settings):
    (secret,) = (
        duckdb.connect(str(settings.public_file), read_only=True)
        .execute("select numerator from stat_013_008 where reference_year = 2012 and geo_level = 'province'")
        .fetchone()
    )
    hidden = "update marts.stat_013_008 set numerator = null, value = null, status = 'small_cell' where reference_year = 2014 and geo_level = 'province'"
    build(settings, hidden)
    publish.publish(settings)
    build(settings, REVISED, SUPPRESSED, SHOWN, ADDED, "delete from marts.cube_013_007 where geo_code = '01000'")
    release_fixture.record_run(settings.output_dir, geography_vintage=2019)
    found = publish.publish(settings).changes
    files = report(settings)
    counted = {
        (row["table_name"], row["reference_year"]): row
        for row in rows(files["changes.csv"])
        if set(list(row.values())[4:]) != {"0"}
    }
    assert {key: list(row.values())[2:] for key, row in counted.items() if key[0] != "cube_013_007"} == {
        ("cube_007_005b", "2020"): ["6", "6", "0", "0", "2", "0", "0"],
        ("cube_007_005b", "2021"): ["0", "6", "6", "0", "0", "0", "0"],
        ("stat_013_008", "2012"): ["3", "3", "0", "0", "0", "1", "0"],
        ("stat_013_008", "2014"): ["3", "3", "0", "0", "0", "0", "1"],
    }
    assert [row["rows_removed"] for key, row in counted.items() if key[0] == "cube_013_007"] == ["3"] * 10
    assert found.totals == {
        "rows_added": 6,
        "rows_removed": 30,
        "revised": 2,
        "newly_suppressed": 1,
        "newly_published": 1,
    }
    assert json.loads(files["changes.json"])["totals"] == found.totals
    assert "| cube_007_005b | 2020 | 6 | 6 | 0 | 0 | 2 | 0 | 0 |" in files["changes.md"]
    listed = [tuple(row.values())[:4] for row in rows(files["changed_cells.csv"])]  # statistic, year, unit
    assert listed == sorted(listed) and len({code for code, *_ in listed}) == 2
    cells = {(row["change"], row["reference_year"], row["geo_code"]): row for row in rows(files["changed_cells.csv"])}
    revised = cells["revised", "2020", "710001"]
    assert (revised["numerator_before"], revised["numerator_now"], revised["denominator_now"]) == ("10", "7731", "4")
    gone = cells["newly_suppressed", "2012", "21000"]
    assert (
        secret is not None
        and [value for name, value in gone.items() if "_before" in name or "_now" in name] == [""] * 4
    )
    assert cells["newly_published", "2014", "21000"]["numerator_now"] == "12"
    assert "| geography_vintage | 2025 | 2019 |" in files["changes.md"]
    publish.publish(settings)
    assert report(settings) == files


def test_a_revised_denominator_does_not_show_a_numerator_that_is_now_suppressed(settings):
    build(
        settings,
        "update marts.stat_013_008 set numerator = null, denominator = 201, value = null, status = 'small_cell' "
        "where reference_year = 2012 and geo_level = 'province'",
    )
    publish.publish(settings)
    (row,) = [row for row in rows(report(settings)["changed_cells.csv"]) if row["change"] == "revised"]
    assert (row["numerator_before"], row["numerator_now"]) == ("", "")
    assert (row["denominator_before"], row["denominator_now"]) == ("200", "201")


def test_a_lost_year_stops_the_release_and_an_option_lets_it_go(settings, monkeypatch, capsys):
    before = os.readlink(settings.current)
    monkeypatch.setenv("ATLAS_OUTPUT_DIR", str(settings.output_dir))
    build(settings, years=8)
    assert main(["release"]) == os.EX_DATAERR
    message = capsys.readouterr().err
    assert "2018 (cube_013_007, stat_013_008); 2019 (" in message and "--drop-years 2018,2019" in message
    assert os.readlink(settings.current) == before
    assert main(["release", "--drop-years", "2018"]) == os.EX_DATAERR
    assert "lose: 2019 (" in capsys.readouterr().err
    assert main(["release", "--drop-years", "2018, 2019"]) == 0
    assert os.readlink(settings.current) != before


def test_a_year_that_all_tables_lose_is_named_once(settings):
    build(settings, "update marts.cube_007_005b set reference_year = 2010")
    with pytest.raises(InputError, match=r"lose: 2020 \(cube_007_005b\)"):
        publish.publish(settings)
    for table in ("cube_013_007", "stat_013_008", "cube_007_005b"):
        build(settings, f"delete from marts.{table} where reference_year >= 2019")
    build(settings, *(f"delete from marts.{table}" for table in release_fixture.STATISTICS), ADDED)
    with pytest.raises(InputError, match=r"2010 \(cube_013_007, stat_013_008\)"):
        publish.publish(settings)


def test_years_that_are_no_years_are_refused(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("ATLAS_OUTPUT_DIR", str(tmp_path))
    assert main(["release", "--drop-years", "2021;2022"]) == os.EX_DATAERR
    assert "--drop-years is '2021;2022'" in capsys.readouterr().err


def test_a_named_release_takes_the_place_of_the_current_one(settings, tmp_path):
    older = Path(shutil.copy(settings.public_file, tmp_path / "older.duckdb"))
    build(settings, REVISED)
    assert publish.publish(settings, last_release.read_options(str(older), None)).changes.totals["revised"] == 2
    for file in ("no_such.duckdb", "text.duckdb"):
        (tmp_path / "text.duckdb").write_text("no database")
        with pytest.raises(InputError, match=file):
            publish.publish(settings, last_release.read_options(str(tmp_path / file), None))


def test_a_release_of_another_kind_is_not_compared_with(settings, tmp_path):
    """Synthetic data have nothing to do with real ones; a release without suppression is never handed on."""
    real = "update quality.source_origin set is_synthetic = false"
    masked = publish.current_version(settings)
    build(settings, years=3, small_cell_threshold=0)
    with pytest.raises(InputError, match="would lose"):  # against the masked one
        publish.publish(settings)
    options = last_release.read_options(None, ",".join(str(year) for year in range(2013, 2020)))
    publish.publish(settings, options)
    build(settings)
    assert publish.publish(settings).changes.last_version == masked
    synthetic = Path(shutil.copy(settings.public_file, tmp_path / "synthetic.duckdb"))
    build(settings, real, years=3)
    assert publish.publish(settings).changes.last_version is None
    with pytest.raises(InputError, match="nothing in common"):
        publish.publish(settings, last_release.read_options(str(synthetic), None))


def test_the_newest_release_with_suppression_of_each_kind_is_kept_for_the_next_one(settings):
    """Private and synthetic releases take its place as the current one and as the one before, as often as they are made."""
    masked = publish.current_version(settings)
    for _ in range(2):
        build(settings, small_cell_threshold=0)
        publish.publish(settings)
    build(settings, "update quality.source_origin set is_synthetic = false")
    real = publish.publish(settings).version
    for _ in range(2):
        build(settings, small_cell_threshold=0)
        private = publish.publish(settings).version
    assert {path.name.split(".")[0] for path in settings.releases.iterdir()} == {masked, real, private}
    for is_synthetic, version in ((True, masked), (False, real)):
        assert last_release.find(settings, last_release.Options(), is_synthetic=is_synthetic).version == version


def test_a_current_release_that_cannot_be_read_stops_the_release(settings):
    file = settings.public_file.resolve()
    file.unlink()
    with duckdb.connect(str(file)) as connection:
        connection.execute("create table release as select 'x' as version")
    with pytest.raises(AtlasError, match="cannot be read as a public file"):
        publish.publish(settings)


# The last release suppresses both ages of 2013; this one shows one of them, and the other is its total less that one.
SHOWN_AGE = (
    "update marts.cube_013_007 set numerator = 13, denominator = 100, value = 13 * 100.0 / 300, status = 'published' "
    f"where reference_year = 2013 and {AGE} = '0-9'"
)
WITHHELD = (
    "update marts.cube_013_007 set numerator = null, denominator = null, value = null, lower_95 = null, upper_95 = null, "
    "status = 'small_cell' from quality.withheld_cell as cell where cell.series = 'IMAG_SPEC_N' and cell.geo_code = "
    f"marts.cube_013_007.geo_code and cell.geo_level = marts.cube_013_007.geo_level and cell.{AGE} = "
    f"marts.cube_013_007.{AGE} and cell.reference_year = marts.cube_013_007.reference_year"
)


def test_what_falls_beside_the_last_release_is_suppressed_by_a_second_build(settings, monkeypatch, capsys):
    """`atlas release` records the cells and stops; `atlas build` builds again. dbt is a copy of the warehouse here."""
    monkeypatch.setenv("ATLAS_OUTPUT_DIR", str(settings.output_dir))
    build(settings, SHOWN_AGE)
    before = os.readlink(settings.current)
    assert main(["release"]) == 1
    assert "more rows must be suppressed" in capsys.readouterr().err and os.readlink(settings.current) == before
    with duckdb.connect(str(settings.warehouse)) as private:
        held = private.execute("from quality.withheld_cell order by all").fetchall()
        (again,) = private.execute("select reference_year from quality.built_year where publication is null").fetchall()
        private.execute("delete from quality.withheld_cell")
    place = ("0-9", True, "total")
    assert held == [(2013, "IMAG_SPEC_N", *unit, *place) for unit in UNITS] and again == (2013,)
    runs = []

    def run_dbt(settings, arguments):
        runs.append(arguments)
        if len(runs) > 1:  # as the model released_cell does
            with duckdb.connect(str(settings.warehouse)) as private:
                private.execute(WITHHELD)

    monkeypatch.setattr(building.runner, "run_dbt", run_dbt)
    monkeypatch.setattr(building, "make_demo", lambda *_: settings.demo_source)
    monkeypatch.setattr(building, "check_sources", lambda *_: [])
    assert main(["build"]) == 0
    assert len(runs) == 2 and runs[0] == runs[1] and publish.current_version(settings) in before
    with duckdb.connect(str(settings.public_file), read_only=True) as public:
        assert public.execute("select count(numerator) from cube_013_007 where reference_year = 2013").fetchone() == (
            3,
        )


UNITS = [("arrondissement", "21000"), ("country", "01000"), ("province", "21000")]


def test_what_the_last_release_gives_away_needs_consent_and_the_release_records_it(settings, monkeypatch, capsys):
    monkeypatch.setenv("ATLAS_OUTPUT_DIR", str(settings.output_dir))
    hidden = (
        "update marts.cube_013_007 set numerator = null, denominator = null, value = null, lower_95 = null, upper_95 = "
        f"null, status = 'small_cell' where reference_year = 2011 and {AGE} <> 'total'"
    )
    last = publish.current_version(settings)
    build(settings, hidden)
    release_fixture.record_run(settings.output_dir, small_cell_threshold=12)  # ages of 11 and 12 patients
    assert main(["release"]) == os.EX_NOPERM
    message = capsys.readouterr().err
    assert "cube_013_007, 2011, municipality" not in message and "cube_013_007, 2011, country: 01000 0-9" in message
    listed = (settings.output_dir / step.LISTED).read_text(encoding="utf-8").splitlines()
    assert listed[0] == f"table_name,reference_year,geo_level,geo_code,{AGE}" and len(listed) == 4
    assert main(["release", "--consent", " "]) == os.EX_DATAERR
    assert main(["release", "--consent", "decision 12 of the committee"]) == 0
    assert not (settings.output_dir / step.LISTED).exists()
    row = (last, "2011", 3, "decision 12 of the committee")
    with duckdb.connect(str(settings.public_file), read_only=True) as public:
        assert public.execute("from release_consent").fetchall() == [row]
    version = publish.current_version(settings)
    assert main(["release"]) == 0 and publish.current_version(settings) == version  # the record is kept
