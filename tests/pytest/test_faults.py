"""Faults that a release must survive: after each, the previous release is whole, the message says what happened, the next run repairs.

Kills are real: a child process runs the release or the build and is killed with SIGKILL, at a named step or at a moment drawn by lot.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

PROJECT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(PROJECT), str(Path(__file__).parent)]

import fault_child
import release_fixture
from conftest import made_once

from atlas import child
from atlas.settings import CHANGES_FOLDER

pytestmark = pytest.mark.faults

PUBLISHED = ("atlas.duckdb", "exports", "site")  # what readers open: links through the link `release`
WAIT = 120  # seconds until a child that does not answer fails its test

# No source is made or opened.
ALONE = """
build.check_sources = lambda source, settings: []
build.make_demo = lambda *_: None
"""
# A dbt that leaves the warehouse half-built, says so in a file, and runs a query that does not end.
STUCK_DBT = """
def stuck(settings, arguments):
    release_fixture.record_run(settings.output_dir, "running")
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute("delete from marts.cube_013_007 where reference_year > 2012")
        open({signal!r}, "w").close()
        connection.execute("select count(*) from range(10000000000000) as a (x), range(1000000) as b (x) where hash(a.x, b.x) = 0")
runner.run_dbt = stuck
"""
# A dbt that builds a whole warehouse with other numbers.
GOOD_DBT = """
def good(settings, arguments):
    release_fixture.make_warehouse(settings.output_dir, years=20)
    return []
runner.run_dbt = good
"""


def start(
    output: Path,
    command: str = "release",
    patch: str = "",
    environment: dict | None = None,
    largest_file: int | None = None,
) -> fault_child.Child:
    """Starts a command in a child process."""
    fault_child.prepare()
    environment = {**os.environ, "ATLAS_OUTPUT_DIR": str(output), "ATLAS_THREADS": "1", **(environment or {})}
    return fault_child.Child(command, patch, environment, largest_file)


def run(output: Path, command: str = "release", patch: str = "", **more) -> tuple[int, str]:
    """Runs a command to its end. Returns its exit code and what it wrote to standard error."""
    child = start(output, command, patch, **more)
    _, message = child.communicate(timeout=WAIT)
    return child.returncode, message


def with_dbt(program: str, signal_file: Path | None = None) -> str:
    """Returns a patch for `build`: dbt is this program, and nothing else but the release is run."""
    return ALONE + program.replace("{signal!r}", repr(str(signal_file)))


def whole(output: Path) -> str:
    """Checks that the published set (tables, exports, site) is whole and of one release. Returns its version."""
    for name in PUBLISHED:
        assert os.readlink(output / name) == f"release/{name}"
    folder = Path(os.path.realpath(output / "release"))
    with duckdb.connect(str(folder / "atlas.duckdb"), read_only=True) as connection:
        (version,) = connection.execute("select version from release").fetchone()
        for table, rows in connection.execute("select table_name, table_rows from release_table").fetchall():
            assert connection.execute(f"select count(*) from {table}").fetchone() == (rows,), table
    for line in (folder / "exports" / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        digest, path = line.split("  ")
        assert hashlib.sha256((folder / "exports" / path).read_bytes()).hexdigest() == digest, path
    assert json.loads((folder / "exports" / "datapackage.json").read_text(encoding="utf-8"))["version"] == version
    assert not (folder / "atlas.duckdb.wal").exists()
    assert (folder / "site" / "index.html").read_text(encoding="utf-8") == version
    assert f"Release `{version}`" in (folder / "site" / "docs" / "index.html").read_text(encoding="utf-8")
    assert sorted(path.name for path in folder.iterdir()) == sorted((*PUBLISHED, CHANGES_FOLDER))
    return version


def report_of(output: Path) -> dict:
    """Returns the report of the last build."""
    return json.loads((output / "build.json").read_text(encoding="utf-8"))


def renew(output: Path, numerator: int) -> None:
    """Gives the warehouse other numbers, as a new build would."""
    with duckdb.connect(str(output / "warehouse.duckdb")) as connection:
        connection.execute(f"update marts.cube_007_005b set numerator = {numerator}")


def wait_for(path: Path) -> None:
    """Waits until a child has made the file."""
    end = time.monotonic() + WAIT
    while not path.exists():
        assert time.monotonic() < end, f"{path} did not appear"
        time.sleep(0.02)


@pytest.fixture(scope="session")
def template(shared) -> Path:
    """An output directory with a published release and a warehouse that holds the next. Read only."""

    def make(folder: Path) -> Path:
        release_fixture.make_warehouse(folder)
        assert run(folder) == (0, "")
        renew(folder, 77)
        return folder

    return made_once(shared / "faults", make)


@pytest.fixture
def output(template, tmp_path: Path) -> Path:
    """A copy of that directory for one test."""
    return Path(shutil.copytree(template, tmp_path / "output", symlinks=True))


@pytest.mark.parametrize(
    "target",
    [
        "public_file.publish_tables",  # the staging folder holds an empty public file
        "guards.check_key",  # a table is copied, the others are not
        "export.write_table",  # a table is copied and checked, not exported
        "sdmx.write_data",  # reference tables are exported, statistics are half done
        "sdmx._code_lists",  # the tables' files are there, not what describes them
        "lineage.page",  # the exports are written, the public file is still open
        "site.build_pages",  # the public file is closed, the site has no page
        "site.pages.write_pages",  # the documentation is written, the atlas pages are not
        "site.check_site",  # the site is written, not examined
        "switch.sync_set",  # everything is written, nothing is forced to the disk
        "switch.switch_release",  # between writing and renaming
        "switch.replace_link",  # the set has its name, the link still shows the old one
        "switch.os.replace",  # the new link is made beside the old one
    ],
)
def test_killed_at_a_step_the_old_release_stands_and_the_next_run_repairs(output, target):
    before = whole(output)
    code, _ = run(output, patch=f"{target} = die")
    assert code == -signal.SIGKILL
    assert whole(output) == before
    assert run(output) == (0, "")
    assert whole(output) != before
    assert not (output / ".staging").exists() and not list(output.glob(".*.new"))
    assert len(list((output / "releases").iterdir())) == 2


@pytest.mark.parametrize("target", ["switch.switch_release", "switch.os.replace"])
def test_killed_before_the_first_switch_nothing_is_there_for_readers(tmp_path, target):
    release_fixture.make_warehouse(tmp_path)
    code, _ = run(tmp_path, patch=f"{target} = die")
    assert code == -signal.SIGKILL
    assert not any((tmp_path / name).exists() for name in PUBLISHED)
    assert run(tmp_path) == (0, "")
    whole(tmp_path)


def test_a_site_that_cannot_be_written_publishes_nothing(output):
    before = whole(output)
    broken = "def broken(*_): raise AtlasError('MkDocs stopped.')\nsite.build_pages = broken"
    code, message = run(output, patch=broken)
    assert code == 1 and "MkDocs stopped" in message and "Nothing is published" in message, message
    assert whole(output) == before and not (output / ".staging").exists()


def test_a_new_site_of_the_same_release_is_switched_as_a_release_is(output):
    """`python -m atlas docs`: the tables are the same files, and the release before is kept."""
    assert run(output) == (0, "")
    before, folder = whole(output), os.path.realpath(output / "release")
    for target in ("site.pages.write_pages", "switch.os.replace"):
        code, _ = run(output, "docs", f"{target} = die")
        assert code == -signal.SIGKILL
        assert os.path.realpath(output / "release") == folder and whole(output) == before
    assert run(output, "docs") == (0, "")
    assert whole(output) == before and os.path.realpath(output / "release") != folder
    assert (output / "atlas.duckdb").stat().st_ino == (Path(folder) / "atlas.duckdb").stat().st_ino
    assert len(list((output / "releases").iterdir())) == 4  # old, current, killed, new
    assert run(output) == (0, "")
    assert len(list((output / "releases").iterdir())) == 2 and not (output / ".staging").exists()


def test_killed_after_the_switch_the_new_release_stands(output):
    before = whole(output)
    code, _ = run(output, patch="switch.keep = die")
    assert code == -signal.SIGKILL
    assert whole(output) != before
    renew(output, 78)
    assert run(output) == (0, "")
    assert len(list((output / "releases").iterdir())) == 2


def test_killed_at_any_moment_the_set_is_whole(output):
    chance = random.Random(2026)
    started = time.monotonic()
    run(output)
    duration = time.monotonic() - started
    ends = {"killed": 0, "done": 0}
    for attempt in range(8):
        renew(output, 100 + attempt)
        child = start(output)
        time.sleep(chance.uniform(0.3, 1.0) * duration)
        child.kill()
        child.communicate(timeout=WAIT)
        ends["killed" if child.returncode else "done"] += 1
        whole(output)
    assert ends["killed"], ends
    assert run(output) == (0, "")
    whole(output)


def test_killed_during_dbt_the_public_file_is_whole_and_the_lock_is_free(output, tmp_path):
    before = whole(output)
    started = tmp_path / "dbt_started"
    build = start(output, "build", with_dbt(STUCK_DBT, started))
    wait_for(started)
    build.kill()
    build.communicate(timeout=WAIT)
    assert whole(output) == before
    # nothing outlives the killed process: neither its dbt nor the lock
    code, message = run(output)
    assert code == 1 and "stopped before its end" in message and "previous release is unchanged" in message
    assert whole(output) == before and report_of(output)["status"] == "running"
    assert run(output, "build", with_dbt(GOOD_DBT)) == (0, "")
    report = report_of(output)
    assert (report["status"], report["exit_code"], report["message"]) == ("published", 0, None)
    assert report["release"]["version"] == whole(output) != before == report["release"]["previous_version"]
    assert (output / "build.json").stat().st_mode & 0o077 == 0


def test_a_failing_dbt_publishes_nothing_and_says_so(output):
    before = whole(output)
    late = "build.variables.check_text = lambda text: None\n"  # dbt's own check of the variables is the first
    code, message = run(output, "build", ALONE + late, environment={"VARS": "{geography_vintage: 1999}"})
    assert code == 1 and "dbt build failed" in message and "1999" in message and "Nothing is published" in message
    assert whole(output) == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_build_ends_with_its_dbt(output, tmp_path, number):
    before = whole(output)
    started = tmp_path / "dbt_started"
    build = start(output, "build", with_dbt(STUCK_DBT, started))
    wait_for(started)
    build.send_signal(number)
    _, message = build.communicate(timeout=WAIT)  # the query of its dbt does not end
    assert build.returncode == 128 + number and "previous release is unchanged" in message
    assert whole(output) == before
    assert run(output, "build", with_dbt(GOOD_DBT)) == (0, "")


def test_a_process_of_a_build_that_was_killed_before_it_asked_ends_too():
    """Its parent is another one by then; asked for at that moment, it would be waited for without end."""
    program = "from atlas import child; import time; child.end_with_parent(); time.sleep(60)"
    environment = {**child.environment(), child.PARENT: str(os.getppid())}
    done = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, env=environment, check=False, timeout=30)
    assert done.returncode == 1


def test_of_two_builds_the_second_stops(output, tmp_path):
    started = tmp_path / "dbt_started"
    first = start(output, "build", with_dbt(STUCK_DBT, started))
    wait_for(started)
    try:
        for command in ("build", "release"):
            code, message = run(output, command, with_dbt(GOOD_DBT))
            assert code == os.EX_TEMPFAIL, command
            assert report_of(output)["status"] == "running", "the report is that of the build at work"
            assert f"{output} is in use by another command: atlas build (process {first.pid} on " in message
            assert "since" in message and "Wait until it ends" in message
    finally:
        first.kill()
        first.communicate(timeout=WAIT)
    assert run(output, "build", with_dbt(GOOD_DBT)) == (0, "")


def test_a_warehouse_in_use_is_named(output):
    with duckdb.connect(str(output / "warehouse.duckdb")):
        code, message = run(output)
    assert code == 1 and "warehouse.duckdb cannot be opened" in message and "close it" in message


def test_a_reader_keeps_its_release_through_others(output):
    """The current release and the one before are kept: the second of four removes the folder that the reader opened."""
    query = "select (select version from release), sum(numerator), count(*) from cube_007_005b"
    with duckdb.connect(str(output / "atlas.duckdb"), read_only=True) as reader:
        first = reader.execute(query).fetchone()
        seen = {first}
        for number in range(4):
            renew(output, 200 + number)
            assert run(output) == (0, "")
            assert reader.execute(query).fetchone() == first
            # in a process of its own: DuckDB shares an open file within one
            code = "import duckdb, sys; print(*duckdb.connect(sys.argv[1], read_only=True).execute(sys.argv[2]).fetchone())"
            command = [sys.executable, "-c", code, str(output / "atlas.duckdb"), query]
            version, numerator, _ = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
            assert int(numerator) == 6 * (200 + number)
            seen.add(version)
    assert len(seen) == 5


READER = """
import duckdb, json, os, sys
good = 0
while not os.path.exists(sys.argv[2]):
    folder = os.path.realpath(os.path.join(sys.argv[1], "release"))
    with duckdb.connect(os.path.join(sys.argv[1], "atlas.duckdb"), read_only=True) as connection:
        assert connection.execute("select count(*) from cube_007_005b").fetchone() == (6,)
    with duckdb.connect(os.path.join(folder, "atlas.duckdb"), read_only=True) as connection:
        version = connection.execute("select version from release").fetchone()[0]
    with open(os.path.join(folder, "exports", "datapackage.json"), encoding="utf-8") as file:
        assert json.load(file)["version"] == version
    with open(os.path.join(folder, "site", "index.html"), encoding="utf-8") as file:
        assert file.read() == version
    for name in ("atlas.duckdb", "exports", "site"):
        assert os.readlink(os.path.join(sys.argv[1], name)) == "release/" + name
    good += 1
print(good)
"""


def test_readers_during_releases_find_old_or_new_never_a_mixture(output, tmp_path):
    stop = tmp_path / "stop"
    command = [sys.executable, "-c", READER, str(output), str(stop)]
    readers = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for number in range(4):
        renew(output, 300 + number)
        assert run(output) == (0, "")
    stop.touch()
    counts = []
    for reader in readers:
        message, fault = reader.communicate(timeout=WAIT)
        assert reader.returncode == 0, fault
        counts.append(int(message))
    assert min(counts) > 0


@contextmanager
def mounted(folder: Path, size: str):
    """Mounts a small file system in memory on the folder, or skips the test: only root may."""
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a small file system (root)")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_leaves_the_old_release_and_is_named(tmp_path):
    output = tmp_path / "output"
    with mounted(output, "40m"):
        release_fixture.make_warehouse(output)
        assert run(output) == (0, "")
        before = whole(output)
        release_fixture.make_warehouse(output, years=3000)
        filler = output / "filler"
        # from no free space to almost enough: the disk fills up at another step each time
        left = [0, 1, 3, 5]
        for megabytes in left:
            filler.write_bytes(b"0" * (free_space(output) - megabytes * 2**20))
            code, message = run(output)
            assert code == 1, f"{megabytes} MB were enough"
            assert ("disk" in message and "full" in message) or "No space left" in message, message
            assert "ATLAS_OUTPUT_DIR" in message and str(output) in message
            assert "previous release is unchanged" in message or "Nothing was changed" in message
            assert whole(output) == before
            filler.unlink()
        assert run(output) == (0, "")
        assert whole(output) != before


def free_space(folder: Path) -> int:
    """Returns the bytes that a file in the folder can still take."""
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize


@pytest.mark.parametrize("kilobytes", [100, 600, 3000])
def test_a_file_size_limit_is_reported_as_a_full_disk(output, kilobytes):
    before = whole(output)
    release_fixture.make_warehouse(output, years=3000)
    code, message = run(output, largest_file=kilobytes * 1024)
    assert code == 1 and "is full" in message and "previous release is unchanged" in message, message
    assert whole(output) == before
    assert run(output) == (0, "")
    assert whole(output) != before


def test_an_output_directory_that_cannot_be_made():
    # no one may make a folder here, root included
    code, message = run(Path("/proc/atlas_output"))
    assert code == os.EX_DATAERR and "cannot be written" in message and "ATLAS_OUTPUT_DIR" in message


def test_an_output_directory_that_became_read_only(tmp_path):
    output = tmp_path / "output"
    with mounted(output, "40m"):
        release_fixture.make_warehouse(output)
        assert run(output) == (0, "")
        before = whole(output)
        renew(output, 77)
        subprocess.run(["mount", "-o", "remount,ro", str(output)], check=True)
        for command in ("release", "build"):
            code, message = run(output, command, with_dbt(GOOD_DBT))
            assert code == 1 and f"{output} cannot be written" in message and "ATLAS_OUTPUT_DIR" in message
            assert whole(output) == before
        subprocess.run(["mount", "-o", "remount,rw", str(output)], check=True)
        assert run(output) == (0, "")
        assert whole(output) != before


def test_a_directory_without_write_permission(output):
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere: the read-only file system is tested instead")
    before = whole(output)
    output.chmod(0o555)
    try:
        code, message = run(output)
        assert code == 1 and "cannot be written" in message
        assert whole(output) == before
    finally:
        output.chmod(0o755)
    assert run(output) == (0, "")


# The source is looked at before dbt starts.


@pytest.mark.parametrize("name", ["population/cut_off.parquet", "health_care/service_year=2024/broken.csv.gz"])
def test_a_damaged_source_file_is_named_before_dbt_starts(output, tmp_path, name):
    before = whole(output)
    folder = tmp_path / "source"
    (folder / Path(name).parent).mkdir(parents=True, exist_ok=True)
    for source in ("population", "health_care"):
        (folder / source).mkdir(exist_ok=True)
        duckdb.sql(f"copy (select 1 as pp0010) to '{folder / source / 'good.parquet'}'")
    (folder / name).write_bytes(b"PAR1 this was cut off")
    code, message = run(output, "build", "runner.run_dbt = None", environment={"ATLAS_SOURCE_DIR": str(folder)})
    assert report_of(output)["status"] == "failed" and name in report_of(output)["message"]
    assert (
        code == report_of(output)["exit_code"] == os.EX_DATAERR
        and name in message
        and "cannot be read" in message
        and "again" in message
    )
    (folder / name).unlink()
    (folder / "population" / "good.parquet").unlink()
    code, message = run(output, "build", "runner.run_dbt = None", environment={"ATLAS_SOURCE_DIR": str(folder)})
    assert code == os.EX_DATAERR and "No input for 'population'" in message
    assert whole(output) == before
