"""One command at a time in an output directory: build, release, docs, backup or restore."""

from __future__ import annotations

import json
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import filelock

from atlas.settings import ABOUT_A_PATH, AtlasError, InputError, LockedError, Settings


@contextmanager
def output_lock(settings: Settings, command: str) -> Iterator[None]:
    """Holds the output directory for one command; the lock file says which.

    The system releases the lock when this process ends, however it ends. dbt runs in this process, so the lock is held
    exactly as long as something writes to the warehouse. command: its name, for the message that a second
    command shows. Raises LockedError when another process holds the lock, AtlasError when the directory cannot be
    written.
    """
    check_writable(settings.output_dir)
    # without fallback: a lock that is a mere file would outlive a killed process
    lock = filelock.FileLock(settings.lock_file, timeout=0, fallback_to_soft=False)
    since = datetime.now().isoformat(sep=" ", timespec="seconds")  # for people; nothing is computed from the clock
    holder = {"pid": os.getpid(), "host": socket.gethostname(), "command": command, "since": since}
    try:
        held = lock.acquire()
        settings.lock_file.write_text(json.dumps(holder), encoding="utf-8")
    except filelock.Timeout as error:
        raise LockedError(_busy_message(settings)) from error
    except OSError as error:
        raise AtlasError(
            f"The output directory {settings.output_dir} cannot be locked: {error.strerror}.\nNothing was changed. "
            "Name a directory "
            "on a file system that supports locks and has space left with ATLAS_OUTPUT_DIR, and start again."
        ) from error
    with held:
        yield


def check_writable(
    folder: Path, what: str = "output directory", variable: str = "ATLAS_OUTPUT_DIR", mode: int = 0o777
) -> None:
    """Creates the folder if it is missing and writes a file in it for proof. Raises AtlasError when either fails,
    InputError when the path is to blame.

    what, variable: how the message calls the folder, and the environment variable that names it. mode: of a new folder.
    """
    try:
        folder.mkdir(mode, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"0" * 4096)
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        raise (InputError if error.errno in ABOUT_A_PATH else AtlasError)(
            f"The {what} {folder} cannot be written: {error.strerror}.\n"
            "Nothing was changed. Give this user write access to it (or free space on its disk), or name another "
            f"one with {variable}, and start again."
        ) from error


def _busy_message(settings: Settings) -> str:
    """Returns the message for the second of two commands."""
    try:
        holder = json.loads(settings.lock_file.read_text(encoding="utf-8"))
        who = f"atlas {holder['command']} (process {holder['pid']} on {holder['host']}), since {holder['since']}"
    except (OSError, ValueError, KeyError):
        who = "another process"
    return (
        f"{settings.output_dir} is in use by another command: {who}.\n"
        "Nothing was changed. Wait until it ends and start again, or build into another directory with "
        "ATLAS_OUTPUT_DIR."
    )
