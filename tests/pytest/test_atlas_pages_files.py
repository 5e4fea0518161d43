"""The files of the pages: the same bytes again, nothing from elsewhere, no column of persons, small, with every text and link."""

import csv
import hashlib
import itertools
import json
import os
import re

from pages_reader import LANGUAGES, part_of, read_data

from atlas.pages import geometry, shrink, write_pages
from atlas.pages.texts import FILE as TEXTS


def test_same_release_gives_the_same_bytes(public_file, pages_folder, tmp_path):
    """Written again in this process, or by the release command in another one."""
    again = public_file.parent / "site"
    if "ATLAS_PAGES_RELEASE" in os.environ:
        write_pages(public_file, again := tmp_path)
    first, second = (
        {path.relative_to(base): path.read_bytes() for path in [base / "index.html", *part_of(base).rglob("*.*")]}
        for base in (pages_folder, again)
    )
    assert first == second


def test_pages_name_no_column_of_persons(pages_folder):
    words = re.compile(rb"person_id|ss0\d{4}|pp00\d\d\b(?!:)|birth_date", re.IGNORECASE)
    for path in (part_of(pages_folder) / "data").glob("*.js"):
        if not path.stem.startswith("card_"):  # cards name the source variables of the published definition
            assert not words.search(read_data(pages_folder, path.stem)), path.name


def test_static_files_are_made_from_the_source():
    assert (shrink.STATIC / "source.sha256").read_text() == shrink.checksums(), "run python -m atlas.pages.shrink"


def test_code_loads_nothing_from_elsewhere_and_stores_nothing(pages_folder):
    html = (pages_folder / "index.html").read_text(encoding="utf-8")
    code = (part_of(pages_folder) / "code" / "atlas.js").read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)[1]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
    assert not re.search(r"<script(?![^>]*src=)|\son\w+=|<style|\sstyle=|https?://", html)
    assert not re.search(
        r"localStorage|sessionStorage|indexedDB|document\.cookie|fetch\(|XMLHttpRequest|WebSocket|sendBeacon|\beval\(|new Function|Worker\(|import\(",
        code,
    )
    assert set(re.findall(r"https?://[^\"'` ]+", code)) <= {"http://www.w3.org/2000/svg"}


def test_code_and_data_are_no_larger_than_a_reader_can_load(pages_folder):
    code = sum(p.stat().st_size for p in [pages_folder / "index.html", *(part_of(pages_folder) / "code").iterdir()])
    data = {p.stem: p.stat().st_size for p in (part_of(pages_folder) / "data").iterdir()}
    meta = json.loads(read_data(pages_folder, "meta"))
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


def test_every_file_of_the_release_is_linked(pages_folder, public_file):
    exports = public_file.parent / "exports"
    for language in LANGUAGES:
        links = re.findall(r'href="\.\./exports/([^"]+)"', json.loads(read_data(pages_folder, f"about_{language}")))
        assert sorted(links) == sorted(
            path.relative_to(exports).as_posix() for path in exports.rglob("*") if path.is_file()
        )


def test_every_text_is_there_is_used_and_is_translated():
    with TEXTS.open(encoding="utf-8", newline="") as file:
        texts = {row["key"]: row for row in csv.DictReader(file)}
    code = "\n".join(p.read_text(encoding="utf-8") for p in sorted((shrink.SOURCE / "code").glob("*.js")))
    code += "\n".join(p.read_text(encoding="utf-8") for p in sorted(shrink.SOURCE.parent.glob("*.py")))
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
    checksum = hashlib.sha256((geometry.FOLDER / "municipality_2025.topojson").read_bytes()).hexdigest()
    assert checksum in (geometry.FOLDER / "README.md").read_text(encoding="utf-8")


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
