"""The site of a release, written by atlas/publish.py into the set that it publishes.

`site/index.html` is the atlas (atlas/pages): maps, series and tables made from the public file alone. `site/docs/` is
the documentation: the prose of docs/, one page per published table made from the cards in the public file
(atlas/table_pages.py), and the dbt documentation with the lineage (atlas/lineage.py); MkDocs makes one folder of them.
All of it opens by double click, without a server or a network.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from pathlib import Path
from typing import Any

import duckdb

from atlas import guards, pages, table_pages
from atlas.settings import PROJECT_DIR, AtlasError, Settings

TABLES = "tables"  # the folder of the generated pages
LINEAGE = Path("site") / "docs" / "dbt" / "index.html"  # in the folder of a release


def write_site(settings: Settings, folder: Path, lineage_page: str) -> str:
    """Writes the site of the release in `folder` from its public file, with the page of the lineage. Returns the
    release's version.

    Raises AtlasError when a part cannot be made or names a folder of this machine.
    """
    site = folder / "site"
    try:
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            docs = Path(scratch) / "docs"
            version = collect(folder / "atlas.duckdb", docs)
            build_pages(docs, site / "docs")
        (folder / LINEAGE).parent.mkdir()
        (folder / LINEAGE).write_text(lineage_page, encoding="utf-8")
        pages.write_pages(folder / "atlas.duckdb", site)
        check_site(settings, site)
    except AtlasError as error:
        raise AtlasError(
            f"The site could not be written: {error}\nNothing is published: the site belongs to the release. The "
            "previous release is unchanged. When the cause is fixed, `python -m atlas release` publishes the build."
        ) from error
    return version


def collect(public_file: Path, docs: Path) -> str:
    """Puts the Markdown of the site into the folder docs. Returns the release's version."""
    shutil.copytree(PROJECT_DIR / "docs", docs)
    (docs / TABLES).mkdir()
    with duckdb.connect(str(public_file), read_only=True) as atlas:
        for name, text in table_pages.pages(atlas):
            (docs / TABLES / name).write_text(text, encoding="utf-8")
        version, line = release_line(atlas)
    index = docs / "index.md"
    title, _, body = index.read_text(encoding="utf-8").partition("\n")
    index.write_text(f"{title}\n\n{line}\n{body}", encoding="utf-8")
    return version


def release_line(atlas: duckdb.DuckDBPyConnection) -> tuple[str, str]:
    """Returns the version of a release, and a sentence on it: date, years, geography, threshold, whether it is
    synthetic.
    """
    version, is_synthetic, published_on, years, vintage, threshold = atlas.execute(
        "select version, is_synthetic, publication_date, reference_years, geography_vintage, small_cell_threshold "
        "from release"
    ).fetchone()
    (municipalities,) = atlas.execute(
        "select count(*) from geographic_unit where geo_level = 'municipality'"
    ).fetchone()
    suppressed = (
        f"counts of fewer than {threshold} persons are suppressed"
        if threshold
        else "**small cells are not suppressed**"
    )
    line = (
        f"**Release `{version}`**, {f'published on {published_on}' if published_on else 'without a publication date'}: "
        f"years {years.replace(',', ', ')}; the {municipalities} municipalities of {vintage}; {suppressed}."
    )
    synthetic = (
        " **Its figures are synthetic demo data: they describe no person and must not be cited.**"
        if is_synthetic
        else ""
    )
    return version, line + synthetic


def build_pages(docs: Path, site: Path) -> None:
    """Makes the pages of a folder of Markdown with MkDocs. Raises AtlasError when MkDocs stops."""
    from mkdocs.commands.build import build
    from mkdocs.config import load_config
    from mkdocs.exceptions import MkDocsException

    logging.getLogger("mkdocs").setLevel(logging.ERROR)  # its warnings are tests' matter (tests/pytest/test_site.py)
    try:
        config = load_config(str(PROJECT_DIR / "mkdocs.yml"), docs_dir=str(docs), site_dir=str(site))
        config.nav = navigation(docs, config.extra["sections"])
        build(config)
        for path in site.glob("sitemap.xml*"):  # it has no addresses without a site_url, and holds the day of the build
            path.unlink()
    except MkDocsException as error:
        raise AtlasError(f"MkDocs stopped: {error}") from error


def navigation(docs: Path, sections: dict[str, str]) -> list[dict[str, Any]]:
    """Returns MkDocs' navigation: the first page, the folders in the order of `sections`, the other folders, the other
    pages.
    """
    folders = sorted(
        (folder for folder in docs.iterdir() if folder.is_dir() and any(folder.glob("*.md"))),
        key=lambda folder: (
            folder.name not in sections,
            list(sections).index(folder.name) if folder.name in sections else 0,
            folder.name,
        ),
    )

    def pages_of(folder: Path) -> list[str]:
        found = sorted(folder.glob("*.md"), key=lambda path: (path.stem != "index", path.name))
        return [path.relative_to(docs).as_posix() for path in found]

    home, *others = pages_of(docs)
    return [
        {"Home": home},
        *({sections.get(folder.name, folder.name): pages_of(folder)} for folder in folders),
        *([{"More": others}] if others else []),
    ]


def check_site(settings: Settings, site: Path) -> None:
    """Raises AtlasError when a file of the site names a folder of this machine."""
    private = guards.private_folders(settings)
    for path in site.rglob("*"):
        if path.suffix in (".html", ".js", ".json", ".xml"):
            guards.check_page_paths(path.read_text(encoding="utf-8"), private, f"site/{path.relative_to(site)}")
