"""Where things are: the environment variables and the names inside the output directory, in one place for the whole
package.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PROJECT_DIR = Path(__file__).resolve().parent.parent
SOURCES = ("population", "health_care")


class AtlasError(Exception):
    """A fault with a message for the operator: what happened, and what to do. Commands print it and end with code 1."""


@dataclass(frozen=True)
class Settings:
    """One run's environment. Paths are absolute; sizes are DuckDB's notation."""

    output_dir: Path
    source_dir: Path | None  # None: no data was named, the demo data are used
    memory_limit: str
    threads: int
    temp_dir: Path
    publication: Path | None = None  # the file that ATLAS_PUBLICATION names, in place of the project's publication.yml

    @property
    def warehouse(self) -> Path:
        """The private database: dbt writes it, a release reads it."""
        return self.output_dir / "warehouse.duckdb"

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

    Raises AtlasError when ATLAS_THREADS is no whole number.
    """
    threads = environment.get("ATLAS_THREADS") or "2"
    if not threads.isdecimal() or int(threads) < 1:
        raise AtlasError(f"ATLAS_THREADS is {threads!r}, but must be a whole number from 1 on.")
    output_dir = Path(environment.get("ATLAS_OUTPUT_DIR") or PROJECT_DIR / "output").resolve()
    source = environment.get("ATLAS_SOURCE_DIR")
    publication = environment.get("ATLAS_PUBLICATION")
    return Settings(
        output_dir=output_dir,
        source_dir=Path(source).resolve() if source else None,
        memory_limit=environment.get("ATLAS_MEMORY_LIMIT") or "4GB",
        threads=int(threads),
        temp_dir=Path(environment.get("ATLAS_TEMP_DIR") or output_dir / "spill").resolve(),
        publication=Path(publication).resolve() if publication else None,
    )


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
