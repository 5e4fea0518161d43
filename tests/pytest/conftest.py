"""What several test files share: the parsed project, a few atlases that are built once a session, and the order in which two workers take the tests."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import adversarial
import duckdb
import pytest
import release_fixture
from browser import Page, open_browser
from dbt_runs import PARSED, PROJECT, PUBLISHED_MODELS, WITHOUT_TESTS, Atlas, run_dbt
from filelock import FileLock
from xdist.scheduler import LoadScopeScheduling

from atlas.pages import write_pages

YEARS = (2021, 2022, 2023)
ATTACKED_YEAR = YEARS[1]  # its standardised values hold suppressed denominators (test_attacker.py)
COSTS = {"unit", "bad_input", "warehouse", "faults", "slow"}  # the markers of pyproject.toml
SHARED_BUILDS = {"unmasked", "masked", "primary_only", "published", "public_file"}  # fixtures below
BUDGET = (
    8 * 60
)  # seconds that `make test` may take on two cores; printed, because a test that fails on a slow machine says nothing about the code
# The workers take the longest first, the files of short tests last. Files that share no fixture of their own are split into single tests.
FIRST = (
    "test_story",
    "test_spark",
    "test_attacker",
    "test_end_to_end",
    "test_release",
    "test_atlas_pages_figures",
    "test_atlas_pages_use",
    "test_atlas_pages_data",
    "test_atlas_pages_files",
    "test_site",
    "test_unit_tests",
)
LAST = ("test_bad_input", "test_odd_rows", "test_faults")
SPLIT = ("test_faults", "test_bad_input", "test_odd_rows", "test_end_to_end", "test_attacker")


def pytest_configure(config):
    """One thread a dbt or release: two workers are at work."""
    os.environ.setdefault("ATLAS_THREADS", "1")
    config.started_at = time.monotonic()


def asks_for_a_build(item) -> bool:
    """Whether a test asks for a shared build: by a fixture, or by a parameter that names one."""
    parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return bool(SHARED_BUILDS & {*item.fixturenames, *(name for name in parameters if isinstance(name, str))})


def pytest_fixture_setup(fixturedef, request):
    """Raises AssertionError where a test that is `unit`, so that `make check` runs it, would make a shared build."""
    unit = "unit" in {marker.name for marker in request._pyfuncitem.iter_markers()}
    assert not (unit and fixturedef.argname in SHARED_BUILDS), f"{request._pyfuncitem.nodeid} is marked unit"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Marks what every test costs: one that asks for a shared build is `warehouse`, one that says nothing else `unit`. The longest files come first."""
    for item in items:
        if not COSTS & {marker.name for marker in item.iter_markers()}:
            item.add_marker("warehouse" if asks_for_a_build(item) else "unit")
    order = {name: place for place, name in enumerate(FIRST)} | dict.fromkeys(LAST, len(FIRST) + 1)
    items.sort(key=lambda item: order.get(item.path.stem, len(FIRST)))


class FileScheduling(LoadScopeScheduling):
    """Gives a worker a whole file, because the fixtures of a file are made once a worker; of the files in SPLIT a single test.

    In place of `--dist loadgroup`: xdist 3.8 adds the group to the name of a test in a way that pytest 9.2 does not see.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return nodeid if Path(file).stem in SPLIT else file


@pytest.hookimpl(optionalhook=True)  # without xdist there is nothing to share out
def pytest_xdist_make_scheduler(config, log):
    """Returns how the tests are shared out among the workers, in the order of collection."""
    config.option.loadscopereorder = False
    return FileScheduling(config, log)


def pytest_terminal_summary(terminalreporter, config):
    """Prints the figures that tests recorded (record_property "figure"), and how much of the budget was used."""
    for report in terminalreporter.stats.get("passed", []):
        for name, figure in report.user_properties:
            if name == "figure":
                terminalreporter.write_line(figure)
    seconds = time.monotonic() - config.started_at
    terminalreporter.write_line(f"{seconds:.0f} s of tests; `make test` may take {BUDGET} s on two cores")


def made_once(folder: Path, make: Callable[[Path], object]):
    """Returns what make(folder) returned in the process that asked first; the others wait for it. The result is kept beside the folder."""
    kept = folder.with_name(f"{folder.name}.pickle")
    with FileLock(f"{folder}.lock"):
        if not kept.exists():
            shutil.rmtree(folder, ignore_errors=True)
            kept.write_bytes(pickle.dumps(make(folder)))
        return pickle.loads(kept.read_bytes())


@pytest.fixture(scope="session")
def shared(tmp_path_factory) -> Path:
    """The folder that all workers of this session share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session", autouse=True)
def _one_manifest(shared):
    """The project is parsed once for all workers, when a test first runs dbt."""
    PARSED.share(shared)


@pytest.fixture(scope="module")
def fast_release():
    """Releases of a module's tests are quick: see release_fixture.fast_release. The site has tests of its own (test_site.py)."""
    with pytest.MonkeyPatch.context() as patch:
        release_fixture.fast_release(patch.setattr)
        yield


@pytest.fixture
def small_package(monkeypatch):
    """Releases of a test have small files in the place of workbooks and JSON-stat: see release_fixture.small_package."""
    release_fixture.small_package(monkeypatch.setattr)


@pytest.fixture(scope="session")
def small_source(shared) -> Path:
    """Adversarial people and claims of three years, hive-partitioned Parquet. Read only."""
    return made_once(
        shared / "source", lambda folder: adversarial.write_source(folder, 11, persons=1500, years=YEARS, hive=True)
    )


def build_from(
    source: Path,
    output: Path,
    before: Atlas | None,
    *arguments: str,
    artifacts: bool = False,
    environment: dict | None = None,
    **variables,
) -> Atlas:
    """Builds, or builds on a copy of another atlas's warehouse. Returns the atlas; raises AssertionError when dbt fails."""
    if before:
        output.mkdir()
        shutil.copy(before.warehouse, output)
    atlas = run_dbt(source, output, *arguments, variables=variables, environment=environment, artifacts=artifacts)
    assert atlas.ok, atlas.log[-3000:]
    return atlas


@pytest.fixture(scope="session")
def unmasked(small_source, shared) -> Atlas:
    """The small source built with every number in the open. Read only, as the next ones: tests that build again take an output of their own.

    Without data tests, as the next one: those of `masked` look at the same cells, those of test_end_to_end.py at numbers in the open.
    """
    return made_once(
        shared / "unmasked",
        lambda folder: build_from(small_source, folder, None, *WITHOUT_TESTS, small_cell_threshold=0),
    )


@pytest.fixture(scope="session")
def primary_only(small_source, unmasked, shared) -> Atlas:
    """The unmasked warehouse built again with the default threshold, but without secondary suppression: suppression and published tables of one year alone."""
    selected = ("run", "--select", *(f"path:models/{part}" for part in ("load", "disclosure", *PUBLISHED_MODELS)))
    variables = {
        "complementary_masking": False,
        "first_reference_year": ATTACKED_YEAR,
        "last_reference_year": ATTACKED_YEAR,
    }
    return made_once(
        shared / "primary_only", lambda folder: build_from(small_source, folder, unmasked, *selected, **variables)
    )


@pytest.fixture(scope="session")
def masked(small_source, primary_only, shared) -> Atlas:
    """The small source with the default threshold: that warehouse built again, so that only the suppression and what follows from it are made."""
    environment = {"ATLAS_TEMP_DIR": str(shared / "spill")}
    return made_once(
        shared / "masked",
        lambda folder: build_from(small_source, folder, primary_only, artifacts=True, environment=environment),
    )


@pytest.fixture(scope="session")
def published(masked, shared) -> Path:
    """An output directory with the masked build, its release and its site. Read only."""

    def publish(output: Path) -> Path:
        output.mkdir()
        shutil.copy(masked.warehouse, output)  # its record says where the artifacts are
        environment = {
            **os.environ,
            "ATLAS_OUTPUT_DIR": str(output),
            "ATLAS_SOURCE_DIR": str(masked.source),
            "DBT_LOG_PATH": str(output / "logs"),
        }
        command = [sys.executable, "-m", "atlas", "release"]
        done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return output

    return made_once(shared / "published", publish)


# -- the atlas pages


@pytest.fixture(scope="session")
def public_file(request) -> Path:
    """The public file of the release whose pages are tested. ATLAS_PAGES_RELEASE names one that takes the place of the small release of the tests."""
    named = os.environ.get("ATLAS_PAGES_RELEASE")
    return Path(named) if named else request.getfixturevalue("published") / "atlas.duckdb"


@pytest.fixture(scope="session")
def pages_folder(public_file, shared) -> Path:
    """The pages of the release. Read only."""
    return made_once(shared / "pages", lambda folder: write_pages(public_file, folder).index.parent)


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
    """One Chromium for all tests of a worker."""
    with open_browser() as started:
        yield started


@pytest.fixture(scope="session")
def page(browser, pages_folder):
    """One tab that opened the pages by double click; every test goes to its own state."""
    page = Page(browser, f"file://{pages_folder}/index.html")
    page.go("v=about&l=en")
    yield page
    page.close()


@pytest.fixture(scope="session")
def release_rows(public_file):
    """A function that returns the rows of a query on the release."""
    with duckdb.connect(str(public_file), read_only=True) as connection:
        yield lambda sql: connection.execute(sql).fetchall()


@pytest.fixture(scope="session")
def shown_place(release_rows) -> dict:
    """A municipality with a published value of cube_013_007 in the last year, that year, and the filter of the ages of the cube."""
    ((ages,),) = release_rows("select max(filters) from statistic where code = 'cube_013_007'")
    (year,) = release_rows("select max(reference_year) from cube_013_007")[0]
    code = release_rows(
        f"""select geo_code from stat_013_007 where geo_level = 'municipality' and reference_year = {year}
        and status = 'published' order by denominator desc, 1"""
    )[0][0]
    return {"year": year, "code": code, "ages": ages}
