"""Writes the pages of a release from its public file alone: index.html, the code of static/, and one data chunk for
each statistic.

The pages hold the cells of the release down to the municipality or hospital, as integers: numerator, denominator,
suppressed or not. `value` is not written: it is per * numerator / denominator, in that order, which gives the bits of
the table. Nothing is added up or subtracted.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb

from atlas.pages.chunks import chunks
from atlas.pages.codec import chunk_script

SOURCE, STATIC = (Path(__file__).parent / name for name in ("source", "static"))


@dataclass(frozen=True)
class Pages:
    """What write_pages wrote: the page to open, the folder of code/ and data/, the number of files and their bytes."""

    index: Path
    part: Path
    files: int
    bytes: int


def write_pages(public_file: Path, folder: Path) -> Pages:
    """Writes the pages below `folder` (made when it is not there; its pages are replaced) and returns what was written.

    Code and data are in a folder whose name is a fingerprint of them: a page that a reader opened before a release
    never loads data of another one, neither from the server nor from a browser's memory.

    Reads `public_file` and the files of this package, nothing else; the same release gives the same bytes.
    Raises AtlasError when a cell contradicts its status, a row occurs twice, or a text is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("atlas-*"):
        shutil.rmtree(old)
    files = {f"code/{path.name}": path.read_bytes() for path in sorted((STATIC / "code").iterdir())}
    with duckdb.connect(str(public_file), read_only=True) as connection:
        for name, data in chunks(connection):
            files[f"data/{name}.js"] = chunk_script(name, data).encode("ascii")
    named = [(name, hashlib.sha256(content).hexdigest()) for name, content in sorted(files.items())]
    part = f"atlas-{hashlib.sha256(json.dumps(named).encode()).hexdigest()[:10]}"
    index = (SOURCE / "index.html").read_text(encoding="utf-8").replace('"code/', f'"{part}/code/').encode()
    for name, content in [*((f"{part}/{name}", content) for name, content in files.items()), ("index.html", index)]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return Pages(folder / "index.html", folder / part, len(files) + 1, len(index) + sum(map(len, files.values())))
