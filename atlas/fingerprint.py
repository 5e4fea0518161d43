"""What a result is made from beside the data, so that a step whose causes are those of the last time need not be done again."""

from __future__ import annotations

import hashlib
import importlib.metadata
from pathlib import Path

from atlas.settings import PROJECT_DIR

FOLDERS = ("models", "macros", "seeds", "tests/data", "tests/generic", "analyses", "profiles")
PACKAGES = ("dbt-core", "dbt-duckdb", "duckdb")


def project_fingerprint(variables: str) -> str:
    """Returns a hash, in hexadecimal, of the project's files, the package, the versions of dbt and DuckDB, and the variables (YAML for dbt)."""
    files = [path for folder in FOLDERS for path in (PROJECT_DIR / folder).rglob("*") if path.is_file()]
    files += [PROJECT_DIR / "dbt_project.yml", *(PROJECT_DIR / "atlas").glob("*.py")]
    return files_fingerprint(repr([variables, *(_version(name) for name in PACKAGES)]), files)


def _version(package: str) -> str | None:
    """Returns the version of an installed package; None where it is installed for another Python than this one."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def files_fingerprint(told: str, files: list[Path]) -> str:
    """Returns a hash, in hexadecimal, of a text and of files of the project: their paths and contents, in any order."""
    digest = hashlib.sha256(told.encode())
    for path in sorted(files):
        digest.update(path.relative_to(PROJECT_DIR).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
