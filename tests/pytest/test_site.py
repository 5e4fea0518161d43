"""The documentation site: what it tells, what it must not tell, and how a browser shows it."""

import json
import re
import shutil
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import duckdb
import pytest

from dbt_runs import PROJECT

from atlas import site as documentation
from atlas.settings import AtlasError, read_settings

# A file is a page when its text bears its name; the others hold texts of models and columns.
PAGES = sorted(
    path.stem
    for path in (PROJECT / "models" / "docs").glob("*.md")
    if f"{{% docs {path.stem} %}}" in path.read_text(encoding="utf-8")
)
MARTS = sorted(
    path.stem for family in ("imaging", "perinatal") for path in (PROJECT / "models" / "marts" / family).glob("*.sql")
)
BROWSER = next((found for found in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if found), None)
needs_browser = pytest.mark.skipif(
    BROWSER is None, reason="no browser: chromium is not installed (Debian: apt-get install chromium)"
)


@pytest.fixture(scope="session")
def site(published) -> Path:
    """The page."""
    return published / "site" / "index.html"


@pytest.fixture(scope="session")
def manifest(site) -> dict:
    """The document on the project that the page holds."""
    text = site.read_text(encoding="utf-8")
    start = text.index("manifest:{") + len("manifest:")
    return json.JSONDecoder().raw_decode(text[start:])[0]


def texts(manifest: dict) -> dict[str, str]:
    """Every text of the page that is Markdown, by the thing that it describes."""
    described = {
        key: thing["description"]
        for part in ("nodes", "sources", "macros", "exposures")
        for key, thing in manifest[part].items()
    }
    return {**described, "overview": manifest["docs"][documentation.OVERVIEW]["block_contents"]}


# -- what it tells


def test_every_page_of_the_folder_is_in_the_site(manifest):
    shown = {page["name"] for page in manifest["exposures"].values()}
    assert shown == set(PAGES)
    assert {page["type"] for page in manifest["exposures"].values()} == {"guides", "definitions"}


def test_the_overview_leads_to_every_page_and_names_the_release(manifest, published):
    overview = texts(manifest)["overview"]
    for key in manifest["exposures"]:
        assert f"](#!/exposure/{key})" in overview, key
    for heading in ("Where to start", "Definitions, page by page", "How to cite", "Known limits"):
        assert f"## {heading}" in overview
    with duckdb.connect(str(published / "atlas.duckdb"), read_only=True) as atlas:
        version, years = atlas.execute("select version, reference_years from release").fetchone()
    assert f"**Release `{version}`**" in overview and years.replace(",", ", ") in overview
    assert documentation.RELEASE_MARK not in overview


@pytest.mark.parametrize("code", MARTS)
def test_every_mart_shows_its_card_and_the_way_to_its_definitions(manifest, code):
    mart = manifest["nodes"][f"model.health_atlas.{code}"]
    assert f"{code}_At" in mart["description"]
    for told in (
        "## English",
        "## Nederlands",
        "## Français",
        "#!/exposure/exposure.health_atlas.reading_a_table",
        f"%20{code})",
    ):
        assert told in mart["description"], told
    assert all(column["description"] for column in mart["columns"].values())
    assert "select" in mart["compiled_code"]


def test_every_analysis_says_its_question(manifest):
    analyses = [node for node in manifest["nodes"].values() if node["resource_type"] == "analysis"]
    assert len(analyses) >= 5
    for analysis in analyses:
        assert re.match(r"\*\*Question:\*\* .+\?\n\n\*\*How to read:\*\* one row ", analysis["description"]), analysis[
            "name"
        ]
        assert f"#!/analysis/{analysis['unique_id']})" in texts(manifest)["exposure.health_atlas.sql_access"]


def test_every_link_leads_to_a_page(manifest):
    addresses = {"overview"} | {
        f"{thing.get('resource_type', 'exposure')}/{key}"
        for part in ("nodes", "sources", "macros", "exposures")
        for key, thing in manifest[part].items()
    }
    lost = {
        (key, target)
        for key, text in texts(manifest).items()
        for target in re.findall(r"\]\(([^)]+)\)", text)
        if not (target.startswith("#!/") and target[3:].split("?")[0] in addresses)
        and not target.startswith("https://")
    }
    assert lost == set()


def test_every_link_of_the_pages_leads_to_a_file_of_the_repository():
    folder = PROJECT / "models" / "docs"
    lost = [
        (page, target)
        for page in [*PAGES, "overview"]
        for target in re.findall(r"\]\(([^)#:\s]+)\)", (folder / f"{page}.md").read_text(encoding="utf-8"))
        if not (folder / target).exists()
    ]
    assert lost == []


def test_the_lineage_is_whole(manifest):
    parents = manifest["parent_map"]

    def ancestors(key: str) -> set[str]:
        found = set(parents.get(key, []))
        return found.union(*(ancestors(parent) for parent in found))

    for code in MARTS:
        above = ancestors(f"model.health_atlas.{code}")
        assert {
            "source.health_atlas.ima.population",
            "source.health_atlas.ima.health_care",
            "model.health_atlas.int_claim",
        } <= above, code
        assert any(key.endswith("_cell") for key in above) and any(key.endswith("_masked") for key in above), code


# -- what it must not tell


def test_no_folder_of_this_machine_no_run_and_no_user(site, published, masked):
    page = site.read_text(encoding="utf-8")
    for folder in (PROJECT, published, masked.source, Path.home(), Path(sys.prefix)):
        assert len(folder.parts) < 3 or str(folder) not in page
    data = page[page.index("manifest:{") :]
    assert not re.search(r'"(/|[A-Z]:\\\\)(home|Users|root|tmp|var|mnt|work|data)/', data)
    for key in documentation.PRIVATE_KEYS - {"stats"}:
        assert f'"{key}":' not in data, key


def test_no_person(site, masked):
    page = site.read_text(encoding="utf-8")
    persons = [
        person
        for (person,) in masked.query("select distinct person_id from intermediate.int_beneficiary")
        if re.fullmatch("[0-9a-f]{12}", person)
    ]
    assert len(persons) > 1000
    assert [person for person in persons if person in page] == []


def test_it_needs_no_network(manifest, site):
    assert manifest["metadata"]["send_anonymous_usage_stats"] is False
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=[\"']?(https?:)?//", site.read_text(encoding="utf-8"))


def test_the_build_keeps_its_results_and_nothing_is_left_behind(published):
    assert not list(published.glob(".site-*"))
    assert not (published / "target").exists()


# -- when it fails


def settings_of(folder: Path):
    return read_settings({"ATLAS_OUTPUT_DIR": str(folder)})


def test_a_folder_of_this_machine_stops_it(tmp_path):
    output = tmp_path / "output"
    documentation.check_paths("nothing private", settings_of(output))
    with pytest.raises(AtlasError, match="folder of this machine"):
        documentation.check_paths(f'{{"description": "see {output}/warehouse.duckdb"}}', settings_of(output))


def test_another_template_stops_it():
    with pytest.raises(AtlasError, match="page has changed"):
        documentation.fill("<html></html>", {}, {})


def test_a_text_cannot_end_the_script_that_holds_it():
    template = 'n={manifest:"MANIFEST.JSON INLINE DATA",catalog:"CATALOG.JSON INLINE DATA"}'
    page = documentation.fill(template, {"description": "</script><script>"}, {})
    assert "</script>" not in page and json.loads(page[page.index("{", 3) : page.index(",catalog")]) == {
        "description": "</script><script>"
    }


def test_a_fault_leaves_release_and_site_as_they_were(tmp_path, monkeypatch):
    site = tmp_path / "site" / "index.html"
    site.parent.mkdir()
    site.write_text("the site before")

    def broken(*_):
        raise AtlasError("dbt docs generate failed.")

    monkeypatch.setattr(documentation, "generate", broken)
    with pytest.raises(AtlasError, match="(?s)not renewed: dbt docs generate failed.*release stands"):
        documentation.write_site(settings_of(tmp_path), "")
    assert site.read_text() == "the site before"
    assert not list(tmp_path.glob(".site-*"))


# -- how a browser shows it


def browse(site: Path, address: str, *options: str) -> str:
    """What the browser made of an address of the site: its document as text."""
    command = [
        BROWSER,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        "--window-size=1400,1000",
        "--virtual-time-budget=15000",
    ]
    profile = f"--user-data-dir={site.parent.parent / 'browser'}"
    offline = "--host-resolver-rules=MAP * ~NOTFOUND"
    run = subprocess.run(
        [*command, profile, offline, *options, f"file://{site}{address}"],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    return run.stdout


@needs_browser
def test_a_browser_shows_the_overview(site):
    shown = browse(site, "#!/overview", "--dump-dom")
    assert re.search(r"<h1[^>]*>Belgian health atlas</h1>", shown)
    assert 'href="#!/exposure/exposure.health_atlas.reading_a_table"' in shown
    assert re.search(r"<h2[^>]*>Known limits</h2>", shown)


@needs_browser
def test_a_browser_shows_a_mart_with_its_card_and_columns(site):
    shown = browse(site, "#!/model/model.health_atlas.cube_013_007", "--dump-dom")
    shown = re.sub(r"(?s)<script.*?</script>", "", shown)
    for told in (
        "cube_013_007_At",
        "Nederlands",
        "Français",
        "Medische beeldvorming arts-specialist",
        "reference_year",
        "denominator",
    ):
        assert told in shown, told


@needs_browser
def test_a_browser_draws_the_lineage_with_its_rooms_in_colours(site, manifest, tmp_path):
    picture = tmp_path / "lineage.png"
    address = re.search(
        r"\[Lineage\]\(([^)]+)\)", manifest["nodes"]["model.health_atlas.cube_013_007"]["description"]
    ).group(1)
    browse(site, address, f"--screenshot={picture}")
    colours = colours_of(picture)
    rooms = {
        "people": "943126",
        "cells": "af601a",
        "masked": "9a7d0a",
        "marts": "1e8449",
        "reference": "2471a3",
        "seeds": "5d6d7e",
    }
    project = (PROJECT / "dbt_project.yml").read_text()
    for room, colour in rooms.items():
        assert f'node_color: "#{colour}"' in project
        assert colours.get(bytes.fromhex(colour), 0) > 100, f"no box in the colour of {room}"


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
