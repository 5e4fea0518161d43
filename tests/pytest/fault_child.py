"""The child process of test_faults.py: one command of the product, in a process of its own that can be killed.

A fork of a process that has imported this module, because to start Python and import the product takes half the time of the small release that is killed.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import tempfile
import time
from multiprocessing import Process, forkserver, get_context
from pathlib import Path

import duckdb
import release_fixture

from atlas import build, export, guards, lineage, public_file, publish, runner, sdmx, site, switch
from atlas.__main__ import main, stop_on_signals
from atlas.pair import step
from atlas.settings import AtlasError

PROJECT = Path(__file__).resolve().parents[2]


def work(command: str, patch: str, environment: dict, message: str, largest_file: int | None) -> None:
    """Runs a command with a small site and package, after `patch` has changed what the test needs changed: the product has no hook for faults.

    message: the file that takes standard error. largest_file: the limit in bytes that the system sets on a file, None for no limit.
    """
    for number, path in ((1, os.devnull), (2, message)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    sys.stdout, sys.stderr = (os.fdopen(number, "w") for number in (1, 2))
    os.environ.clear()
    os.environ.update(environment)
    if largest_file:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    release_fixture.small_site(setattr)
    release_fixture.small_package(setattr)
    exec(patch, dict(NAMES))
    stop_on_signals()
    sys.exit(main([command]))


def die(*_, **__) -> None:
    """Takes the place of a step at which the process is killed."""
    os.kill(os.getpid(), signal.SIGKILL)


# What the text of a patch may name. A release imports `step` late, with numpy and the solver; here it is imported once for all children.
MODULES = (
    build,
    duckdb,
    export,
    guards,
    lineage,
    public_file,
    publish,
    release_fixture,
    runner,
    sdmx,
    site,
    step,
    switch,
    time,
)
NAMES = {module.__name__.rpartition(".")[2]: module for module in MODULES} | {"AtlasError": AtlasError, "die": die}


class Child:
    """A running command, with the methods of subprocess.Popen that the tests use."""

    def __init__(self, command: str, patch: str, environment: dict, largest_file: int | None):
        self.message = tempfile.NamedTemporaryFile(prefix="atlas_fault_")  # removed with this object
        arguments = (command, patch, environment, self.message.name, largest_file)
        self.process: Process = FORKS.Process(target=work, args=arguments, daemon=True)
        self.process.start()
        self.pid = self.process.pid
        self.kill = self.process.kill

    @property
    def returncode(self) -> int | None:
        """The exit code, negative for the signal that ended it; None while it runs."""
        return self.process.exitcode

    def send_signal(self, number: int) -> None:
        """Sends a signal."""
        os.kill(self.pid, number)

    def communicate(self, timeout: float) -> tuple[None, str]:
        """Waits for the end. Returns (nothing, standard error). Raises TimeoutError."""
        self.process.join(timeout)
        if self.process.is_alive():
            self.kill()
            raise TimeoutError(f"the child did not end within {timeout} s")
        return None, Path(self.message.name).read_text(encoding="utf-8")


FORKS = get_context("forkserver")


def prepare() -> None:
    """Starts the process that children are forks of. It finds this module by PYTHONPATH."""
    FORKS.set_forkserver_preload(["fault_child"])
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(PROJECT), str(Path(__file__).parent)])
    try:
        forkserver.ensure_running()
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
