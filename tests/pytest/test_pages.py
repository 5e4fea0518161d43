"""The pages for people: links between them resolve, versions agree, the README stays short. No warehouse is needed."""

import re
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path for path in [*PROJECT.glob("*.md"), *(PROJECT / ".github").rglob("*.md"), *(PROJECT / "docs").rglob("*.md")]
)
TEXTS = {path: re.sub(r"(?s)```.*?```", "", path.read_text(encoding="utf-8")) for path in PAGES}
LINK = re.compile(r"\]\(([^)\s]+)\)")

pytestmark = pytest.mark.unit


def anchors(page: Path) -> set[str]:
    """The anchors of the headings of a page, as GitHub and MkDocs make them."""
    headings = re.findall(r"(?m)^#+ (.+)$", TEXTS[page])
    return {re.sub(r"\s+", "-", re.sub(r"[^\w\s-]", "", heading.lower())) for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_relative_link_leads_to_a_file_and_heading(page):
    lost = []
    for target in LINK.findall(TEXTS[page]):
        if re.match(r"https?:", target):
            continue
        name, _, heading = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        if not file.exists() or (heading and heading not in anchors(file)):
            lost.append(target)
    assert lost == []


def test_pages_of_the_site_link_to_pages_of_the_site_only():
    folder = PROJECT / "docs"
    outside = [
        (str(page.relative_to(PROJECT)), target)
        for page in PAGES
        if page.is_relative_to(folder)
        for target in LINK.findall(TEXTS[page])
        if not re.match(r"https?:|#", target)
        and not (page.parent / target.partition("#")[0]).resolve().is_relative_to(folder)
    ]
    assert outside == []


def test_every_page_is_linked_from_the_index_of_the_site():
    seen, waiting = set(), [PROJECT / "docs" / "index.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page not in TEXTS:
            continue
        seen.add(page)
        targets = (target.partition("#")[0] for target in LINK.findall(TEXTS[page]) if not re.match(r"https?:", target))
        waiting += [(page.parent / target).resolve() for target in targets if target]
    assert [
        str(page.relative_to(PROJECT)) for page in PAGES if page.is_relative_to(PROJECT / "docs") and page not in seen
    ] == []


def test_project_citation_and_changelog_have_one_version():
    def first(pattern: str, file: str) -> str:
        return re.search(pattern, (PROJECT / file).read_text(encoding="utf-8"), re.MULTILINE).group(1)

    version = first(r'^version: "(.+)"$', "dbt_project.yml")
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    assert first(r"^version: (\S+)$", "CITATION.cff") == version
    assert first(r"^## \[(.+?)\] - \d{4}-\d\d-\d\d$", "CHANGELOG.md") == version
    assert first(r'^date-released: "(.+)"$', "CITATION.cff") == first(r"^## \[.+?\] - (\S+)$", "CHANGELOG.md")


def test_the_readme_has_at_most_130_lines():
    assert len((PROJECT / "README.md").read_text(encoding="utf-8").splitlines()) <= 130


def test_numbers_of_decisions_are_unique_and_in_the_index():
    records = [path for path in PAGES if path.parent.name == "adr" and path.name != "index.md"]
    numbers = [path.name[:4] for path in records]
    assert len(set(numbers)) == len(numbers)
    index = TEXTS[PROJECT / "docs" / "adr" / "index.md"]
    assert [path.name for path in records if f"]({path.name})" not in index] == []
    assert [path.name for path in records if f"# {path.name[:4]}. " not in TEXTS[path]] == []


def test_the_editor_configuration_and_ruff_agree_on_the_length_of_lines():
    ruff = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]["line-length"]
    editor = (PROJECT / ".editorconfig").read_text(encoding="utf-8")
    assert f"[*.py]\nmax_line_length = {ruff}\n" in editor
