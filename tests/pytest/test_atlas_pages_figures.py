"""What a browser shows equals the release: cells, limits, ranks, maps, sectors, comparisons and downloads."""

import csv
import io
import json
import shutil
import struct
import xml.etree.ElementTree
from pathlib import Path

import duckdb
import pytest
from browser import Page
from dbt_runs import totals
from pages_reader import LANGUAGES, part_of, read_data

from atlas.pages import write_pages


def test_limits_of_the_table_are_those_of_the_page(public_file, pages_folder, browser):
    """Computed where they are Wilson's, read where they are not: both within the rounding that the pages show."""
    page = Page(browser, f"file://{pages_folder}/index.html").go("v=about&l=en")
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


def test_cells_in_the_browser_equal_the_release(page, release_rows, shown_place):
    page.go("v=about&l=en")
    for code in ("cube_013_007", "cube_007_006b"):
        found = page.tab.evaluate(
            """async ([code, filter]) => {
                const table = await ATLAS.loadTable(code), { statistic } = table, out = [];
                const age = statistic.filters[filter] || [null];
                for (const unit of ATLAS.units) if (table.places.has(unit.id)) for (const value of age) for (const year of statistic.years) {
                    const cell = ATLAS.cellOf(table, unit, value === null ? {} : { [filter]: value }, year);
                    if (cell.status !== "absent") out.push([unit.level, unit.code, year, cell.n, cell.d, cell.value, cell.status, value]);
                }
                return JSON.stringify(out);
            }""",
            [code, shown_place["ages"]],
        )
        age = "null" if code == "cube_007_006b" else shown_place["ages"]
        wanted = release_rows(
            f"select geo_level, geo_code, reference_year, numerator, denominator, value, status, {age} from {code}"
            f" where {totals(release_rows, 'statistic', code, shown_place['ages'])}"
        )
        assert {tuple(row) for row in json.loads(found)} == set(wanted)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_table_opens_and_counts_what_is_suppressed(page, release_rows, language):
    level = "municipality" if language == "en" else "province"  # the long lists once
    hospitals = {
        code for (code,) in release_rows("select distinct code from statistic where smallest_level = 'hospital'")
    }
    for code, title in release_rows(f"select code, title from statistic where language = '{language}' order by code"):
        page.go(f"v=statistic&s={code}&g={level}&l={language}")
        assert page.text("h1").startswith(" ".join(title.split()))
        if code in hospitals:
            continue
        ((filters,),) = release_rows(f"select any_value(filters) from statistic where code = '{code}'")
        totals = [f"{name} = 'total'" for name in filter(None, (filters or "").split(";"))]
        where = " and ".join([*totals, f"geo_level = '{level}'"])
        counts = dict(
            release_rows(
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


def test_rank_and_value_equal_sql(page, release_rows, shown_place):
    page.go(f"v=statistic&s=cube_013_007&p=municipality:{shown_place['code']}&l=en")
    cells = "stat_013_007 where geo_level = 'municipality' and status = 'published' and reference_year = " + str(
        shown_place["year"]
    )
    ((value,),) = release_rows(f"select value from {cells} and geo_code = '{shown_place['code']}'")
    ((rank, count),) = release_rows(f"select 1 + count(*) filter (where value > {value!r}), count(*) from {cells}")
    sentence = page.text("#sentence")
    assert f"{value:.1f} %" in sentence and f"Rank {rank:,} of {count:,} " in sentence
    marked = page.tab.evaluate("() => document.querySelector('#ranking tr[aria-current]').cells[0].textContent")
    assert marked == f"{rank:,}"


def test_csv_equals_the_view(page, release_rows, shown_place):
    page.go(f"v=statistic&s=cube_013_007&g=arrondissement&y={shown_place['year']}&l=en")
    page.tab.evaluate("() => { document.getElementById('data').open = true; }")
    with page.tab.expect_download() as download:
        page.tab.click("#csv")
    found = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8-sig"))))
    wanted = release_rows(
        f"""select geo_code, numerator, denominator, value, status from stat_013_007
        where reference_year = {shown_place["year"]} and geo_level in ('country', 'arrondissement')"""
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


def test_pictures_carry_what_must_go_with_them(page, release_rows, shown_place):
    page.go(f"v=statistic&s=cube_013_007&y={shown_place['year']}&l=en")
    with page.tab.expect_download() as download:
        page.tab.click("[data-picture=map][data-format=svg]")
    text = Path(download.value.path()).read_text(encoding="utf-8")
    root = xml.etree.ElementTree.fromstring(text)
    words = " ".join(" ".join(root.itertext()).split())
    ((version, synthetic),) = release_rows("select version, is_synthetic from release")
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


def test_against_belgium_and_variation_use_the_tables_of_the_release(pages_folder, browser, release_rows):
    """The map of a statistic and level of which the release compares most areas with Belgium."""
    compared_by = json.loads(read_data(pages_folder, "meta"))["type"]
    of_year = "from standardised_rate where standard = 'country_of_year' and geo_level <> 'country'"
    (where,) = release_rows(
        f"""select statistic, reference_year, geo_level, {compared_by} {of_year} and compared_with_country is not null
        group by all order by count(distinct compared_with_country) desc, count(*) desc, 1, 2, 3, 4 limit 1"""
    )
    statistic, year, level, procedure = where
    compared = dict(
        release_rows(
            f"""select geo_code, case when indirect_value is null then 'hidden' else coalesce(compared_with_country, 'unsaid') end
            {of_year} and (statistic, reference_year, geo_level) = ('{statistic}', {year}, '{level}')
            and {compared_by} is not distinct from {f"'{procedure}'" if procedure else "null"}"""
        )
    )
    page = Page(browser, f"file://{pages_folder}/index.html")
    page.go(f"v=statistic&s={statistic}&y={year}&g={level}&{compared_by}={procedure or 'total'}&m=standardised&l=en")
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


def test_places_are_compared_side_by_side(page, release_rows, shown_place):
    """Two municipalities with a value, added by the form: values, intervals and the difference in words, as SQL has them."""
    (year, code) = (shown_place["year"], shown_place["code"])
    page.go(f"v=place&p=municipality:{code}&y={year}&l=en")
    limits = {
        row[0]: row[1:]
        for row in release_rows(
            f"""select geo_code, value, lower_95, upper_95 from stat_013_007 where geo_level = 'municipality'
            and reference_year = {year} and status = 'published'"""
        )
    }
    other = max(limits, key=lambda place: limits[place][1])
    ((name,),) = release_rows(
        f"select name_nl from geographic_unit where geo_level = 'municipality' and geo_code = '{other}'"
    )
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


def test_two_ages_of_a_place_are_in_one_series(page, release_rows, shown_place):
    page.go(f"v=statistic&s=cube_013_007&p=municipality:{shown_place['code']}&y={shown_place['year']}&l=en")
    page.settle(lambda: page.tab.select_option("#age", "40-49"))
    page.tab.evaluate("() => { document.querySelector('#series-figure + details').open = true; }")
    found = page.tab.evaluate(
        "() => [...document.querySelectorAll('#series-figure + details tbody tr:last-child > *')].map((cell) => cell.innerText)"
    )
    ages = shown_place["ages"]
    values = dict(
        release_rows(
            f"""select {ages}, value from cube_013_007 where geo_level = 'municipality' and geo_code = '{shown_place["code"]}'
            and reference_year = {shown_place["year"]} and {ages} in ('total', '40-49')
            and {totals(release_rows, "statistic", "cube_013_007", ages)}"""
        )
    )
    assert "a=40-49" in page.tab.url and len(page.tab.query_selector_all("#series-figure .legend li")) == 2
    assert [found[1], found[3]] == [
        "small cell, not published" if values[age] is None else f"{values[age]:.1f}\u00a0%"
        for age in ("total", "40-49")
    ]
    assert page.tab.input_value("#age") == "40-49" and not page.errors


def test_sectors_are_loaded_when_asked_for_and_equal_the_release(browser, pages_folder, release_rows, shown_place):
    page = Page(browser, f"file://{pages_folder}/index.html").go(f"v=place&p=municipality:{shown_place['code']}&l=en")
    assert not any("sectors_" in request for request in page.requests)
    page.settle(lambda: page.tab.click("a#sectors"))
    assert len([request for request in page.requests if "sectors_" in request]) == 1
    assert page.tab.evaluate("() => document.activeElement.outerHTML.startsWith('<h2 id=\"sectors\"')")
    for code in ("stat_013_007", "stat_013_008"):
        page.settle(lambda code=code: page.tab.select_option("#statistic", code)) if code not in page.tab.url else None
        found = page.tab.evaluate(
            """async ([code, year]) => (await ATLAS.loadSectors(ATLAS.readState(location.hash).unit, code, year)).map((cell) =>
                [cell.unit.code, cell.n, cell.d, cell.value, cell.status, cell.lower, cell.upper])""",
            [code, shown_place["year"]],
        )
        wanted = release_rows(
            f"""select cell.geo_code, numerator, denominator, value, status, lower_95, upper_95 from {code} as cell
            inner join geographic_unit as unit on cell.geo_level = unit.geo_level and cell.geo_code = unit.geo_code
            where cell.geo_level = 'statistical_sector' and unit.municipality_code = '{shown_place["code"]}' and reference_year = {shown_place["year"]} order by 1"""
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
