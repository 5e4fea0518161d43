"""Runs dbt on the project for the tests, in this process and with a manifest that is parsed once.

Starting dbt and parsing the project takes 7 seconds of CPU time, a build of a small source about as long. A session therefore parses the project once,
keeps the manifest as a file that all its processes share, and gives each command a copy of its own: no command sees what another left in it.
What a command may change is read anew each time: variables (--vars), the environment (profiles.yml, `env_var`), flags, hooks. What is decided while dbt
parses (which nodes exist, what they depend on, their configuration) is that of the default variables. A test that kills dbt starts a process of its own
with the same manifest: `start_dbt`. `python dbt_runs.py` is that process. Only `make build` and the published release (conftest.py) start the program dbt.

Which cells of a year are suppressed takes as long as the rest of its build, and depends on the cells alone: a session decides the same cells once
(`decided_once`). That the decision is the same each time is tested in test_suppression.py.
"""

from __future__ import annotations

import atexit
import gc
import hashlib
import json
import os
import pickle
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import duckdb
from filelock import FileLock

from atlas.runner import BUILD

PROJECT = Path(__file__).resolve().parents[2]
WITHOUT_TESTS = (*BUILD, "--exclude-resource-type", "test")
# What a test of published numbers can leave out: cards, tables that compare areas, and their data tests.
NUMBERS_ALONE = ("--exclude", "path:models/intermediate/cards+", "published_stratum+")
PUBLISHED_MODELS = (
    "marts/imaging",
    "marts/perinatal",
    "marts/three_year",
)  # folders of the published tables, below models/
LEVELS = ("info", "warn", "error")  # of the messages that dbt prints
# dbt formats every event for its log and its console, also those that neither shows: a tenth of a build. `Atlas.log` needs neither.
WITHOUT_LOGS = ("--log-level", "none", "--log-level-file", "none")


@dataclass
class Atlas:
    """One output directory and what dbt printed while it was built."""

    source: Path
    output: Path
    log: str
    ok: bool

    @property
    def warehouse(self) -> Path:
        """The private file."""
        return self.output / "warehouse.duckdb"

    def query(self, sql: str) -> list[tuple]:
        """The rows of a query on the private file, opened read-only and closed again."""
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def totals(self, table: str, *split: str) -> str:
        """The condition of the rows of a published table that are the total of each of its filters but those in `split`."""
        return totals(self.query, "reference.statistic", table, *split)

    def table(self, name: str) -> list[tuple]:
        """A published table in a total order, as the warehouse holds it."""
        return self.query(f"select * from marts.{name} order by all")


def totals(query, cards: str, table: str, *split: str) -> str:
    """The condition of the rows of a published table that are the total of each of its filters but those in `split`.

    query: a function that returns the rows of a SQL text. cards: the table of the cards, which names the filters.
    """
    filters = (query(f"select max(filters) from {cards} where code = '{table}'")[0][0] or "").split(";")
    return " and ".join(["true", *(f"{name} = 'total'" for name in filters if name and name not in split)])


class ParsedProject:
    """The manifest of the project, parsed by the first process that needs it and kept in a file."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.pickled = b""  # a tuple: the manifest's fields, the warnings of the parser

    def share(self, folder: Path) -> None:
        """Names the folder of the file that the processes of one session share."""
        self.folder = folder

    def manifest(self):
        """Returns a copy of the manifest that no other command has used."""
        from dbt.contracts.graph.manifest import Manifest

        return Manifest(**self._read()[0])

    def warnings(self) -> list[str]:
        """Returns what dbt warned of while it parsed the project: a command that gets its manifest does not say it again."""
        return self._read()[1]

    def file(self) -> Path:
        """Returns the file of the manifest, which is parsed if no process did so before."""
        self.folder = self.folder or Path(tempfile.mkdtemp(prefix="atlas_manifest_"))
        file = self.folder / "manifest.pickle"
        with FileLock(f"{file}.lock"):
            if not file.exists():
                file.write_bytes(self._parse())
        return file

    def _read(self) -> tuple[dict, list[str]]:
        self.pickled = self.pickled or self.file().read_bytes()
        return pickle.loads(self.pickled)

    def _parse(self) -> bytes:
        """Parses the project. Returns the public fields of the manifest and the warnings, pickled. Raises AssertionError when the project cannot be parsed.

        The fields one by one: pickling a whole Manifest of dbt 1.11 puts `_doc_lookup` into the place of `fixtures`.
        """
        arguments = ["parse", "--no-partial-parse"]
        warnings: list[str] = []
        with process_state(environment_of(self.folder, self.folder)):
            ok, log, manifest = invoke(arguments, None, warnings)
        assert ok, log
        public = {field.name: getattr(manifest, field.name) for field in fields(manifest) if field.name[0] != "_"}
        return pickle.dumps((public, warnings))


PARSED = ParsedProject()


def environment_of(source: Path, output: Path, more: dict | None = None) -> dict[str, str]:
    """Returns the environment variables of a dbt command that reads `source` and writes `output`; dbt's target and logs go below the latter."""
    return {
        "ATLAS_SOURCE_DIR": str(source),
        "ATLAS_OUTPUT_DIR": str(output),
        "DBT_PROFILES_DIR": str(PROJECT),
        "DBT_TARGET_PATH": str(output / "target"),
        "DBT_LOG_PATH": str(output / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        **(more or {}),
    }


@cache
def leave_imports_to_themselves() -> None:
    """Takes what was imported before the first command out of the collector's view: it would look through dbt's modules after each command."""
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)


@contextmanager
def without_collector():
    """Runs no garbage collector, which looks through the manifest again and again: a twentieth of a build."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def rows_of(file: Path) -> tuple:
    """Returns the number and two hashes of the rows of a Parquet file in any order."""
    query = "select count(*), bit_xor(hash(rows)), sum(hash(rows)) from read_parquet(?) as rows"
    with duckdb.connect() as connection:
        return connection.execute(query, [str(file)]).fetchone()


def decided_once(run, kept: Path):
    """Returns `run` of atlas.suppression.step, but cells of a year, or of a window, that were decided before are read from the folder `kept`, which all processes share."""
    from atlas.suppression import step
    from atlas.suppression.cells import UNITS, cells_file

    def run_once(
        folder: Path, years: list[int], threshold: int, *, secondary: bool, processes: int, name: str = "cell"
    ) -> None:
        for year in years:
            given = [rows_of(folder / file) for file in (UNITS, cells_file(year, name))]
            digest = hashlib.sha256(repr([*given, name, year, threshold, secondary]).encode()).hexdigest()
            decision = kept / digest
            with FileLock(f"{decision}.lock"):
                if not decision.exists():
                    run(folder, [year], threshold, secondary=secondary, processes=processes, name=name)
                    with duckdb.connect() as connection:
                        results = str(folder / step.result_file(year, name))
                        connection.execute(
                            "copy (from read_parquet(?)) to ? (format parquet)", [results, str(decision)]
                        )
                    for result in folder.glob(step.result_file(year, name)):
                        result.unlink()
            (folder / step.result_file(year, name, 0)).write_bytes(decision.read_bytes())

    return run_once


@contextmanager
def suppression_decided_once():
    """Gives dbt's step `suppress` the decisions of the session."""
    from atlas import dbt_plugin

    kept = PARSED.file().parent / "decided"
    kept.mkdir(exist_ok=True)
    original = dbt_plugin.suppression
    dbt_plugin.suppression = SimpleNamespace(run=decided_once(original.run, kept))
    try:
        yield
    finally:
        dbt_plugin.suppression = original


@contextmanager
def process_state(environment: dict[str, str]):
    """Gives this process the environment and the project's directory, and afterwards what it had before."""
    before, folder = dict(os.environ), Path.cwd()
    mask = os.umask(0o022)  # dbt makes it a private one
    os.environ.update(environment)
    os.chdir(PROJECT)
    try:
        yield
    finally:
        os.umask(mask)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(before)


def invoke(arguments: list[str], manifest, warnings: list[str] | None = None) -> tuple[bool, str, object]:
    """Runs one dbt command in this process and closes its connections. Returns (whether it succeeded, what it printed, its result).

    warnings: a list to which the command's warnings are added.
    """
    # imported here: a test that needs no dbt does not wait 2 seconds for it
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.adapters.factory import reset_adapters
    from dbt.cli.main import dbtRunner

    leave_imports_to_themselves()
    lines: list[str] = []

    def keep(event) -> None:
        if manifest:  # a release knows by this id that manifest.json and the warehouse are of one command
            manifest.metadata.invocation_id = event.info.invocation_id
        if event.info.level in LEVELS:
            lines.append(event.info.msg)
        if event.info.level == "warn" and warnings is not None:
            warnings.append(event.info.msg)

    try:
        with without_collector():
            result = dbtRunner(manifest=manifest, callbacks=[keep]).invoke(["--quiet", "--no-use-colors", *arguments])
    finally:
        reset_adapters()
        DuckDBConnectionManager.close_all_connections()
        gc.collect()  # a connection that is still referenced would keep the file open with dbt's configuration
    if result.exception:
        lines.append(str(result.exception))
    return result.success, "\n".join(lines), result.result


def arguments_of(arguments: tuple[str, ...], variables: dict | None) -> list[str]:
    """Returns dbt's arguments: by default a build without unit tests; the variables as --vars."""
    return [*(arguments or BUILD), *(["--vars", json.dumps(variables)] if variables else [])]


def run_dbt(
    source: Path,
    output: Path,
    *arguments: str,
    variables: dict | None = None,
    environment: dict | None = None,
    artifacts: bool = False,
) -> Atlas:
    """Runs a dbt command (default: build without unit tests) in an output directory. Never raises for a command that fails: see `ok` and `log`.

    artifacts: write manifest.json and run_results.json (3 seconds of processor time), which a release reads, and dbt.log; compiled SQL is written always.
    """
    output.mkdir(parents=True, exist_ok=True)
    manifest = PARSED.manifest()
    options = [] if artifacts else ["--no-write-json", *WITHOUT_LOGS]
    with process_state(environment_of(source, output, environment)), suppression_decided_once():
        ok, log, _ = invoke([*arguments_of(arguments, variables), *options], manifest)
    return Atlas(source, output, log, ok)


def start_dbt(source: Path, output: Path, *arguments: str, variables: dict | None = None) -> subprocess.Popen:
    """Starts a dbt command in a process of its own, for a test that kills it. Its messages come through `stdout`, its exit code is dbt's."""
    output.mkdir(parents=True, exist_ok=True)
    return subprocess.Popen(
        [sys.executable, __file__, str(PARSED.file()), *arguments_of(arguments, variables)],
        cwd=PROJECT,
        # a script finds what is beside it; this one imports the package of the project too
        env={**os.environ, **environment_of(source, output), "PYTHONPATH": str(PROJECT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def main(file: str, *arguments: str) -> int:
    """The process of start_dbt: runs a dbt command with the manifest of the file, its messages as they come. Returns dbt's exit code."""
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest

    manifest = Manifest(**pickle.loads(Path(file).read_bytes())[0])
    result = dbtRunner(manifest=manifest).invoke(["--no-use-colors", *arguments])
    return 0 if result.success else 1 if result.exception is None else 2


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
