"""From source files to a published release: `make build`, or `python -m atlas build`.

Steps: hold the output directory, make the demo data when no source is named, open every source file once, `dbt build`, release,
documentation site. The environment variable VARS is handed to dbt as it is (`VARS='{geography_vintage: 2019}'`), DEMO to
`python -m atlas demo` (`DEMO='--scale 0.01'`).

A run that is killed leaves the published release whole: dbt writes only the private warehouse, and the release is switched by one rename.
The next run builds what is missing and clears what was left.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb

from atlas import publish, site
from atlas.fingerprint import files_fingerprint, project_fingerprint
from atlas.locking import output_lock
from atlas.settings import PROJECT_DIR, SOURCES, AtlasError, Settings, file_size, read_settings

DEMO = PROJECT_DIR / "atlas" / "demo"
DEMO_NOTICE = "SYNTHETIC.txt"  # the generator writes it first: a folder that holds it may be made again
SUFFIXES = (".parquet", ".csv", ".csv.gz")
SMALL_SOURCE = (
    2**30
)  # bytes; below it a model leaves a core idle, above it two models at a time want too much memory (models/docs/performance.md)


def build(settings: Settings, variables: str, demo: list[str]) -> tuple[publish.Release, Path]:
    """Runs all steps; the caller holds no lock. Returns the release and the site. Raises AtlasError at the first step that fails.

    variables: YAML for dbt. demo: arguments for the generator of the demo data.
    """
    with output_lock(settings) as lock:
        source = settings.source_dir or make_demo(settings, lock, demo)
        files = check_sources(source)
        print(f"Source: {len(files)} files in {source}", flush=True)
        fingerprint = project_fingerprint(variables)
        at_a_time = ["--threads", "2"] if sum(file.stat().st_size for file in files) < SMALL_SOURCE else []
        chosen = ["--vars", variables] if variables.strip() else []
        run_dbt(settings, lock, ["build", *what_to_build(settings, fingerprint), *at_a_time, *chosen], fingerprint)
        published = publish.publish(settings)
        print(f"\nRelease {published.version} is published. Its documentation site follows.", flush=True)
        return published, site.write_site(settings, variables, lock)


def make_demo(settings: Settings, lock: int, arguments: list[str]) -> Path:
    """Generates the demo data, unless those of this generator with these arguments are there already. Returns their directory."""
    folder = settings.demo_source
    stamp = folder / ".generated"
    wanted = demo_fingerprint(arguments)
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return folder
    print(
        "ATLAS_SOURCE_DIR is not set: synthetic demo data are made. No row of them describes a real person.", flush=True
    )
    if (folder / DEMO_NOTICE).exists():
        shutil.rmtree(folder)
    limits = ["--memory-limit", settings.memory_limit, "--threads", str(settings.threads)]
    command = [sys.executable, "-m", "atlas.demo", "--directory", str(folder), *limits, *arguments]
    run_step(settings, lock, command, "The demo data could not be generated")
    stamp.write_text(wanted, encoding="utf-8")
    return folder


def demo_fingerprint(arguments: list[str]) -> str:
    """Returns a hash of the generator: of its arguments, its program, and the SQL and seeds that it reads."""
    return files_fingerprint(
        repr(arguments), [*DEMO.glob("*.py"), *DEMO.glob("*.sql"), *(PROJECT_DIR / "seeds").rglob("*.csv")]
    )


def check_sources(source: Path) -> list[Path]:
    """Opens every source file once, so that a bad one is named before hours of work.

    Returns the files. Raises AtlasError when a source has none, or one cannot be read.
    """
    files = []
    connection = duckdb.connect()
    for name in SOURCES:
        found = sorted(path for path in (source / name).rglob("*") if path.name.lower().endswith(SUFFIXES))
        if not found:
            raise AtlasError(
                f"No file of the source '{name}': nothing below {source / name} ends in {', '.join(SUFFIXES)}.\n"
                "Nothing was changed. Point ATLAS_SOURCE_DIR at the directory that holds population/ and health_care/."
            )
        for path in found:
            _open_once(connection, path)
        files += found
    connection.close()
    return files


def _open_once(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Reads the columns of one file. Raises AtlasError when it is damaged, empty or not allowed to be read."""
    reader = "read_parquet" if path.suffix.lower() == ".parquet" else "read_csv"
    try:
        connection.execute(f"describe from {reader}(?)", [str(path)])
    except duckdb.Error as error:
        told = str(error).splitlines()[0]
        raise AtlasError(
            f"The source file {path} cannot be read: {told}\n"
            "Nothing was changed. Copy or export the file again (a transfer that was cut off is the usual cause), or take it out of the folder."
        ) from error


def what_to_build(settings: Settings, fingerprint: str) -> list[str]:
    """Returns dbt's arguments for the nodes to build: all but the unit tests, which look at the code and not at this year's data (`make test` runs them).

    Where the newest dbt command on the warehouse was a complete build of this very project (fingerprint), seeds and what is made of them alone stand as
    they would be made again: only what depends on a source is built. The record of the build (macros/release/record_build.sql) checks that.
    """
    nodes = ["--exclude-resource-type", "unit_test"]
    try:
        with duckdb.connect(str(settings.warehouse), read_only=True) as warehouse:
            last = warehouse.execute(
                "select status, project_fingerprint from quality.build_run order by run_number desc limit 1"
            ).fetchone()
            (missing,) = warehouse.execute(
                "select count(*) from quality.publication_list anti join duckdb_tables() using (schema_name, table_name)"
            ).fetchone()
    except duckdb.Error:  # no warehouse yet, or an older one
        return nodes
    if missing or last != ("complete", fingerprint):
        return nodes
    print(
        "Nothing but data can have changed since the last build: seeds and what depends on them alone stay as they are.",
        flush=True,
    )
    return [*nodes, "--select", "source:*+"]


def run_dbt(settings: Settings, lock: int, arguments: list[str], fingerprint: str) -> None:
    """Runs dbt on the warehouse of these settings, its output shown as it comes; the fingerprint of the project goes into its record of the build.

    Raises AtlasError when dbt fails.
    """
    colours = [] if sys.stdout.isatty() else ["--no-use-colors"]
    run_step(
        settings,
        lock,
        [*dbt_command(), *colours, *arguments, "--project-dir", str(PROJECT_DIR)],
        f"dbt {arguments[0]} failed: its messages stand above.\nNothing is published, the previous release stands as it was. Mend what "
        "failed and start again",
        ATLAS_PROJECT_FINGERPRINT=fingerprint,
    )


def dbt_command() -> list[str]:
    """Returns how to start dbt: the one installed beside this Python, else the one on the path. Raises AtlasError without any."""
    beside = Path(sys.executable).parent / "dbt"
    found = str(beside) if beside.exists() else shutil.which("dbt")
    if not found:
        raise AtlasError(
            "dbt is not installed. Run `make install`, or `pip install -r requirements.txt`, and start again."
        )
    return [found]


def run_step(settings: Settings, lock: int, command: list[str], failure: str, **variables: str) -> None:
    """Runs a command in the project's directory, with the output directory's lock handed on to it. variables: of its environment, beside those of this run.

    Raises AtlasError with the message `failure` and the command's end (code or signal) when it does not succeed.
    """
    environment = {
        "DBT_PROFILES_DIR": str(PROJECT_DIR / "profiles"),
        **os.environ,
        "ATLAS_OUTPUT_DIR": str(settings.output_dir),
        **({"ATLAS_SOURCE_DIR": str(settings.source_dir)} if settings.source_dir else {}),
        **variables,
    }
    ended = subprocess.run(command, cwd=PROJECT_DIR, env=environment, pass_fds=[lock], check=False)
    if ended.returncode:
        how = (
            f"ended with code {ended.returncode}"
            if ended.returncode > 0
            else f"was stopped by {signal.Signals(-ended.returncode).name}"
        )
        raise AtlasError(f"{failure} ({Path(command[0]).name} {how}).")


def main(argv: list[str] | None = None) -> int:
    """Builds and publishes. Returns the exit code: 0, or 1 with a message on standard error."""
    parser = argparse.ArgumentParser(description="Builds the warehouse and publishes a release into $ATLAS_OUTPUT_DIR.")
    parser.add_argument(
        "--vars",
        default=os.environ.get("VARS", ""),
        help="variables for dbt, as YAML; default: environment variable VARS",
    )
    parser.add_argument(
        "--demo",
        default=os.environ.get("DEMO", ""),
        help="arguments for `atlas demo`; default: environment variable DEMO",
    )
    arguments = parser.parse_args(argv)
    signal.signal(
        signal.SIGTERM,
        lambda *_: sys.exit("Stopped. The previous release stands as it was; start again to build the next."),
    )
    started = time.monotonic()
    try:
        settings = read_settings()
        published, page = build(settings, arguments.vars, shlex.split(arguments.demo))
    except AtlasError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The previous release stands as it was; start again to build the next.", file=sys.stderr)
        return 130
    print(f"\n{publish.describe(settings, published)}\n  {page}  ({file_size(page)})\n\n{first_steps(settings)}\n")
    print(f"Built in {time.monotonic() - started:.0f} seconds.")
    return 0


def first_steps(settings: Settings) -> str:
    """Returns a first query that works on the release just made, as a command for the shell."""
    query = (
        "select reference_year, name_nl, numerator, denominator, round(value, 2) as percent "
        "from cube_013_007 inner join geographic_unit using (geo_level, geo_code) "
        "where geo_level = 'region' and age_category = 'total' order by all"
    )
    opened = f"duckdb.connect('{settings.public_file}', read_only=True)"
    return (
        "A first query, patients with imaging by another medical specialist per 100 beneficiaries:\n"
        f'  {shlex.quote(sys.executable)} -c "import duckdb; {opened}.sql(\\"{query}\\").show()"'
    )
