"""What the processes that a build starts have in common.

Imports Python's own modules alone, because Spark's process may run in an environment without the project's packages.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping

PARENT = "ATLAS_PARENT"  # the environment variable by which a process knows who started it


def environment(given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Returns the environment of a process that this one starts. given: in place of this process's own."""
    return {**(os.environ if given is None else given), PARENT: str(os.getpid())}


def end_with_parent() -> None:
    """Ends this process within a second after the process that started it: a killed build leaves none behind.

    The parent is the one that `environment` names: asked for here, it may be another one, if the build was killed while
    this process was starting.
    """
    threading.Thread(target=_wait, args=(int(os.environ[PARENT]),), daemon=True).start()


def _wait(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
