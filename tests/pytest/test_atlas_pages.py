"""The pages of a release: their data equal the release in both directions, and a browser shows them without network, by keyboard, in three languages.

They share one release. ATLAS_PAGES_RELEASE (a public file) takes the place of the small release of the tests.
"""

import contextlib
import csv
import hashlib
import io
import itertools
import json
import math
import os
import re
import shutil
import struct
import time
import xml.etree.ElementTree
import zlib
from pathlib import Path

import duckdb
import numpy as np
import pytest
from browser import Page, open_browser, served
from dbt_runs import totals
from firefox import open_firefox

from atlas.pages import packer, prose, sectors, shrink, single, write_pages
from atlas.pages.codec import ABSENT, HIDDEN, decode_integers, encode_integers, read_chunk
from atlas.pages.texts import FILE as TEXTS
from atlas.settings import AtlasError

LANGUAGES = ("nl", "fr", "en")


@pytest.fixture(scope="session")
def public_file(request) -> Path:
    """The public file of the release that all tests here share."""
    named = os.environ.get("ATLAS_PAGES_RELEASE")
    return Path(named) if named else request.getfixturevalue("published") / "atlas.duckdb"


@pytest.fixture(scope="session")
def folder(public_file, tmp_path_factory) -> Path:
    """The pages of the release. Read only."""
    folder = tmp_path_factory.mktemp("pages")
    write_pages(public_file, folder)
    return folder


@pytest.fixture(scope="session")
def two_statistics(public_file, tmp_path_factory) -> Path:
    """The release with two statistics only: quick to pack. Copy before changing."""
    path = tmp_path_factory.mktemp("two") / "atlas.duckdb"
    shutil.copy(public_file, path)
    with duckdb.connect(str(path)) as connection:
        connection.execute("delete from statistic where code not in ('cube_013_007', 'cube_007_006b')")
        connection.execute("delete from statistic_remark where code not in ('cube_013_007', 'cube_007_006b')")
    return path


@pytest.fixture(scope="session")
def browser():
    """One Chromium for all tests here."""
    with open_browser() as started:
        yield started


@pytest.fixture(scope="session")
def page(browser, folder):
    """One tab that opened the pages by double click; every test goes to its own state."""
    page = Page(browser, f"file://{folder}/index.html")
    page.go("v=about&l=en")
    yield page
    page.close()


@pytest.fixture(scope="session")
def rows(public_file):
    """A function that returns the rows of a query on the release."""
    with duckdb.connect(str(public_file), read_only=True) as connection:
        yield lambda sql: connection.execute(sql).fetchall()


@pytest.fixture(scope="session")
def shown(rows) -> dict:
    """A municipality with a published value of cube_013_007 in the last year, and that year."""
    (year,) = rows("select max(reference_year) from cube_013_007")[0]
    code = rows(
        f"""select geo_code from stat_013_007 where geo_level = 'municipality' and reference_year = {year}
        and status = 'published' order by denominator desc, 1"""
    )[0][0]
    return {"year": year, "code": code}


def statistics(connection) -> list[tuple]:
    """Returns code, measure and factor of every statistic."""
    return connection.execute(
        "select code, any_value(measure), any_value(per) from statistic group by 1 order by 1"
    ).fetchall()


def columns_of(connection, table: str) -> list[str]:
    """Returns the columns of a table."""
    return [row[0] for row in connection.execute(f"describe {table}").fetchall()]


def part_of(folder: Path) -> Path:
    """Returns the folder of code and data of the pages."""
    (part,) = folder.glob("atlas-*")
    return part


def read_data(folder: Path, name: str) -> bytes:
    """Returns the content of a data file of the pages."""
    found, data = read_chunk((part_of(folder) / "data" / f"{name}.js").read_text(encoding="ascii"))
    assert found == name
    return data


def decoded_cells(folder: Path, statistic: dict, units: list) -> set[tuple]:
    """Returns the cells of a statistic as the pages hold them: (level, code, year, filters, numerator, denominator, value, status)."""
    years = statistic["years"]
    inside = [unit for unit in units if unit[0] in statistic["levels"]]
    keys = itertools.product(inside, itertools.product(*statistic["filters"].values()), years)
    n = decode_integers(read_data(folder, statistic["code"]), len(years))
    d = (
        decode_integers(read_data(folder, statistic["denominator"]), len(years))
        if statistic["denominator"]
        else [None] * len(n)
    )
    cells = set()
    for (unit, filters, year), numerator, denominator in zip(keys, n, d, strict=True):
        if numerator == ABSENT:
            continue
        status = "small_cell" if numerator == HIDDEN else "empty" if denominator == 0 else "published"
        numerator = None if numerator == HIDDEN else numerator
        denominator = None if denominator == HIDDEN else denominator
        value = None
        if status == "published":
            value = float(numerator) if denominator is None else statistic["per"] * numerator / denominator
        cells.add((unit[0], unit[1], year, filters, numerator, denominator, value, status))
    return cells


def released_cells(rows, statistic: dict) -> set[tuple]:
    """Returns the cells of a statistic as the release holds them, in the form of decoded_cells."""
    filters = list(statistic["filters"])
    found = rows(
        f"select {', '.join(['geo_level', 'geo_code', 'reference_year', *filters, 'numerator', 'denominator', 'value', 'status'])} "
        f"from {statistic['code']} where geo_level <> 'statistical_sector'"
    )
    last = 3 + len(filters)
    return {(*row[:3], row[3:last], *row[last:]) for row in found}


def integers_of(data: bytes) -> np.ndarray:
    """Returns the steps behind varints of zigzag integers: what encode_integers wrote, before differences are added."""
    bytes_ = np.frombuffer(data, dtype=np.uint8).astype(np.int64)
    ends = np.flatnonzero(bytes_ < 128)
    starts = np.concatenate(([0], ends[:-1] + 1))
    shifts = np.arange(len(bytes_)) - np.repeat(starts, ends - starts + 1)
    values = np.add.reduceat((bytes_ & 127) << (7 * shifts), starts)
    return (values >> 1) ^ -(values & 1)


def decoded_sectors(folder: Path) -> dict[str, dict[str, np.ndarray]]:
    """Returns the cells of sectors as the pages hold them, by statistic: arrays municipality, code, year, numerator,
    denominator (HIDDEN where suppressed), in the order of arrondissement, municipality, code and year.
    """
    meta = json.loads(read_data(folder, "meta"))
    years = {s["code"]: s["years"] for s in meta["statistics"]}
    codes = meta["sectors"]["codes"]
    parts = {code: [] for code in codes}
    for arrondissement in sorted(meta["sectors"]["sizes"]):
        head, _, data = read_data(folder, f"sectors_{arrondissement}").partition(b"\n")
        head = json.loads(head)
        places = [(municipality, unit[0]) for municipality, inside in head["units"] for unit in inside]
        owners = [*codes, *(codes[first] for first in head["denominators"])]
        sizes = [len(places) * len(years[owner]) for owner in owners]
        steps = integers_of(data)
        assert len(steps) == sum(sizes)
        lists = [
            np.cumsum(part.reshape(len(places), -1), axis=1).ravel() for part in np.split(steps, np.cumsum(sizes)[:-1])
        ]
        for code, n, of in zip(codes, lists, head["of"], strict=False):
            municipality, sector = (
                np.repeat(np.array(column), len(years[code])) for column in zip(*places, strict=True)
            )
            cells = [municipality, sector, np.tile(years[code], len(places)), n, lists[len(codes) + of]]
            parts[code].append([column[n != ABSENT] for column in cells])
    names = ("municipality_code", "geo_code", "reference_year", "numerator", "denominator")
    return {
        code: {name: np.concatenate(found) for name, *found in zip(names, *arrays, strict=True)}
        for code, arrays in parts.items()
    }


def differing(folder: Path, rows) -> list[str]:
    """Returns the statistics whose cells in the pages are not those of the release."""
    meta = json.loads(read_data(folder, "meta"))
    return [s["code"] for s in meta["statistics"] if decoded_cells(folder, s, meta["units"]) != released_cells(rows, s)]


# The data


def test_integers_survive_encoding():
    values = [0, -1, -3, 7, 7, 8, 300, -2, 2**30, 0, -1, -1]
    assert decode_integers(encode_integers(values, 4), 4) == values


def test_every_cell_equals_the_release_in_both_directions(folder, rows):
    assert not differing(folder, rows)


def test_every_sector_equals_the_release_in_both_directions(folder, public_file, rows):
    found = decoded_sectors(folder)
    assert list(found) == [
        code
        for (code,) in rows(
            "select distinct code from statistic where smallest_level = 'statistical_sector' order by 1"
        )
    ]
    with duckdb.connect(str(public_file), read_only=True) as connection:
        for code, cells in found.items():
            wanted = connection.execute(
                f"""select municipality_code, cell.geo_code, reference_year, coalesce(numerator, {HIDDEN}) as numerator,
                coalesce(denominator, {HIDDEN}) as denominator, status
                from {code} as cell
                left join geographic_unit as unit on cell.geo_level = unit.geo_level and cell.geo_code = unit.geo_code
                where cell.geo_level = 'statistical_sector'
                order by arrondissement_code, municipality_code, cell.geo_code, reference_year"""
            ).fetchnumpy()
            status = wanted.pop("status")
            hidden, empty = cells["numerator"] == HIDDEN, cells["denominator"] == 0
            assert len(status) > 0 and hidden.any()
            assert (status == np.where(hidden, "small_cell", np.where(empty, "empty", "published"))).all()
            for name, column in wanted.items():
                assert (column == cells[name]).all(), (code, name)


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


def test_all_statistics_of_the_release_are_in_the_pages(folder, rows):
    meta = json.loads(read_data(folder, "meta"))
    assert [s["code"] for s in meta["statistics"]] == [
        code for (code,) in rows("select distinct code from statistic order by 1")
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
        found = packer.read_statistics(connection, units)
        home = []
        for statistic in found:
            n, d, _ = packer.read_cells(connection, statistic, units)
            home.append(packer.home_cells(statistic, units, n, d))
    assert home == [["stat_1", 2013, []]]


def test_a_packer_that_writes_zero_for_suppressed_cells_is_caught(two_statistics, rows, tmp_path, monkeypatch):
    monkeypatch.setattr(
        packer,
        "encode_cell",
        lambda _, numerator, denominator, __: (numerator or 0, -2 if denominator is None else denominator),
    )
    write_pages(two_statistics, tmp_path)
    assert "cube_013_007" in differing(tmp_path, rows)


def test_a_cell_that_contradicts_its_status_is_rejected():
    share = packer.Statistic("cube", "share", 100, [], [], {}, [2020], False)
    assert packer.encode_cell(share, None, 7, "small_cell") == (HIDDEN, 7)
    for numerator, denominator, status in [
        (3, 7, "small_cell"),
        (None, 7, "published"),
        (3, 0, "published"),
        (3, None, "published"),
    ]:
        with pytest.raises(AtlasError, match="cube"):
            packer.encode_cell(share, numerator, denominator, status)


def test_same_release_gives_the_same_bytes(public_file, folder, tmp_path):
    """Written again in this process, or by the release command in another one."""
    again = public_file.parent / "site"
    if "ATLAS_PAGES_RELEASE" in os.environ:
        write_pages(public_file, again := tmp_path)
    first, second = (
        {path.relative_to(base): path.read_bytes() for path in [base / "index.html", *part_of(base).rglob("*.*")]}
        for base in (folder, again)
    )
    assert first == second


def test_pages_name_no_column_of_persons(folder):
    words = re.compile(rb"person_id|ss0\d{4}|pp00\d\d\b(?!:)|birth_date", re.IGNORECASE)
    for path in (part_of(folder) / "data").glob("*.js"):
        if not path.stem.startswith("card_"):  # cards name the source variables of the published definition
            assert not words.search(read_data(folder, path.stem)), path.name


def test_limits_of_the_table_are_those_of_the_page(public_file, folder, browser):
    """Computed where they are Wilson's, read where they are not: both within the rounding that the pages show."""
    page = Page(browser, f"file://{folder}/index.html").go("v=about&l=en")
    with duckdb.connect(str(public_file), read_only=True) as connection:
        for code, stat, digits in (("cube_013_007", "stat_013_007", 1e-9), ("cube_013_008", "stat_013_008", 0.006)):
            found = page.tab.evaluate(
                """async (code) => {
                    const table = await ATLAS.loadTable(code), out = [];
                    for (const year of table.statistic.years)
                        for (const cell of ATLAS.cellsOf(table, { mode: "values", filters: {} }, "arrondissement", year))
                            out.push([cell.unit.code, year, cell.lower, cell.upper]);
                    return out;
                }""",
                code,
            )
            wanted = connection.execute(
                f"select geo_code, reference_year, lower_95, upper_95 from {stat} where geo_level = 'arrondissement'"
            ).fetchall()
            wanted = {row[:2]: row[2:] for row in wanted}
            assert len(found) == len(wanted) > 0
            for unit, year, *limits in found:
                for limit, expected in zip(limits, wanted[unit, year], strict=True):
                    assert (limit is None) == (expected is None)
                    assert limit is None or abs(limit - expected) <= digits * max(
                        1, abs(expected) if digits < 1e-6 else 1
                    )
    page.close()


def test_poisson_limits_leave_a_fortieth_on_each_side():
    """Exact below 10 events by the definition of the limits; Byar's approximation from 10 on within 2 % of the tail."""

    def at_most(count: int, mean: float) -> float:
        return sum(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(count + 1))

    for events, precision in [*((n, 1e-9) for n in range(10)), (10, 0.02), (65, 0.02), (400, 0.02)]:
        lower, upper = packer.poisson(events, 1, 1, 1)
        assert at_most(events, upper) == pytest.approx(0.025, rel=precision)
        assert lower == 0 if events == 0 else 1 - at_most(events - 1, lower) == pytest.approx(0.025, rel=precision)
    assert packer.poisson(5, 104, 1000, 2.7)[0] == 0  # as in the tables: a rate is not negative


# The files


def test_static_files_are_made_from_the_source():
    assert (shrink.STATIC / "source.sha256").read_text() == shrink.checksums(), "run python -m atlas.pages.shrink"


def test_code_loads_nothing_from_elsewhere_and_stores_nothing(folder):
    html = (folder / "index.html").read_text(encoding="utf-8")
    code = (part_of(folder) / "code" / "atlas.js").read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)[1]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
    assert not re.search(r"<script(?![^>]*src=)|\son\w+=|<style|\sstyle=|https?://", html)
    assert not re.search(
        r"localStorage|sessionStorage|indexedDB|document\.cookie|fetch\(|XMLHttpRequest|WebSocket|sendBeacon|\beval\(|new Function|Worker\(|import\(",
        code,
    )
    assert set(re.findall(r"https?://[^\"'` ]+", code)) <= {"http://www.w3.org/2000/svg"}


def test_sizes(folder):
    code = sum(p.stat().st_size for p in [folder / "index.html", *(part_of(folder) / "code").iterdir()])
    data = {p.stem: p.stat().st_size for p in (part_of(folder) / "data").iterdir()}
    meta = json.loads(read_data(folder, "meta"))
    shared = code + data["meta"] + data["text_en"] + data["card_en"] + data["geometry"]
    assert code <= 60_000
    for statistic in meta["statistics"]:
        own = [
            statistic["code"],
            statistic["denominator"],
            *(f"{part}_{statistic['code']}" for part in ("limits", "standardised")),
        ]
        assert shared + sum(data.get(name, 0) for name in own) <= 400_000
    of_sectors = [size for name, size in data.items() if name.startswith("sectors_")]
    assert code + sum(data.values()) - sum(of_sectors) <= 1_500_000 and max(of_sectors) <= 100_000


def test_every_file_of_the_release_is_linked(folder, public_file):
    exports = public_file.parent / "exports"
    for language in LANGUAGES:
        links = re.findall(r'href="\.\./exports/([^"]+)"', json.loads(read_data(folder, f"about_{language}")))
        assert sorted(links) == sorted(
            path.relative_to(exports).as_posix() for path in exports.rglob("*") if path.is_file()
        )


def test_every_text_is_there_is_used_and_is_translated():
    with TEXTS.open(encoding="utf-8", newline="") as file:
        texts = {row["key"]: row for row in csv.DictReader(file)}
    code = "\n".join(p.read_text(encoding="utf-8") for p in sorted((shrink.SOURCE / "code").glob("*.js")))
    code += "\n".join(Path(module.__file__).read_text(encoding="utf-8") for module in (prose, packer))
    for row in texts.values():
        assert all(row[language].strip() for language in LANGUAGES), row["key"]
        assert len({tuple(sorted(re.findall(r"\{\w+\}", row[language]))) for language in LANGUAGES}) == 1, row["key"]
        if len(row["nl"]) > 30:
            assert len({row[language] for language in LANGUAGES}) == 3, row["key"]
    used = set(re.findall(r'\bt\("(\w+)"', code))
    assert used <= set(texts), used - set(texts)
    patterns = [
        re.escape(text).replace(r"\$\{\}", r"\w+")
        for text in (re.sub(r"\$\{[^}]*\}", "${}", m) for m in re.findall(r"\bt\(`([^`]+)`", code))
    ]
    quoted = set(re.findall(r"""["'](\w+)["']""", code))
    unused = [
        key
        for key in texts
        if key not in used and key not in quoted and not any(re.fullmatch(pattern, key) for pattern in patterns)
    ]
    assert not unused


def test_boundaries_are_the_published_ones():
    checksum = hashlib.sha256(
        (Path(packer.__file__).parent / "boundaries" / "municipality_2025.topojson").read_bytes()
    ).hexdigest()
    assert checksum in (Path(packer.__file__).parent / "boundaries" / "README.md").read_text(encoding="utf-8")


def test_colours_of_the_map_differ_for_the_colour_blind():
    """Neighbouring classes and the three colours of the comparison, as seen without red, green or blue cones (Machado et al. 2009), by lightness."""
    style = (shrink.SOURCE / "code" / "atlas.css").read_text(encoding="utf-8")
    colours = {
        name: [int(code[i : i + 2], 16) for i in (0, 2, 4)]
        for name, code in re.findall(r"--(c\d|up|same|down): #(\w{6})", style)
    }
    seen = {
        "full": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
        "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
        "tritanopia": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
    }

    def lightness(colour, matrix):
        linear = [(c / 255 / 12.92) if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
        red, green, blue = (min(1, max(0, sum(m * c for m, c in zip(row, linear, strict=True)))) for row in matrix)
        return 116 * (0.2126 * red + 0.7152 * green + 0.0722 * blue) ** (1 / 3) - 16

    for matrix in seen.values():
        for scale in (["c0", "c1", "c2", "c3", "c4"], ["same", "down", "up"]):
            steps = [lightness(colours[name], matrix) for name in scale]
            assert all(a - b > 8 for a, b in itertools.pairwise(steps)), (scale, steps)


# The browser


def test_opens_by_double_click_without_network(page, folder):
    page.go("v=statistic&l=en")
    assert page.text("h1") and not page.errors
    assert all(address.startswith((f"file://{folder}/", "data:")) for address in page.requests)


def test_opens_from_a_web_server(browser, folder):
    with served(folder) as address:
        page = Page(browser, f"{address}/index.html").go("v=statistic&l=nl")
        page.tab.wait_for_selector("#map path")
        assert not page.errors and all(request.startswith((address, "data:")) for request in page.requests)
        page.close()


def test_one_file_holds_all_pages(browser, folder, tmp_path, shown):
    (tmp_path / "atlas.html").write_text(single.single_page(folder), encoding="utf-8", newline="\n")
    page = Page(browser, f"file://{tmp_path}/atlas.html")
    for state in ("v=statistic&l=nl", f"v=place&p=municipality:{shown['code']}&sectors=1&l=fr", "v=about&l=en"):
        page.go(state)
        assert page.text("h1") and not page.errors
    assert {request.split("#")[0] for request in page.requests} - {"data:,"} == {f"file://{tmp_path}/atlas.html"}
    assert not page.tab.is_visible("a[href^='../exports/']")
    page.close()
    with pytest.raises(AtlasError, match="no atlas pages"):
        single.single_page(tmp_path)


def test_cells_in_the_browser_equal_the_release(page, rows):
    page.go("v=about&l=en")
    for code in ("cube_013_007", "cube_007_006b"):
        found = page.tab.evaluate(
            """async (code) => {
                const table = await ATLAS.loadTable(code), { statistic } = table, out = [];
                const age = statistic.filters.age_category || [null];
                for (const unit of ATLAS.units) if (table.places.has(unit.id)) for (const value of age) for (const year of statistic.years) {
                    const cell = ATLAS.cellOf(table, unit, value === null ? {} : { age_category: value }, year);
                    if (cell.status !== "absent") out.push([unit.level, unit.code, year, cell.n, cell.d, cell.value, cell.status, value]);
                }
                return JSON.stringify(out);
            }""",
            code,
        )
        age = "null" if code == "cube_007_006b" else "age_category"
        wanted = rows(
            f"select geo_level, geo_code, reference_year, numerator, denominator, value, status, {age} from {code}"
            f" where {totals(rows, 'statistic', code, 'age_category')}"
        )
        assert {tuple(row) for row in json.loads(found)} == set(wanted)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_table_opens_and_counts_what_is_suppressed(page, rows, language):
    level = "municipality" if language == "en" else "province"  # the long lists once
    hospitals = {code for (code,) in rows("select distinct code from statistic where smallest_level = 'hospital'")}
    for code, title in rows(f"select code, title from statistic where language = '{language}' order by code"):
        page.go(f"v=statistic&s={code}&g={level}&l={language}")
        assert page.text("h1").startswith(" ".join(title.split()))
        if code in hospitals:
            continue
        ((filters,),) = rows(f"select any_value(filters) from statistic where code = '{code}'")
        totals = [f"{name} = 'total'" for name in filter(None, (filters or "").split(";"))]
        where = " and ".join([*totals, f"geo_level = '{level}'"])
        counts = dict(
            rows(
                f"select status, count(*) from {code} where {where} and reference_year = (select max(reference_year) from {code}) group by 1"
            )
        )
        listed = page.tab.evaluate(
            "() => [...document.querySelectorAll('#ranking tbody tr')].map((row) => row.cells[0].textContent)"
        )
        assert len(listed) == sum(counts.values())
        assert sum(rank != "–" for rank in listed) == counts.get("published", 0)
        assert page.tab.evaluate("() => document.querySelectorAll('#areas .hidden').length") == counts.get(
            "small_cell", 0
        )
    assert not page.errors


def test_rank_and_value_equal_sql(page, rows, shown):
    page.go(f"v=statistic&s=cube_013_007&p=municipality:{shown['code']}&l=en")
    cells = "stat_013_007 where geo_level = 'municipality' and status = 'published' and reference_year = " + str(
        shown["year"]
    )
    ((value,),) = rows(f"select value from {cells} and geo_code = '{shown['code']}'")
    ((rank, count),) = rows(f"select 1 + count(*) filter (where value > {value!r}), count(*) from {cells}")
    sentence = page.text("#sentence")
    assert f"{value:.1f} %" in sentence and f"Rank {rank:,} of {count:,} " in sentence
    marked = page.tab.evaluate("() => document.querySelector('#ranking tr[aria-current]').cells[0].textContent")
    assert marked == f"{rank:,}"


def test_language_changes_without_losing_the_state(page, shown):
    page.go(f"v=statistic&s=cube_013_007&p=municipality:{shown['code']}&age_category=40-49&g=arrondissement&l=en")
    page.settle(lambda: page.tab.click("#languages a[lang=fr]"))
    assert {"age_category=40-49", "g=arrondissement", f"p=municipality:{shown['code']}", "l=fr"} <= set(
        page.tab.url.split("#")[1].split("&")
    )
    assert page.tab.evaluate("() => document.documentElement.lang") == "fr"


@pytest.mark.parametrize(
    "state",
    [
        "v=statistic&s=<img src=x onerror=alert(1)>&l=en",
        "v=statistic&s=cube_013_007&p=municipality:%3Cscript%3Ealert(1)%3C/script%3E&l=en",
        "v=__proto__&s=constructor&y=9999&g=toString&m=hasOwnProperty&l=xx",
        "%E0%A4%A&v=place&p=%00&l=en",
        "v=statistic&s=../../secret&y=-1&age_category=%22%3E%3Csvg/onload=alert(1)%3E&l=nl",
        "v=hospital&s=cube_013_007&p=hospital:1&l=en",
        "v=confidentiality&y=1e9&l=en",
    ],
)
def test_hostile_addresses_fall_back(page, folder, state):
    dialogs = []
    page.tab.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    before = len(page.requests)
    page.go(state)
    assert page.text("h1") and not dialogs and not page.errors
    assert page.tab.evaluate("() => document.querySelectorAll('main img, main script').length") == 0
    assert all(
        address.startswith(
            (
                f"file://{folder}/index.html",
                f"file://{part_of(folder)}/code/",
                f"file://{part_of(folder)}/data/",
                "data:",
            )
        )
        for address in page.requests[before:]
    )


def test_link_gives_its_state_back(page, shown):
    for state in (
        f"v=statistic&s=cube_013_008&y={shown['year']}&age_category=40-49&g=province&o=low&p=municipality:{shown['code']}&l=nl",
        f"v=place&p=municipality:{shown['code']}&l=fr",
    ):
        page.go(state)
        again = page.tab.evaluate(
            "(hash) => { const s = ATLAS.readState(hash); return ATLAS.linkTo(ATLAS.readState(ATLAS.linkTo(s))) === ATLAS.linkTo(s); }",
            f"#{state}",
        )
        assert again
        assert set(state.split("&")) <= set(
            page.tab.evaluate("() => ATLAS.linkTo(ATLAS.readState(location.hash))").removeprefix("#").split("&")
        ) | {f"y={shown['year']}"}


def test_everything_by_keyboard(browser, folder, rows, shown):
    """Home, a place by its name, a statistic, year, ranking and download with keys alone."""
    page = Page(browser, f"file://{folder}/index.html").go("v=home&l=nl")
    keyboard = page.tab.keyboard
    ((name,),) = rows(
        f"select name_nl from geographic_unit where geo_level = 'municipality' and geo_code = '{shown['code']}'"
    )
    page.tab.keyboard.press("Tab")
    assert page.tab.evaluate("() => document.activeElement.id") == "skip"
    page.tab.focus("#place")
    keyboard.type(f"{name} (gemeente)")
    page.settle(lambda: keyboard.press("Enter"))
    assert page.text("h1") == name and page.tab.evaluate("() => document.activeElement.id") == "title"
    page.tab.focus("table.profile a")
    page.settle(lambda: keyboard.press("Enter"))
    assert page.tab.query_selector("#ranking")
    page.tab.focus("#year")
    page.settle(lambda: keyboard.press("ArrowLeft"))
    assert f"y={shown['year'] - 1}" in page.tab.url and page.tab.evaluate("() => document.activeElement.id") == "year"
    assert page.tab.evaluate("() => document.querySelectorAll('#ranking a[tabindex=\"0\"]').length") == 1
    page.tab.focus("#ranking a[tabindex='0']")
    chosen = page.tab.evaluate("() => document.activeElement.id")
    keyboard.press("ArrowUp")
    keyboard.press("End")
    assert page.tab.evaluate("() => document.activeElement.closest('tr').matches('tr:last-child')")
    keyboard.press("Home")
    keyboard.press("ArrowDown")
    page.settle(lambda: keyboard.press("Enter"))
    assert page.tab.evaluate("() => [document.activeElement.id, document.activeElement.tabIndex]") != [chosen, 0]
    assert page.tab.evaluate("() => document.activeElement.closest('tr').hasAttribute('aria-current')")
    keyboard.press("Tab")  # one step leaves the list
    assert page.tab.evaluate("() => document.activeElement.tagName") == "SUMMARY"
    page.tab.focus("#data summary")
    keyboard.press("Enter")
    page.tab.focus("#csv")
    with page.tab.expect_download() as download:
        keyboard.press("Enter")
    assert download.value.suggested_filename.endswith(".csv")
    page.close()


def test_csv_equals_the_view(page, rows, shown):
    page.go(f"v=statistic&s=cube_013_007&g=arrondissement&y={shown['year']}&l=en")
    page.tab.evaluate("() => { document.getElementById('data').open = true; }")
    with page.tab.expect_download() as download:
        page.tab.click("#csv")
    found = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8-sig"))))
    wanted = rows(
        f"""select geo_code, numerator, denominator, value, status from stat_013_007
        where reference_year = {shown["year"]} and geo_level in ('country', 'arrondissement')"""
    )

    def parsed(text, kind):
        return kind(text) if text else None

    assert {
        (
            r["geo_code"],
            parsed(r["numerator"], int),
            parsed(r["denominator"], int),
            parsed(r["value"], float),
            r["status"],
        )
        for r in found
    } == set(wanted)
    assert all(r["release"] and r["citation"] for r in found)


def test_pictures_carry_what_must_go_with_them(page, rows, shown):
    page.go(f"v=statistic&s=cube_013_007&y={shown['year']}&l=en")
    with page.tab.expect_download() as download:
        page.tab.click("[data-picture=map][data-format=svg]")
    text = Path(download.value.path()).read_text(encoding="utf-8")
    root = xml.etree.ElementTree.fromstring(text)
    words = " ".join(" ".join(root.itertext()).split())
    ((version, synthetic),) = rows("select version, is_synthetic from release")
    for part in (
        page.text("h1"),
        version,
        "Suppressed (small cell)",
        "Statbel, statistical sectors 1/1/2011 (CC BY 4.0)",
        "BNOSAC",
        *(["Synthetic demonstration data"] if synthetic else []),
    ):
        assert " ".join(part.split()) in words
    for entry in page.tab.query_selector_all("#legend li"):
        assert " ".join(entry.inner_text().split()) in words
    assert "class=" not in text and "http" not in text.replace("http://www.w3.org/", "")
    with page.tab.expect_download() as download:
        page.tab.click("[data-picture=map][data-format=png]")
    data = Path(download.value.path()).read_bytes()
    width, height = struct.unpack(">II", data[16:24])
    assert (
        data[:8] == b"\x89PNG\r\n\x1a\n"
        and width == 2 * int(root.get("width"))
        and height == 2 * int(root.get("height"))
    )


def test_map_draws_every_municipality_once_and_brussels_again(page):
    page.go("v=statistic&l=en")
    codes, boxes, inset = page.tab.evaluate(
        """() => { const areas = [...document.querySelectorAll('#areas path')];
        return [areas.map((a) => ATLAS.units[+a.dataset.unit].code), areas.map((a) => { const b = a.getBBox(); return [b.width, b.height]; }), document.querySelectorAll('.inset [data-unit]').length]; }"""
    )
    assert len(codes) == len(set(codes)) == 565 and inset == 19
    assert all(width > 0 and height > 0 for width, height in boxes)


def test_a_release_without_boundaries_has_tables_and_no_map(two_statistics, browser, tmp_path):
    copy = tmp_path / "atlas.duckdb"
    shutil.copy(two_statistics, copy)
    with duckdb.connect(str(copy)) as connection:
        connection.execute("update release set geography_vintage = 2019")
    write_pages(copy, tmp_path / "site")
    assert not (part_of(tmp_path / "site") / "data" / "geometry.js").exists()
    page = Page(browser, f"file://{tmp_path}/site/index.html").go("v=statistic&l=en")
    assert (
        "2019" in page.text("#map")
        and page.tab.query_selector("#ranking tbody tr")
        and not page.tab.query_selector("#map svg")
    )
    page.go("v=home&l=en")
    assert page.text("h1") and not page.errors
    page.close()


def test_against_belgium_and_variation_use_the_tables_of_the_release(folder, browser, rows):
    """The map of a statistic and level of which the release compares most areas with Belgium."""
    of_year = "from standardised_rate where standard = 'country_of_year' and geo_level <> 'country'"
    (where,) = rows(
        f"""select statistic, reference_year, geo_level, procedure_type {of_year} and compared_with_country is not null
        group by all order by count(distinct compared_with_country) desc, count(*) desc, 1, 2, 3, 4 limit 1"""
    )
    statistic, year, level, procedure = where
    compared = dict(
        rows(
            f"""select geo_code, case when indirect_value is null then 'hidden' else coalesce(compared_with_country, 'unsaid') end
            {of_year} and (statistic, reference_year, geo_level) = ('{statistic}', {year}, '{level}')
            and procedure_type is not distinct from {f"'{procedure}'" if procedure else "null"}"""
        )
    )
    page = Page(browser, f"file://{folder}/index.html")
    page.go(f"v=statistic&s={statistic}&y={year}&g={level}&procedure_type={procedure or 'total'}&m=standardised&l=en")
    classes = dict(
        page.tab.evaluate(
            """() => [...document.querySelectorAll('#areas path')].map((area) =>
            [ATLAS.units[+area.dataset.unit].code, area.getAttribute('class').replace('area ', '')])"""
        )
    )
    assert classes == {code: compared.get(code, "hidden") for code in classes} and compared.keys() <= classes.keys()
    page.go("v=statistic&s=cube_013_008&g=arrondissement&m=belgium&l=en")
    assert "higher than Belgium" in page.text("#legend")
    page.go("v=variation&s=cube_013_007&g=municipality&l=en")
    assert "coefficient of variation" in page.text("main") and not page.errors
    page.close()


def test_places_are_compared_side_by_side(page, rows, shown):
    """Two municipalities with a value, added by the form: values, intervals and the difference in words, as SQL has them."""
    (year, code) = (shown["year"], shown["code"])
    page.go(f"v=place&p=municipality:{code}&y={year}&l=en")
    limits = {
        row[0]: row[1:]
        for row in rows(
            f"""select geo_code, value, lower_95, upper_95 from stat_013_007 where geo_level = 'municipality'
            and reference_year = {year} and status = 'published'"""
        )
    }
    other = max(limits, key=lambda place: limits[place][1])
    ((name,),) = rows(f"select name_nl from geographic_unit where geo_level = 'municipality' and geo_code = '{other}'")
    page.tab.fill("#other", other)
    page.settle(lambda: page.tab.press("#other", "Enter"))
    assert f"c=municipality:{other}" in page.tab.url
    cells = page.tab.evaluate(
        "() => [...document.querySelectorAll('table.profile tr')].find((row) => row.querySelector('a')?.href.includes('s=cube_013_007')).innerText.split('\t')"
    )
    own, beside = limits[code], limits[other]
    wanted = "lower" if own[2] < beside[1] else "higher" if own[1] > beside[2] else "perhaps chance"
    assert [" ".join(text.split()) for text in cells[1:6]] == [
        f"{own[0]:.1f}",
        f"{own[1]:.1f} to {own[2]:.1f}",
        f"{beside[0]:.1f}",
        f"{beside[1]:.1f} to {beside[2]:.1f}",
        wanted,
    ]
    differences = """() => [[5, 6], [1, 2], [2, 5], [null, null]].map(([lower, upper]) =>
        ATLAS.differsFrom({ lower, upper }, { lower: 3, upper: 4 }))"""
    assert page.tab.evaluate(differences) == ["higher", "lower", "unsure", None]
    page.go(f"v=statistic&s=cube_013_007&p=municipality:{code}&c=municipality:{other}&y={year}&l=nl")
    assert name in page.text("#place-body .figures") and name in page.text("#sentence")
    page.settle(lambda: page.tab.press(".compare p a", "Enter"))
    assert "c=" not in page.tab.url and page.tab.evaluate("() => document.activeElement.id") == "other"
    assert page.text("#live") == page.text("#sentence")
    page.go(
        f"v=place&c=municipality:0,<b>,country:01000,municipality:{code},municipality:{code}&p=municipality:{code}&l=en"
    )
    assert len(page.tab.query_selector_all(".compare p a")) == 1 and not page.errors


def test_two_ages_of_a_place_are_in_one_series(page, rows, shown):
    page.go(f"v=statistic&s=cube_013_007&p=municipality:{shown['code']}&y={shown['year']}&l=en")
    page.settle(lambda: page.tab.select_option("#age", "40-49"))
    page.tab.evaluate("() => { document.querySelector('#series-figure + details').open = true; }")
    found = page.tab.evaluate(
        "() => [...document.querySelectorAll('#series-figure + details tbody tr:last-child > *')].map((cell) => cell.innerText)"
    )
    values = dict(
        rows(
            f"""select age_category, value from cube_013_007 where geo_level = 'municipality' and geo_code = '{shown["code"]}'
            and reference_year = {shown["year"]} and age_category in ('total', '40-49')
            and {totals(rows, "statistic", "cube_013_007", "age_category")}"""
        )
    )
    assert "a=40-49" in page.tab.url and len(page.tab.query_selector_all("#series-figure .legend li")) == 2
    assert [found[1], found[3]] == [
        "small cell, not published" if values[age] is None else f"{values[age]:.1f}\u00a0%"
        for age in ("total", "40-49")
    ]
    assert page.tab.input_value("#age") == "40-49" and not page.errors


def test_sectors_are_loaded_when_asked_for_and_equal_the_release(browser, folder, rows, shown):
    page = Page(browser, f"file://{folder}/index.html").go(f"v=place&p=municipality:{shown['code']}&l=en")
    assert not any("sectors_" in request for request in page.requests)
    page.settle(lambda: page.tab.click("a#sectors"))
    assert len([request for request in page.requests if "sectors_" in request]) == 1
    assert page.tab.evaluate("() => document.activeElement.outerHTML.startsWith('<h2 id=\"sectors\"')")
    for code in ("stat_013_007", "stat_013_008"):
        page.settle(lambda code=code: page.tab.select_option("#statistic", code)) if code not in page.tab.url else None
        found = page.tab.evaluate(
            """async ([code, year]) => (await ATLAS.loadSectors(ATLAS.readState(location.hash).unit, code, year)).map((cell) =>
                [cell.unit.code, cell.n, cell.d, cell.value, cell.status, cell.lower, cell.upper])""",
            [code, shown["year"]],
        )
        wanted = rows(
            f"""select cell.geo_code, numerator, denominator, value, status, lower_95, upper_95 from {code} as cell
            inner join geographic_unit as unit on cell.geo_level = unit.geo_level and cell.geo_code = unit.geo_code
            where cell.geo_level = 'statistical_sector' and unit.municipality_code = '{shown["code"]}' and reference_year = {shown["year"]} order by 1"""
        )
        assert [tuple(row[:5]) for row in found] == [row[:5] for row in wanted] and len(wanted) > 0
        for row, expected in zip(found, wanted, strict=True):
            assert (
                row[5:] == pytest.approx(expected[5:], rel=1e-9, nan_ok=True)
                if expected[5] is not None
                else row[5:] == [None, None]
            )
        table = page.tab.evaluate(
            "() => [...document.querySelectorAll('#sectors ~ .scroll tbody tr')].map((row) => [row.cells[0].lastChild.textContent, row.cells[1].innerText])"
        )
        assert [place for place, _ in table] == [row[0] for row in wanted]
        assert [text == "small cell, not published" for _, text in table] == [row[4] == "small_cell" for row in wanted]
    assert not page.errors
    page.close()


def test_a_place_prints_on_two_pages(page, shown):
    page.go(f"v=place&p=municipality:{shown['code']}&l=fr")
    assert 1 <= printed_pages(page.tab.pdf(format="A4")) <= 2


def test_narrow_page_scrolls_in_one_direction(page, shown):
    page.tab.set_viewport_size({"width": 320, "height": 700})
    try:
        for view in ("home", "statistic", "place", "hospital", "variation", "confidentiality", "about"):
            page.go(f"v={view}&p=municipality:{shown['code']}&l=fr")
            assert page.tab.evaluate("() => document.documentElement.scrollWidth") <= 320, view
    finally:
        page.tab.set_viewport_size({"width": 1280, "height": 900})


def printed_pages(pdf: bytes) -> int:
    """Returns the number of pages of a PDF whose objects may be compressed."""
    parts = [pdf]
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        with contextlib.suppress(zlib.error):
            parts.append(zlib.decompress(stream))
    return sum(len(re.findall(rb"/Type /Page\b", part)) for part in parts)


def test_firefox_opens_every_page_changes_a_filter_and_prints(folder, shown):
    """A second engine: every page by double click, in Dutch and French, without request and without error; a filter, the year by keyboard, a place on A4."""
    place = f"p=municipality:{shown['code']}"
    states = [
        "v=home",
        f"v=statistic&s=cube_013_007&{place}&c=region:03000",
        "v=hospital",
        "v=variation",
        "v=confidentiality",
        "v=about",
        f"v=place&{place}&sectors=1",
        "v=statistic&s=<img src=x onerror=alert(1)>&p=%00",
    ]
    with open_firefox() as firefox:
        for state, language in zip(states, itertools.cycle(["nl", "fr"])):
            firefox.go(f"file://{folder}/index.html#{state}&l={language}")
            assert firefox.text("h1") and firefox.run("return document.documentElement.lang") == language
        firefox.go(f"file://{folder}/index.html#v=statistic&s=cube_013_007&{place}&l=en")
        classes = (
            "return [...document.querySelectorAll('#areas path')].map((area) => area.getAttribute('class')).join()"
        )
        before = firefox.run(classes)
        firefox.settle(
            """const filter = document.getElementById("filter-age_category"); filter.value = "40-49";
            filter.dispatchEvent(new Event("change", { bubbles: true }));"""
        )
        assert "age_category=40-49" in firefox.run("return location.hash") and firefox.run(classes) != before
        firefox.press("#year", "\ue012")  # arrow left
        assert f"y={shown['year'] - 1}" in firefox.run("return location.hash")
        firefox.go(f"file://{folder}/index.html#v=place&{place}&l=fr")
        assert 1 <= printed_pages(firefox.printed()) <= 2
        assert firefox.heard() == {"requests": [], "errors": []}


MEASURE = """(states) => new Promise((resolve) => {
    const times = [], root = document.documentElement;
    const next = () => {
        if (!states.length) { resolve(times); return; }
        const begun = performance.now();
        delete root.dataset.ready;
        new MutationObserver((_, observer) => {
            if (!root.dataset.ready) return;
            observer.disconnect();
            requestAnimationFrame(() => setTimeout(() => { times.push(performance.now() - begun); next(); }));
        }).observe(root, { attributes: true });
        location.hash = states.shift();
    };
    next();
})"""


def task_seconds(session) -> float:
    """Returns the processor time that the tab's main thread has used."""
    return next(m["value"] for m in session.send("Performance.getMetrics")["metrics"] if m["name"] == "TaskDuration")


def test_times_are_printed(browser, folder, shown, record_property):
    """First drawing, and a change of the age until the map, the series and all rows of the ranking are drawn: figures, because a slow machine is no fault of the code."""
    view = f"v=statistic&s=cube_013_007&p=municipality:{shown['code']}&l=en"
    ages = ["40-49", "60-69", "20-29", "70-79", "30-39", "50-59", "10-19"]
    found = []
    for slower in (1, 4):
        page = Page(browser, f"file://{folder}/index.html")
        session = page.context.new_cdp_session(page.tab)
        session.send("Emulation.setCPUThrottlingRate", {"rate": slower})
        begun = time.monotonic()
        page.go(view)
        first = 1000 * (time.monotonic() - begun)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        busy = [task_seconds(session)]
        times = sorted(page.tab.evaluate(MEASURE, [f"{view}&age_category={age}" for age in ages]))
        busy.append(task_seconds(session))
        assert len(times) == len(ages)
        processor = 1000 * (busy[1] - busy[0]) / len(times)
        found.append(f"{first:.0f} ms and {times[len(times) // 2]:.0f} ms (processor time {processor:.0f} ms)")
        page.close()
    record_property(
        "figure", f"Atlas pages, first drawing and filter change: {found[0]}; processor 4 times slower: {found[1]}"
    )


AXE_STATES = [
    ("v=home&l=nl", {}),
    ("v=statistic&s=cube_013_007&p=municipality:{code}&l=nl", {}),
    ("v=statistic&s=cube_013_007&age_category=90%2B&g=province&m=belgium&l=fr", {}),
    ("v=statistic&s=cube_007_005a&g=province&l=en", {"viewport": {"width": 320, "height": 700}}),
    ("v=statistic&s=cube_013_004&g=arrondissement&l=en", {"forced_colors": "active"}),
    ("v=place&p=municipality:{code}&l=fr", {}),
    ("v=place&p=country:01000&l=en", {"viewport": {"width": 320, "height": 700}}),
    ("v=place&p=municipality:{code}&c=province:10000,region:03000&sectors=1&l=nl", {}),
    (
        "v=statistic&s=cube_013_007&p=municipality:{code}&c=province:10000,region:03000&l=fr",
        {"forced_colors": "active"},
    ),
    ("v=hospital&l=nl", {}),
    ("v=hospital&s=cube_007_005b&l=fr", {}),
    ("v=variation&s=cube_013_013&l=fr", {"reduced_motion": "reduce"}),
    ("v=confidentiality&l=nl", {}),
    ("v=about&l=en", {"forced_colors": "active"}),
    ("v=statistic&s=cube_013_007&e=1&l=fr", {}),
    ("v=confidentiality&l=en", {"viewport": {"width": 320, "height": 700}, "color_scheme": "dark"}),
    ("v=statistic&s=stat_013_013&g=province&o=hidden&l=nl", {"color_scheme": "dark"}),
]


@pytest.mark.parametrize(("state", "options"), AXE_STATES)
def test_axe_finds_no_violation(browser, folder, shown, state, options):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed"
    ).Axe()
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
    tab = context.new_page()
    tab.goto(f"file://{folder}/index.html#{state.format(code=shown['code'])}")
    tab.wait_for_selector("html[data-ready]")
    tab.evaluate("() => { for (const part of document.querySelectorAll('details')) part.open = true; }")
    if tab.query_selector("#areas path"):
        tab.hover("#areas path >> nth=4", force=True)
    # Rows of one list are alike, and areas of one map: axe, whose time grows with the page, looks at the first ones
    tab.evaluate(
        """() => { for (const part of document.querySelectorAll("#ranking tbody:nth-of-type(n+2), #areas path:nth-child(n+40), #sectors ~ .scroll tr:nth-child(n+9), #places option:nth-child(n+9)")) part.remove(); }"""
    )
    result = axe.run(
        tab,
        options={
            "resultTypes": ["violations"],
            "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        },
    )
    assert not result.response["violations"], [
        (v["id"], v["nodes"][0]["html"][:150], len(v["nodes"])) for v in result.response["violations"]
    ]
    context.close()
