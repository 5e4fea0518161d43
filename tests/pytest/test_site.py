"""The site of a release: what it holds, what it must not hold, and how a browser shows it without a network."""

import json
import re
import shutil
import struct
import subprocess
import sys
import zlib
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import duckdb
import pytest
import release_fixture
from dbt_runs import PROJECT

from atlas import guards, lineage, publish
from atlas.settings import AtlasError, read_settings

DOCS = sorted(path.relative_to(PROJECT / "docs").as_posix() for path in (PROJECT / "docs").rglob("*.md"))
MARTS = sorted(
    path.stem for family in ("imaging", "perinatal") for path in (PROJECT / "models" / "marts" / family).glob("*.sql")
)
BROWSER = next((found for found in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if found), None)
needs_browser = pytest.mark.skipif(
    BROWSER is None, reason="no browser: chromium is not installed (Debian: apt-get install chromium)"
)


@pytest.fixture(scope="session")
def site(published) -> Path:
    """The folder of the documentation in the site; the atlas beside it has tests of its own (test_atlas_pages_*.py)."""
    return published / "site" / "docs"


@pytest.fixture(scope="session")
def manifest(site) -> dict:
    """The document on the project that the page of the lineage holds."""
    text = (site / "dbt" / "index.html").read_text(encoding="utf-8")
    start = text.index("manifest:{") + len("manifest:")
    return json.JSONDecoder().raw_decode(text[start:])[0]


class Links(HTMLParser):
    """Collects what a page links to and loads (href and src), the anchors that it has, and its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        """Notes the links of one element."""
        values = dict(attributes)
        if tag == "a" and values.get("href"):
            self.links.append(values["href"])
        self.loaded += [values[name] for name in ("src", "href") if tag != "a" and values.get(name)]
        self.anchors |= {values[name] for name in ("id", "name") if values.get(name)}

    def handle_data(self, data):
        """Notes the words."""
        self.words += data


@pytest.fixture(scope="session")
def pages(site) -> dict[str, Links]:
    """Every page that MkDocs made, by its path."""
    return {
        path.relative_to(site).as_posix(): Links(path.read_text(encoding="utf-8"))
        for path in site.rglob("*.html")
        if path.parent.name != "dbt" and path.name != "404.html"
    }


# -- what it holds


def test_every_page_of_docs_is_in_the_site(pages):
    assert DOCS and {re.sub(r"md$", "html", page) for page in DOCS} <= set(pages)


def test_the_first_page_names_the_release(pages, published):
    with duckdb.connect(str(published / "atlas.duckdb"), read_only=True) as atlas:
        version, years = atlas.execute("select version, reference_years from release").fetchone()
    assert f"Release {version}" in pages["index.html"].words and years.replace(",", ", ") in pages["index.html"].words


@pytest.mark.parametrize("code", MARTS)
def test_every_statistic_has_a_page_with_its_whole_card(pages, published, code):
    words = re.sub(r"\s+", " ", pages[f"tables/{code}.html"].words)
    with duckdb.connect(str(published / "atlas.duckdb"), read_only=True) as atlas:
        cards = atlas.execute(
            "select title, calculation, recommended_reference, definition_reference, card_code from statistic where code = ?",
            [code],
        ).fetchall()
        remarks = atlas.execute("select remark from statistic_remark where code = ?", [code]).fetchall()
        columns = atlas.execute(
            "select column_name, description from statistic_column where code = ?", [code]
        ).fetchall()
        (filters,) = atlas.execute("select distinct filters from statistic where code = ?", [code]).fetchone()
        labels = [
            label
            for name in (filters.split(";") if filters else ())
            for row in atlas.execute(
                f"select label_nl, label_fr, label_en from {name} where {name} in (select {name} from {code})"
            ).fetchall()
            for label in row
        ]
    assert len(cards) == 3 and remarks and columns
    plain = [re.sub(r"[`*]", "", text) for row in [*cards, *remarks, *columns] for text in row]
    assert [text for text in [*plain, *labels] if re.sub(r"\s+", " ", text) not in words] == []


def test_every_other_table_is_on_the_page_of_the_reference_tables(pages, published):
    with duckdb.connect(str(published / "atlas.duckdb"), read_only=True) as atlas:
        tables = {name for (name,) in atlas.execute("select table_name from duckdb_tables()").fetchall()}
    assert tables - set(MARTS) <= pages["tables/reference.html"].anchors


def test_every_link_leads_to_a_page_and_its_anchor(pages, site):
    lost = []
    for path, page in pages.items():
        for link in page.links:
            target, _, anchor = unquote(link).partition("#")
            if re.match(r"https://|mailto:", target):
                continue
            file = (site / path).parent / target if target else site / path
            name = file.resolve().relative_to(site.resolve()).as_posix()
            if not file.is_file() or (
                anchor and name in pages and anchor not in pages[name].anchors | {"__codelineno-0-1"}
            ):
                lost.append((path, link))
    assert lost == []


def test_the_lineage_is_whole(manifest):
    parents = manifest["parent_map"]

    @cache
    def ancestors(key: str) -> set[str]:
        found = set(parents.get(key, []))
        return found.union(*(ancestors(parent) for parent in found))

    for code in MARTS:
        mart = manifest["nodes"][f"model.health_atlas.{code}"]
        assert "select" in mart["compiled_code"] and mart["description"]
        sources = {"source.health_atlas.ima.population", "source.health_atlas.ima.health_care"}
        assert sources <= ancestors(f"model.health_atlas.{code}"), code


# -- what it must not hold


def texts_of(site: Path) -> dict[str, str]:
    """Every text file of the site, by its path."""
    kinds = (".html", ".js", ".json", ".xml", ".css", ".map")
    return {
        path.relative_to(site).as_posix(): path.read_text(encoding="utf-8")
        for path in site.rglob("*")
        if path.suffix in kinds
    }


def entries(thing):
    """Every key with its value, at any depth."""
    for key, value in thing.items() if isinstance(thing, dict) else ():
        yield key, value
    for value in thing.values() if isinstance(thing, dict) else thing if isinstance(thing, list) else ():
        yield from entries(value)


def test_no_folder_of_this_machine_no_run_and_no_user(site, published, masked):
    texts = texts_of(site)
    for folder in (PROJECT, published, masked.source, masked.output, Path.home(), Path(sys.prefix)):
        if len(folder.parts) > 2:
            assert [path for path, text in texts.items() if str(folder) in text] == [], folder
    page = texts["dbt/index.html"]
    data = page[page.index("manifest:{") :]
    assert not re.search(r'"(/|[A-Z]:\\\\)(home|Users|root|tmp|var|mnt|work|data)/', data)
    for part in ("manifest:", "catalog:"):
        start = data.index(part + "{") + len(part)
        for key, value in entries(json.JSONDecoder().raw_decode(data, start)[0]):
            is_column = isinstance(value, dict) and value.get("name") == key
            assert key not in lineage.PRIVATE_KEYS or is_column, key


def persons_in(texts, persons) -> set[str]:
    """The ids, of 12 hexadecimal digits, that are in the texts, also within longer numbers."""
    runs = {run for text in texts for run in re.findall("[0-9a-f]{12,}", text)}
    return {run[at : at + 12] for run in runs for at in range(len(run) - 11)} & persons


def test_no_person_id_is_in_the_site(site, masked):
    persons = {
        person
        for (person,) in masked.query("select distinct person_id from intermediate.int_beneficiary")
        if re.fullmatch("[0-9a-f]{12}", person)
    }
    assert len(persons) > 1000
    assert persons_in(texts_of(site).values(), persons) == set()
    one = min(persons)
    assert persons_in([f"id=7{one}a"], persons) == {one}


def test_it_needs_no_network(pages, manifest, site):
    assert [
        (path, address) for path, page in pages.items() for address in page.loaded if re.match(r"(https?:)?//", address)
    ] == []
    assert [
        path for path in site.rglob("*.css") if re.search(r"url\([\"']?(https?:)?//", path.read_text(encoding="utf-8"))
    ] == []
    assert manifest["metadata"]["send_anonymous_usage_stats"] is False
    dbt = (site / "dbt" / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=[\"']?(https?:)?//", dbt)


def test_nothing_is_left_behind(published):
    whole = ["atlas.duckdb", "changes", "exports", "site"]
    assert sorted(path.name for path in (published / "release").iterdir()) == whole
    assert not (published / ".staging").exists() and not (published / "target").exists()


# -- when it fails


def test_a_folder_of_this_machine_stops_it():
    guards.check_page_paths("nothing private", ["/srv/project"], "site/index.html")
    with pytest.raises(AtlasError, match="site/index.html holds a path of this machine"):
        guards.check_page_paths(
            '{"description": "see /srv/project/warehouse.duckdb"}', ["/srv/project"], "site/index.html"
        )


def manifest_with(code: str) -> dict:
    """A manifest of one model with this compiled SQL, of which only the project's own nodes are known."""
    node = {
        "package_name": "p",
        "resource_type": "model",
        "depends_on": {"nodes": ["model.p.a", "model.other.b"]},
        "compiled_code": code,
    }
    metadata = {"project_name": "p", "adapter_type": "duckdb"}
    return {"metadata": metadata, "nodes": {"model.p.a": node}, "parent_map": {}, "child_map": {}}


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("glob('/srv/data/ima/population/**')", "glob(PLACE)"),
        ("b = 'C:\\\\data\\\\x'", "b = PLACE"),
        # an apostrophe of a path is doubled in SQL
        ("read_parquet(['/srv/l''extrait/population/a.parquet', '/d''x/a.csv'])", "read_parquet([PLACE, PLACE])"),
        # the output directory of plain `dbt build` is written as the variable states it
        (
            "from read_json('../ministry/out/source_files.json'), glob('../ministry/out/x/*')",
            "from read_json(PLACE), glob(PLACE)",
        ),
        ("from read_json('../l''atlas/source_files.json')", "from read_json(PLACE)"),
        ("-- a woman's file\nfrom read_json('./source_files.json')", "-- a woman's file\nfrom read_json(PLACE)"),
        *(
            (code, code)
            for code in ("a <> '/'", "'' || '/' || ''", "strptime(a, 'dd/mm/yyyy')", "'100 / 3', 'it''s'", "'out/x'")
        ),
    ],
)
def test_paths_in_compiled_sql_are_removed(code, shown):
    manifest = manifest_with(code)
    public = lineage.public_manifest(manifest)["nodes"]["model.p.a"]
    assert public["compiled_code"] == shown.replace("PLACE", "'(path of the source)'")
    assert public["depends_on"] == {"nodes": ["model.p.a"]}
    assert manifest == manifest_with(code)  # the release goes on to use it


def test_another_template_of_dbt_stops_it():
    with pytest.raises(AtlasError, match="no single place"):
        lineage.fill("<html></html>", {}, {})


def test_a_text_cannot_end_the_script_that_holds_it():
    template = 'n={manifest:"MANIFEST.JSON INLINE DATA",catalog:"CATALOG.JSON INLINE DATA"}'
    page = lineage.fill(template, {"description": "</script><script>"}, {})
    assert "</script>" not in page and json.loads(page[page.index("{", 3) : page.index(",catalog")]) == {
        "description": "</script><script>"
    }


@pytest.mark.usefixtures("small_package")
def test_the_site_of_version_1_is_replaced(tmp_path, monkeypatch):
    """It was a folder with one page at the place of the link."""
    release_fixture.fast_release(monkeypatch.setattr)
    release_fixture.make_warehouse(tmp_path)
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("one page", encoding="utf-8")
    release = publish.publish(read_settings({"ATLAS_OUTPUT_DIR": str(tmp_path)}))
    assert (tmp_path / "site").readlink() == Path("release/site")
    assert (tmp_path / "site" / "index.html").read_text(encoding="utf-8") == release.version


def test_without_a_release_there_is_no_site(tmp_path):
    with pytest.raises(AtlasError, match="There is no release"):
        publish.renew_site(read_settings({"ATLAS_OUTPUT_DIR": str(tmp_path)}))


# -- how a browser shows it


def browse(site: Path, address: str, *options: str) -> str:
    """What the browser made of an address below the site: its document as text."""
    command = [
        BROWSER,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        "--window-size=1400,1000",
        "--virtual-time-budget=15000",
    ]
    profile = f"--user-data-dir={site.parent / 'browser'}"
    offline = "--host-resolver-rules=MAP * ~NOTFOUND"
    run = subprocess.run(
        [*command, profile, offline, *options, f"file://{site}/{address}"],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    return run.stdout


@needs_browser
def test_a_browser_finds_a_table_by_the_search(site):
    shown = browse(site, "index.html?q=caesarean", "--dump-dom")
    assert re.search(r'href="[^"]*tables/cube_007_006[ab]\.html[^"]*" class="md-search-result__link', shown)


@needs_browser
def test_a_browser_shows_the_columns_of_a_mart_in_the_dbt_documentation(site):
    shown = browse(site, "dbt/index.html#!/model/model.health_atlas.cube_013_007", "--dump-dom")
    shown = re.sub(r"(?s)<script.*?</script>", "", shown)
    for text in ("Medical imaging by a medical specialist", "reference_year", "denominator", "BIGINT"):
        assert text in shown, text


@needs_browser
def test_a_browser_draws_the_lineage_with_its_layers_in_colours(site, tmp_path):
    picture = tmp_path / "lineage.png"
    address = "dbt/index.html#!/model/model.health_atlas.cube_013_007?g_v=1&g_i=%2Bint_imaging_cell%20publishable_cell%20cube_013_007"
    browse(site, address, f"--screenshot={picture}")
    colours = colours_of(picture)
    layers = {"people": "943126", "cells": "af601a", "masked": "9a7d0a", "marts": "1e8449"}
    project = (PROJECT / "dbt_project.yml").read_text()
    for layer, colour in layers.items():
        assert f'node_color: "#{colour}"' in project
        assert colours.get(bytes.fromhex(colour), 0) > 100, f"no box in the colour of {layer}"


def colours_of(png: Path) -> dict[bytes, int]:
    """How many pixels of a picture have each colour (red, green, blue). Reads what Chromium writes: 8 bits, RGB or RGBA, not interlaced."""
    data = png.read_bytes()
    position, packed = 8, b""
    while position < len(data):
        length, kind = struct.unpack(">I4s", data[position : position + 8])
        chunk = data[position + 8 : position + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour_type, _, _, interlaced = struct.unpack(">IIBBBBB", chunk)
            assert depth == 8 and colour_type in (2, 6) and not interlaced
            size = {2: 3, 6: 4}[colour_type]
        packed += chunk if kind == b"IDAT" else b""
        position += length + 12
    lines = zlib.decompress(packed)
    before = bytearray(width * size)
    counts: dict[bytes, int] = {}
    for row in range(height):
        start = row * (width * size + 1)
        method, line = lines[start], bytearray(lines[start + 1 : start + 1 + width * size])
        for i in range(len(line)) if method else ():
            left = line[i - size] if i >= size else 0
            corner = before[i - size] if i >= size else 0
            line[i] = (line[i] + _predicted(method, left, before[i], corner)) & 255
        for i in range(0, len(line), size):
            colour = bytes(line[i : i + 3])
            counts[colour] = counts.get(colour, 0) + 1
        before = line
    return counts


def _predicted(method: int, left: int, above: int, corner: int) -> int:
    """What PNG's filter of a line adds to a byte, from its neighbours."""
    if method == 4:
        base = left + above - corner
        return min((left, above, corner), key=lambda neighbour: abs(base - neighbour))
    return {1: left, 2: above, 3: (left + above) // 2}[method]
