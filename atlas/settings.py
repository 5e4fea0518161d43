"""Where things are: the environment variables and the names inside the output directory, in one place for the whole
package.
"""

from __future__ import annotations

import argparse
import difflib
import errno
import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

PROJECT_DIR = Path(__file__).resolve().parent.parent
SOURCES = ("population", "health_care")
ENGINES = ("duckdb", "spark")
CHANGES_FOLDER = "changes"  # of a release: the change report
SOURCE_RECORDS_FILE = "source_files.json"  # the macro source_records has its name too
# The environment variables of the project; a test compares them with those that the code reads.
VARIABLES = (
    *(f"ATLAS_{name}" for name in ("SOURCE_DIR", "OUTPUT_DIR", "TEMP_DIR", "PUBLICATION", "ENGINE")),
    *(f"ATLAS_{name}" for name in ("MEMORY_LIMIT", "THREADS", "PAGES_RELEASE", "PARENT")),
    *(f"ATLAS_SPARK_{name}" for name in ("PYTHON", "METHOD", "HOST", "PORT", "USER", "CLUSTER", "TOKEN")),
    *(f"ATLAS_SPARK_{name}" for name in ("MEMORY", "PARTITIONS", "EVENTS", "PATHS", "PLAN", "EXCHANGE")),
)
# Of a system error, what the value of a variable is to blame for, and not the disk or the rights.
ABOUT_A_PATH = (errno.ENOENT, errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL)


class AtlasError(Exception):
    """A fault with a message for the operator: what happened, and what to do. Commands print it and end with its
    code.
    """

    exit_code = 1


class InputError(AtlasError):
    """A fault of what the operator gave: a source file, a variable, an environment variable, publication.yml."""

    exit_code = os.EX_DATAERR


class LockedError(AtlasError):
    """Another process is at work in the output directory: the same command may succeed later."""

    exit_code = os.EX_TEMPFAIL


class Parser(argparse.ArgumentParser):
    """A parser of options that raises InputError in place of ending the process."""

    def error(self, message):
        """Raises InputError. message: argparse's."""
        raise InputError(f"{self.prog}: {message}. `{self.prog} --help` shows the options.")


@dataclass(frozen=True)
class Settings:
    """One run's environment. Paths are absolute; sizes are DuckDB's notation."""

    output_dir: Path
    source_dir: Path | None  # None: no data was named, the demo data are used
    memory_limit: str
    threads: int
    temp_dir: Path
    engine: str = "duckdb"  # or spark: what computes the tables of persons
    publication: Path | None = None  # the file that ATLAS_PUBLICATION names, in place of the project's publication.yml

    @property
    def warehouse(self) -> Path:
        """The private database: dbt writes it, a release reads it."""
        return self.output_dir / "warehouse.duckdb"

    @property
    def source_records(self) -> Path:
        """The private list of the source files, as the last scan found them."""
        return self.output_dir / SOURCE_RECORDS_FILE

    @property
    def demo_source(self) -> Path:
        """Where the demo data are generated when no source directory is named."""
        return self.output_dir / "demo_source"

    @property
    def target(self) -> Path:
        """The folder of dbt's artifacts: manifest.json and run_results.json describe the last build."""
        return self.output_dir / "target"

    @property
    def logs(self) -> Path:
        """The folder of dbt's log."""
        return self.output_dir / "logs"

    @property
    def dbt_log(self) -> Path:
        """The file to which dbt adds what it does."""
        return self.logs / "dbt.log"

    @property
    def build_report(self) -> Path:
        """The private report of the last build, for machines."""
        return self.output_dir / "build.json"

    @property
    def lock_file(self) -> Path:
        """The file whose lock means that a build or a release is running in this output directory."""
        return self.output_dir / ".build.lock"

    @property
    def staging(self) -> Path:
        """Where a release is put together; hidden, and removed by the next run if this one is killed."""
        return self.output_dir / ".staging"

    @property
    def exports_staging(self) -> Path:
        """The exported files of the release that is put together."""
        return self.staging / "exports"

    @property
    def releases(self) -> Path:
        """The folder of whole releases: the current one and the one before."""
        return self.output_dir / "releases"

    @property
    def current(self) -> Path:
        """The symbolic link to the current release. Switching it is the one step that publishes."""
        return self.output_dir / "release"

    @property
    def site(self) -> Path:
        """The site as readers know it: a link into the current release."""
        return self.output_dir / "site"

    @property
    def public_file(self) -> Path:
        """The public database as readers know it: a link into the current release."""
        return self.output_dir / "atlas.duckdb"

    @property
    def exports(self) -> Path:
        """The exported files as readers know them: a link into the current release."""
        return self.output_dir / "exports"


def read_settings(environment=os.environ) -> Settings:
    """Returns the settings that the environment variables ATLAS_* give, with the defaults that profiles.yml has too.

    Raises InputError that names the variable whose value is invalid, or whose name is misspelt.
    """
    _check_names(environment)
    output_dir = path_of(environment, "ATLAS_OUTPUT_DIR") or PROJECT_DIR / "output"
    source_dir = path_of(environment, "ATLAS_SOURCE_DIR")
    if output_dir == output_dir.parent:
        raise InputError("ATLAS_OUTPUT_DIR is the root of the file system. Name a directory for the output alone.")
    if marks := re.findall("[?#]", str(output_dir)):
        raise InputError(
            f"ATLAS_OUTPUT_DIR is {output_dir}: dbt-duckdb takes what follows a {marks[0]} in the path of a database "
            "for an option. Name a directory without one."
        )
    for name in SOURCES if source_dir else ():
        if output_dir.is_relative_to(source_dir / name):
            raise InputError(
                f"ATLAS_OUTPUT_DIR is {output_dir}, inside the folder {name} of ATLAS_SOURCE_DIR: the next build would "
                "take its files for an extract. Name a directory outside of the source."
            )
    engine = environment.get("ATLAS_ENGINE") or "duckdb"
    if engine not in ENGINES:
        raise InputError(f"ATLAS_ENGINE is {engine!r}, but must be one of {', '.join(ENGINES)}.")
    return Settings(
        output_dir=output_dir,
        source_dir=source_dir,
        memory_limit=memory_limit(environment.get("ATLAS_MEMORY_LIMIT") or "4GB"),
        threads=thread_count(environment.get("ATLAS_THREADS") or "2"),
        temp_dir=temp_folder(environment, output_dir),
        engine=engine,
        publication=path_of(environment, "ATLAS_PUBLICATION"),
    )


def _check_names(environment) -> None:
    """Raises InputError for a name that is nearly one of the project's: the value would count for nothing. Other
    programs have names that begin in the same way.
    """
    for name in environment:
        near = difflib.get_close_matches(name.upper(), VARIABLES, 1, 0.8) if name.upper().startswith("ATLAS") else []
        if near and name not in VARIABLES:
            raise InputError(f"There is no environment variable {name}. Is {near[0]} meant? Rename or unset it.")


def path_of(environment, name: str) -> Path | None:
    """Returns the absolute path that an environment variable names, links followed; None when it is not set or empty.

    Raises InputError that names the variable when no file can have such a path.
    """
    text = environment.get(name)
    if not text:
        return None
    try:
        if not text.isprintable():
            raise ValueError("it holds a control character or a byte that is no text")
        path = Path(text).resolve()
        path.exists()  # a name that is too long, a link to itself
        if path.is_symlink():
            raise ValueError("it is a link that leads to itself")
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error).partition(":")[0]
        raise InputError(
            f"{name} is no path that can be used: {reason} ({ascii(text[:60])}). Name another one."
        ) from error
    return path


def memory_limit(text: str, name: str = "ATLAS_MEMORY_LIMIT") -> str:
    """Returns a memory limit in DuckDB's notation. Raises InputError with this name when it is none, or one that DuckDB
    cannot open a file with: below 50 MB, above 100 TB, a share above 100 %.
    """
    given = re.fullmatch(r"([0-9]+(?:[.][0-9]+)?)\s*([KMGT]?)(i?B|%)", text, re.I | re.ASCII)
    if given:
        amount, prefix, unit = float(given[1]), given[2].upper(), given[3]
        size = amount * (1024 if unit[0] in "iI" else 1000) ** "BKMGT".index(prefix or "B")
        if (not prefix and 1 <= amount <= 100) if unit == "%" else 50e6 <= size <= 100e12:
            return text
    raise InputError(
        f"{name} is {text!r}, but must be a size from 50MB to 100TB, such as 4GB, or a share of the memory "
        "of this machine from 1% to 100%."
    )


def thread_count(text: str, name: str = "ATLAS_THREADS") -> int:
    """Returns a number of threads. Raises InputError with this name when the text is no whole number from 1 to 8 for
    each core.
    """
    most = 8 * (os.cpu_count() or 1)
    if not re.fullmatch("[0-9]{1,9}", text) or not 1 <= int(text) <= most:
        raise InputError(
            f"{name} is {text!r}, but must be a whole number from 1 to {most} (8 for each processor "
            "core of this machine)."
        )
    return int(text)


def temp_folder(environment, output_dir: Path) -> Path:
    """Returns the private folder for temporary files of one output directory: a run removes what it finds there."""
    shared = path_of(environment, "ATLAS_TEMP_DIR")
    if not shared:
        return output_dir / "spill"
    return shared / f"atlas-{hashlib.sha256(str(output_dir).encode()).hexdigest()[:12]}"


def file_size(path: Path) -> str:
    """Returns the size of a file, or of all files below a folder, as people read it: `3.4 MB`."""
    size = float(
        sum(p.stat().st_size for p in path.rglob("*") if p.is_file()) if path.is_dir() else path.stat().st_size
    )
    for unit in ("bytes", "KB", "MB", "GB"):
        if size < 1024 or unit == "GB":
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    raise AssertionError("unreachable")
