"""Lints the project: ruff for Python, sqlfluff for SQL.

A SQL file is linted when it changed since it passed, or when a macro, a setting or sqlfluff did: the rendered text follows from them. What passed is
remembered beside the packages, by fingerprint; a fresh environment, as that of CI, lints every file.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from fnmatch import fnmatch
from importlib.metadata import version
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
PYTHON = ("atlas", "tests")
SQL = ("models", "tests/data", "analyses")
IGNORED = ".sqlfluffignore"
SETTINGS = (".sqlfluff", IGNORED, "macros", "tests/sqlfluff")
PASSED = Path(sys.prefix) / "linted_sql.json"


def files_below(paths: tuple[str, ...], ending: str = "") -> list[Path]:
    """Returns the files of some paths of the project whose names end so, in order."""
    found = [(PROJECT / path).rglob("*") if (PROJECT / path).is_dir() else [PROJECT / path] for path in paths]
    return sorted(file for files in found for file in files if file.is_file() and file.name.endswith(ending))


def fingerprints() -> dict[str, str]:
    """Returns path -> hash of the file and of all that its rendered text and the rules follow from, of every SQL file that
    .sqlfluffignore does not name: sqlfluff warns of each such file that it is given.
    """
    ignored = [
        line for line in (PROJECT / IGNORED).read_text(encoding="utf-8").splitlines() if line[:1] not in ("", "#")
    ]
    common = hashlib.sha256(version("sqlfluff").encode())
    for file in files_below(SETTINGS):
        if file.suffix != ".pyc":
            common.update(f"{file.relative_to(PROJECT)}\n".encode() + file.read_bytes())
    found = {}
    for file in files_below(SQL, ".sql"):
        name = str(file.relative_to(PROJECT))
        if any(fnmatch(name, pattern) for pattern in ignored):
            continue
        found[name] = hashlib.sha256(common.digest() + name.encode() + file.read_bytes()).hexdigest()
    return found


def lint_sql() -> bool:
    """Lints the SQL files whose fingerprint has not passed. Returns whether they pass."""
    now = fingerprints()
    try:
        passed = set(json.loads(PASSED.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError):
        passed = set()
    changed = [name for name, fingerprint in now.items() if fingerprint not in passed]
    command = [str(BIN / "sqlfluff"), "lint", "--disable-progress-bar", "--processes", "2", *changed]
    passes = not changed or subprocess.run(command, cwd=PROJECT, check=False).returncode == 0
    if passes:
        PASSED.write_text(json.dumps(sorted(now.values())), encoding="utf-8")
    print(f"sqlfluff: {len(changed)} of {len(now)} files are new or changed", flush=True)
    return passes


def lint_python() -> bool:
    """Checks the format and the rules of all Python files. Returns whether they pass."""
    commands = [["format", "--check"], ["check"]]
    codes = [
        subprocess.run([str(BIN / "ruff"), *command, "--quiet", *PYTHON], cwd=PROJECT, check=False).returncode
        for command in commands
    ]
    return codes == [0, 0]


if __name__ == "__main__":
    results = [lint_python(), lint_sql()]
    sys.exit(not all(results))
