"""Makes static/ from source/: `python -m atlas.pages.shrink`, after every change of source/ (needs Node.js: runs the
pinned esbuild by npx).

The pages are written to be read in source/ and to be small in static/: one script, names shortened. A build takes
static/ as it is, so that it needs no minifier and the same release gives the same bytes everywhere.
static/source.sha256 says what was made from which source; a test compares both.
"""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

SOURCE = Path(__file__).parent / "source"
STATIC = Path(__file__).parent / "static"
ORDER = ("base", "data", "state", "map", "charts", "statistic", "pages", "download", "main")
ESBUILD = "esbuild@0.28.2"


def joined_code() -> str:
    """Returns the scripts of source/code in their order, as one function; only ATLAS, which data files call, is
    global.
    """
    parts = [
        (SOURCE / "code" / f"{name}.js").read_text(encoding="utf-8").replace('"use strict";\n', "") for name in ORDER
    ]
    code = "\n".join(parts)
    return '(() => {\n"use strict";\n' + code.replace("\n<", "<") + "\n})();\n"  # no line breaks between tags


def checksums() -> str:
    """Returns the lines of static/source.sha256: the sha256 over names and contents of source/code and static/code."""
    lines = []
    for folder in (SOURCE, STATIC):
        total = hashlib.sha256()
        for path in sorted((folder / "code").iterdir()):
            total.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
        lines.append(f"{total.hexdigest()}  {folder.name}/code\n")
    return "".join(lines)


def minified(text: str, kind: str) -> str:
    """Returns a script or style sheet in esbuild's small form."""
    command = ["npx", "--yes", ESBUILD, "--minify", "--target=es2021", f"--loader={kind}", "--log-level=error"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


def main() -> None:
    """Writes static/ again."""
    (STATIC / "code").mkdir(parents=True, exist_ok=True)
    (STATIC / "code" / "atlas.js").write_text(minified(joined_code(), "js"), encoding="utf-8")
    style = (SOURCE / "code" / "atlas.css").read_text(encoding="utf-8")
    (STATIC / "code" / "atlas.css").write_text(minified(style, "css"), encoding="utf-8")
    (STATIC / "source.sha256").write_text(checksums(), encoding="utf-8")


if __name__ == "__main__":
    main()
