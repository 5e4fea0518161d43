"""One build or release at a time in an output directory."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import sys
import tempfile
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Iterator

from atlas.settings import AtlasError, Settings


def check_writable(folder: Path) -> None:
    """Creates the folder if it is missing and proves that a file can be written in it. Raises AtlasError when not."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"0" * 4096)
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        raise AtlasError(
            f"The output directory {folder} cannot be written: {error.strerror}.\n"
            "Nothing was changed. Give this user write access to it (or free space on its disk), or name another one with "
            "ATLAS_OUTPUT_DIR, and start again."
        ) from error


@contextmanager
def output_lock(settings: Settings) -> Iterator[int]:
    """Holds the output directory for one build or release.

    Yields the file descriptor of the lock: a child process that inherits it keeps the lock if this process is killed, so that no
    second build starts beside an orphaned dbt. The system drops the lock when the last holder ends, whatever the way it ended.
    Raises AtlasError when the directory cannot be written or another process holds the lock.
    """
    check_writable(settings.output_dir)
    with open(settings.lock_file, "a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AtlasError(_busy_message(settings, lock)) from error
        lock.seek(0)
        lock.truncate()
        json.dump(_holder(), lock)
        lock.flush()
        try:
            yield lock.fileno()
        finally:
            lock.seek(0)
            lock.truncate()


def _holder() -> dict:
    """Returns who holds the lock, for the message that the next one sees. The clock is used for nothing else."""
    return {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "command": "atlas",
        "since": datetime.now().isoformat(sep=" ", timespec="seconds"),
    }


def _busy_message(settings: Settings, lock) -> str:
    """Returns what to tell the second of two builds."""
    lock.seek(0)
    try:
        holder = json.loads(lock.read())
        who = f"{holder['command']} (process {holder['pid']} on {holder['host']}), since {holder['since']}"
    except (ValueError, KeyError):
        who = "another process"
    return (
        f"Another build is at work in {settings.output_dir}: {who}.\n"
        "Nothing was changed. Wait until it ends and start again, or build into another directory with ATLAS_OUTPUT_DIR. "
        "If that process was killed, a dbt that it started is still running: it ends by itself, and the lock with it."
    )
