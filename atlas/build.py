"""From source files to a published release: `python -m atlas build`.

Steps: lock the output directory, make the demo data when no source is named, open every source file once, `dbt build`,
release (tables, exports and site).

A build that is killed leaves the published release whole: dbt writes only the private warehouse, and the release is
switched by one rename. The next build computes what is missing and removes what was left.
"""

from __future__ import annotations

import hashlib
import shlex
import shutil
import sys
from pathlib import Path

import duckdb

from atlas import demo, publication, publish, runner
from atlas.lock import output_lock
from atlas.settings import PROJECT_DIR, SOURCES, AtlasError, Settings

SUFFIXES = (".parquet", ".csv", ".csv.gz")
# Bytes. In a smaller source one model leaves a core idle; in a larger one two models at a time need too much memory.
SMALL_SOURCE = 2**29


def build(settings: Settings, variables: str, demo_arguments: list[str]) -> publish.Release:
    """Runs all steps. Returns the release. Raises AtlasError at the first step that fails.

    variables: YAML for dbt. demo_arguments: for the generator of the demo data.
    """
    publication.check(settings)
    with output_lock(settings, "build"):
        source = settings.source_dir or make_demo(settings, demo_arguments)
        files = check_sources(source)
        print(f"Source: {len(files)} files in {source}", flush=True)
        runner.run_dbt(
            settings, ["build", *build_arguments(files), *(["--vars", variables] if variables.strip() else [])]
        )
        return publish.publish(settings)


def build_arguments(files: list[Path]) -> list[str]:
    """Returns dbt's arguments for a build of these files: every node but the unit tests, which test the code and not
    the data (`make test`).
    """
    at_a_time = ["--threads", "2"] if sum(file.stat().st_size for file in files) < SMALL_SOURCE else []
    return ["--exclude-resource-type", "unit_test", *at_a_time]


def make_demo(settings: Settings, arguments: list[str]) -> Path:
    """Generates the demo data, unless this generator has made them with these arguments before. Returns their
    directory.
    """
    folder = settings.demo_source
    stamp = folder / ".generated"
    wanted = demo_fingerprint(arguments)
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return folder
    print(
        "ATLAS_SOURCE_DIR is not set: synthetic demo data are made. No row of them describes a real person.", flush=True
    )
    if (folder / demo.NOTICE_FILE).exists():
        shutil.rmtree(folder)
    limits = ["--memory-limit", settings.memory_limit, "--threads", str(settings.threads)]
    demo.generate(demo.parse(["--directory", str(folder), *limits, *arguments]))
    stamp.write_text(wanted, encoding="utf-8")
    return folder


def demo_fingerprint(arguments: list[str]) -> str:
    """Returns a hash of the generator: its arguments, its program, and the SQL and seeds that it reads."""
    digest = hashlib.sha256(repr(arguments).encode())
    for path in sorted(
        [*demo.FOLDER.glob("*.py"), *demo.FOLDER.glob("*.sql"), *(PROJECT_DIR / "seeds").rglob("*.csv")]
    ):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def check_sources(source: Path) -> list[Path]:
    """Opens every source file once, so that a bad one is named before hours of work.

    Returns the files. Raises AtlasError when a source has none, or one cannot be read.
    """
    files = []
    with duckdb.connect() as connection:
        for name in SOURCES:
            found = sorted(path for path in (source / name).rglob("*") if path.name.lower().endswith(SUFFIXES))
            if not found:
                raise AtlasError(
                    f"No file of the source '{name}': nothing below {source / name} ends in {', '.join(SUFFIXES)}.\n"
                    "Nothing was changed. Set ATLAS_SOURCE_DIR to the directory that holds population/ and "
                    "health_care/."
                )
            for path in found:
                _open_once(connection, path)
            files += found
    return files


def _open_once(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Reads the columns of one file. Raises AtlasError when it is damaged, empty or not allowed to be read."""
    reader = "read_parquet" if path.suffix.lower() == ".parquet" else "read_csv"
    try:
        connection.execute(f"describe from {reader}(?)", [str(path)])
    except duckdb.Error as error:
        raise AtlasError(
            f"The source file {path} cannot be read: {str(error).splitlines()[0]}\n"
            "Nothing was changed. Copy or export the file again (an interrupted transfer is the usual cause), or "
            "remove it from the folder."
        ) from error


def first_steps(settings: Settings) -> str:
    """Returns a first query that works on the release just made, as a command for the shell."""
    query = (
        "select reference_year, name_nl, numerator, denominator, round(value, 2) as percent "
        "from stat_013_007 inner join geographic_unit using (geo_level, geo_code) "
        "where geo_level = 'region' order by all"
    )
    opened = f"duckdb.connect('{settings.public_file}', read_only=True)"
    return (
        "A first query, patients with imaging by another medical specialist per 100 beneficiaries:\n"
        f'  {shlex.quote(sys.executable)} -c "import duckdb; {opened}.sql(\\"{query}\\").show()"'
    )
