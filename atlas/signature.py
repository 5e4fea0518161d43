"""The signature of a release's checksums, made by the command that publication.yml names.

Checksums in the folder of the files show damage. That the publisher wrote them, a signature shows, whose key is
elsewhere.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from atlas.publication import Publication
from atlas.settings import AtlasError

SUMS = "SHA256SUMS"
PLACE = "{file}"  # in the arguments: the path of the checksums
PATIENCE = 120  # seconds: a command that asks for a passphrase would wait for ever


def sign(folder: Path, publication: Publication | None) -> str | None:
    """Signs the checksums in the folder of exported files, then final. Returns the name of the signature, None
    when publication.yml names no command.

    Raises AtlasError when the command fails, leaves no file SHA256SUMS.<ending>, or changes another one: nothing is
    published then.
    """
    if not publication or not publication.sign:
        return None
    before = _files(folder)
    command = [text.replace(PLACE, str(folder / SUMS)) for text in publication.sign]
    try:
        done = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = f"did not end in {PATIENCE} s" if isinstance(error, subprocess.TimeoutExpired) else error.strerror
        raise _fault(publication, f"cannot be run: {reason}") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise _fault(publication, f"ended with code {done.returncode}{': ' + said[-1][:200] if said else ''}")
    after = _files(folder)
    if any(after.get(path) != state for path, state in before.items()):
        raise _fault(publication, "changed a file of the release")
    added = sorted(after.keys() - before.keys())
    if len(added) != 1 or not added[0].startswith(f"{SUMS}.") or not (folder / added[0]).stat().st_size:
        raise _fault(publication, f"wrote {', '.join(added) or 'no file'}, and not one signature {SUMS}.<ending>")
    return added[0]


def _files(folder: Path) -> dict[str, tuple[int, int]]:
    """Returns path -> (size, time of modification) of all files."""
    states = {path: path.stat() for path in folder.rglob("*") if path.is_file()}
    return {path.relative_to(folder).as_posix(): (state.st_size, state.st_mtime_ns) for path, state in states.items()}


def _fault(publication: Publication, problem: str) -> AtlasError:
    return AtlasError(
        f"The release was not signed: the command `{publication.sign[0]}` of the key sign in {publication.path} "
        f"{problem}.\nNothing is published, the previous release is unchanged. Correct the command (it must ask for no "
        "passphrase), or remove the key, and run `make release`."
    )
