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

from atlas import demo, last_release, publication, publish, report, runner, source_files, spark, variables
from atlas.lock import check_writable, output_lock
from atlas.pair import step
from atlas.settings import PROJECT_DIR, Settings

# Bytes. In a smaller source one model leaves a core idle; in a larger one two models at a time need too much memory.
SMALL_SOURCE = 2**29


def build(
    settings: Settings,
    variable_text: str,
    demo_arguments: list[str],
    options: last_release.Options | None = None,
) -> tuple[publish.Release, dict]:
    """Runs all steps. Returns the release and the document of build.json. Raises AtlasError at the first step that
    fails.

    variable_text: YAML of dbt's variables. demo_arguments: for the generator of the demo data. options: about the last
    release.
    """
    variables.check_text(variable_text)
    publication.check(settings)
    spark.check_engine(settings)
    with output_lock(settings, "build"), report.recorded(settings) as document:
        check_writable(settings.temp_dir, "spill directory", "ATLAS_TEMP_DIR", 0o700)
        source = settings.source_dir or make_demo(settings, demo_arguments)
        files = check_sources(source, settings)
        print(f"Source: {len(files)} files in {source}", flush=True)
        document.update(source_directory=str(source), source_files=len(files))
        arguments = [*runner.BUILD, *models_at_a_time(files)]
        arguments += ["--vars", variable_text] if variable_text.strip() else []
        document["source_warnings"] = runner.run_dbt(settings, arguments)
        previous = publish.current_version(settings)
        counts = report.of_warehouse(settings)  # before the release, which has no way back
        try:
            with step.recorded(settings):
                release = publish.publish(settings, options)
        except step.WithheldError as error:
            print(
                f"Beside the last release {len(error.cells):,} more rows must be suppressed: their years are published "
                "again.",
                flush=True,
            )
            runner.run_dbt(settings, arguments)
            with step.recorded(settings):
                release = publish.publish(settings, options)
        document.update(report.of_release(settings, counts, release, previous))
    return release, document


def models_at_a_time(files: list[Path]) -> list[str]:
    """Returns dbt's arguments for the number of models that it makes at a time from these files."""
    return ["--threads", "2"] if sum(file.stat().st_size for file in files) < SMALL_SOURCE else []


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
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if (folder / demo.NOTICE_FILE).exists():
        # renamed first: a folder that is half removed must not be taken for a source
        folder.rename(old)
    shutil.rmtree(old, ignore_errors=True)
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


def check_sources(source: Path, settings: Settings) -> list[Path]:
    """Lists and opens every source file, so that a bad one is named before dbt starts; dbt does not open them again.

    Returns the files that are read. Raises InputError when a source has none, or one cannot be read.
    """
    records = source_files.scan(source, settings.temp_dir, settings.source_records)
    source_files.write_records(records, settings.source_records)
    return [Path(record.file) for record in records if not record.unread_reason]


def first_steps(settings: Settings) -> str:
    """Returns a first query that works on the release just made, as a command for the shell."""
    query = (
        "select reference_year, name_nl, numerator, denominator, round(value, 2) as percent "
        "from stat_013_007 inner join geographic_unit using (geo_level, geo_code) "
        "where geo_level = 'region' order by all"
    )
    code = "import duckdb, sys; duckdb.connect(sys.argv[1], read_only=True).sql(sys.argv[2]).show()"
    command = shlex.join([sys.executable, "-c", code, str(settings.public_file)])
    return (
        "A first query, patients with imaging by another medical specialist per 100 beneficiaries:\n"
        f'  {command} "{query}"'  # between double quotes, which the query has none of, its own quotes need no escape
    )
