"""The data of the pages equal the release in both directions, and what contradicts the release is rejected."""

import json
import math

import duckdb
import numpy as np
import pytest
from pages_reader import decoded_sectors, differing, read_data

from atlas.pages import cells, limits, sectors, write_pages
from atlas.pages.codec import HIDDEN, decode_integers, encode_integers
from atlas.pages.statistic import Statistic, read_statistics
from atlas.settings import AtlasError


def test_integers_survive_encoding():
    values = [0, -1, -3, 7, 7, 8, 300, -2, 2**30, 0, -1, -1]
    assert decode_integers(encode_integers(values, 4), 4) == values


def test_every_cell_equals_the_release_in_both_directions(pages_folder, release_rows):
    assert not differing(pages_folder, release_rows)


def test_every_sector_equals_the_release_in_both_directions(pages_folder, public_file, release_rows):
    found = decoded_sectors(pages_folder)
    assert list(found) == [
        code
        for (code,) in release_rows(
            "select distinct code from statistic where smallest_level = 'statistical_sector' order by 1"
        )
    ]
    with duckdb.connect(str(public_file), read_only=True) as connection:
        for code, held in found.items():
            wanted = connection.execute(
                f"""select municipality_code, cell.geo_code, reference_year, coalesce(numerator, {HIDDEN}) as numerator,
                coalesce(denominator, {HIDDEN}) as denominator, status
                from {code} as cell
                left join geographic_unit as unit on cell.geo_level = unit.geo_level and cell.geo_code = unit.geo_code
                where cell.geo_level = 'statistical_sector'
                order by arrondissement_code, municipality_code, cell.geo_code, reference_year"""
            ).fetchnumpy()
            status = wanted.pop("status")
            hidden, empty = held["numerator"] == HIDDEN, held["denominator"] == 0
            assert len(status) > 0 and hidden.any()
            assert (status == np.where(hidden, "small_cell", np.where(empty, "empty", "published"))).all()
            for name, column in wanted.items():
                assert (column == held[name]).all(), (code, name)


@pytest.mark.parametrize(
    ("rows_of_table", "message"),
    [
        ("('A1', 2020, 3, 7, 'small_cell')", "contradict their status"),
        ("('A1', 2020, null, 7, 'published')", "contradict their status"),
        ("('A1', 2020, 3, 7, 'published'), ('B9', 2020, 3, 7, 'published')", "does not hold"),
    ],
)
def test_a_sector_that_contradicts_the_release_is_rejected(rows_of_table, message):
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            create table geographic_unit as select 'statistical_sector' as geo_level, 'A1' as geo_code, '1' as municipality_code, '2' as arrondissement_code;
            create table stat as select 'statistical_sector' as geo_level, cell.* from (values {rows_of_table}) as cell (geo_code, reference_year, numerator, denominator, status);
            """
        )
        with pytest.raises(AtlasError, match=message):
            sectors.read_counts(connection, "stat", [2020], True)


def test_all_statistics_of_the_release_are_in_the_pages(pages_folder, release_rows):
    meta = json.loads(read_data(pages_folder, "meta"))
    assert [s["code"] for s in meta["statistics"]] == [
        code for (code,) in release_rows("select distinct code from statistic order by 1")
    ]


def test_a_statistic_without_a_published_year_is_not_in_the_pages():
    with duckdb.connect() as connection:
        connection.execute(
            """
            create table geo_level as select 'country' as geo_level, 1 as sort_order;
            create table statistic (code text, measure text, per integer, filters text);
            insert into statistic values ('stat_1', 'count', null, null), ('cube_1', 'count', null, 'kind');
            create table kind as select 'total' as kind, 1 as sort_order;
            create table stat_1 as select 2013 as reference_year, 'country' as geo_level, '01000' as geo_code,
                7 as numerator, null::integer as denominator, 'published' as status;
            create table cube_1 as select *, 'total' as kind from stat_1 where reference_year = 2015;
            """
        )
        units = [{"level": "country", "code": "01000"}]
        found = read_statistics(connection, units)
        home = []
        for statistic in found:
            n, d, _ = cells.read_cells(connection, statistic, units)
            home.append(cells.home_cells(statistic, units, n, d))
    assert home == [["stat_1", 2013, []]]


def test_a_packer_that_writes_zero_for_suppressed_cells_is_caught(two_statistics, release_rows, tmp_path, monkeypatch):
    monkeypatch.setattr(
        cells,
        "encode_cell",
        lambda _, numerator, denominator, __: (numerator or 0, -2 if denominator is None else denominator),
    )
    write_pages(two_statistics, tmp_path)
    assert "cube_013_007" in differing(tmp_path, release_rows)


def test_a_cell_that_contradicts_its_status_is_rejected():
    share = Statistic("cube", "share", 100, [], [], {}, [2020], False)
    assert cells.encode_cell(share, None, 7, "small_cell") == (HIDDEN, 7)
    for numerator, denominator, status in [
        (3, 7, "small_cell"),
        (None, 7, "published"),
        (3, 0, "published"),
        (3, None, "published"),
    ]:
        with pytest.raises(AtlasError, match="cube"):
            cells.encode_cell(share, numerator, denominator, status)


def test_poisson_limits_leave_a_fortieth_on_each_side():
    """Exact below 10 events by the definition of the limits; Byar's approximation from 10 on within 2 % of the tail."""

    def at_most(count: int, mean: float) -> float:
        return sum(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(count + 1))

    for events, precision in [*((n, 1e-9) for n in range(10)), (10, 0.02), (65, 0.02), (400, 0.02)]:
        lower, upper = limits.poisson(events, 1, 1, 1)
        assert at_most(events, upper) == pytest.approx(0.025, rel=precision)
        assert lower == 0 if events == 0 else 1 - at_most(events - 1, lower) == pytest.approx(0.025, rel=precision)
    assert limits.poisson(5, 104, 1000, 2.7)[0] == 0  # as in the tables: a rate is not negative
