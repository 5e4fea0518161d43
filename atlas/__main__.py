"""The command line: `python -m atlas build | release | docs | demo | backup | restore`."""

from __future__ import annotations

import argparse
import contextlib
import os
import select
import shlex
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from atlas import backup, build, demo, last_release, publish, report
from atlas.lock import output_lock
from atlas.pair import step
from atlas.settings import AtlasError, InputError, Parser, Settings, file_size, path_of, read_settings


def main(argv: list[str] | None = None) -> int:
    """Runs one command. Returns the exit code: 0, or that of the error (65 bad input, 75 locked, 77 consent needed, 1
    else) with its message on standard error.
    """
    try:
        arguments = parser().parse_args(argv)
        arguments.run(arguments)
    except AtlasError as error:
        print(f"\n{error}", file=sys.stderr)
        return error.exit_code
    return 0


def parser() -> argparse.ArgumentParser:
    """Returns the parser of all commands; each sets `run`, a function of the parsed arguments."""
    commands = Parser(prog="atlas", description="Builds and publishes the Belgian health atlas.")
    subparsers = commands.add_subparsers(required=True, metavar="build | release | docs | demo | backup | restore")
    build_command = subparsers.add_parser("build", help="from source files to a published release in $ATLAS_OUTPUT_DIR")
    build_command.add_argument(
        "--vars", default=os.environ.get("VARS", ""), help="dbt variables as YAML; default: environment variable VARS"
    )
    build_command.add_argument(
        "--demo",
        default=os.environ.get("DEMO", ""),
        help="arguments of `atlas demo`; default: environment variable DEMO",
    )
    build_command.set_defaults(run=run_build)
    release = subparsers.add_parser("release", help="publish the last complete build of the warehouse")
    release.set_defaults(run=run_release)
    for command in (build_command, release):
        command.add_argument(
            "--last-release",
            metavar="PATH",
            help="public file (atlas.duckdb) that was published last; default: the current release",
        )
        command.add_argument(
            "--drop-years", metavar="YEARS", help="years of the last release that this one may lack, such as 2021,2022"
        )
        command.add_argument(
            "--consent",
            metavar="REASON",
            help="publish although the last release gives cells away; the release records the reason",
        )
    subparsers.add_parser("docs", help="write the site of the current release anew").set_defaults(run=run_docs)
    for name, function, text in (
        ("backup", backup.backup, "copy the private warehouse to a file"),
        ("restore", backup.restore, "put a copy in the place of the private warehouse"),
    ):
        command = subparsers.add_parser(name, help=text)
        command.add_argument("file", type=Path, metavar="FILE")
        command.set_defaults(run=partial(run_on_file, function, name))
    generator = subparsers.add_parser("demo", help="write a synthetic source")
    demo.add_arguments(generator)
    generator.set_defaults(run=demo.generate)
    return commands


def run_build(arguments: argparse.Namespace) -> None:
    """Builds, publishes and reports. Raises AtlasError at the first step that fails."""
    started = time.monotonic()
    settings = read_settings()
    options = last_release.read_options(arguments.last_release, arguments.drop_years, arguments.consent)
    try:
        of_demo = shlex.split(arguments.demo)
    except ValueError as error:
        raise InputError(f"DEMO (--demo) cannot be read: {error}. Give options, as in DEMO='--scale 0.01'.") from error
    release, document = build.build(settings, arguments.vars, of_demo, options)
    print(f"\n{report.summary(document)}\n{publish.describe(settings, release)}")
    print(report.places(settings, time.monotonic() - started))
    if not document["release"]["previous_version"]:
        print(build.first_steps(settings))


def run_release(arguments: argparse.Namespace) -> None:
    """Publishes the last build of the warehouse. Raises AtlasError when it must not be published."""
    settings = read_settings()
    options = last_release.read_options(arguments.last_release, arguments.drop_years, arguments.consent)
    with output_lock(settings, "release"), step.recorded(settings):
        print(publish.describe(settings, publish.publish(settings, options)))


def run_docs(_: argparse.Namespace) -> None:
    """Writes the site of the current release anew. Raises AtlasError when there is none."""
    settings = read_settings()
    with output_lock(settings, "docs"):
        publish.renew_site(settings)
    print(f"Site: {settings.site / 'index.html'} ({file_size(settings.site.resolve())})")


def run_on_file(function: Callable[[Settings, Path], str], name: str, arguments: argparse.Namespace) -> None:
    """Runs a command on a file. Raises AtlasError when it fails."""
    settings = read_settings()
    file = path_of({"FILE": str(arguments.file)}, "FILE")
    if file.is_relative_to(settings.output_dir):
        raise InputError(f"{file} is in the output directory. Name a file elsewhere, on another disk if there is one.")
    with output_lock(settings, name):
        print(function(settings, file))


STOPPED = (
    b"\nStopped. The published release is whole: the previous release is unchanged, or the new one has replaced it.\n"
)


def stop_on_signals() -> None:
    """Makes SIGTERM, SIGINT and SIGHUP (a closed terminal) end the process at once, as a kill would: every step is
    written so that this leaves the published release whole, and waiting for a running query could take minutes.
    """

    def stop(number: int, _: object) -> None:
        # a closed terminal takes no message, and a reader that waits must not keep the process
        with contextlib.suppress(OSError):
            if select.select([], [2], [], 0)[1]:
                os.write(2, STOPPED)
        os._exit(128 + number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if number == signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
            continue  # nohup: the build is to outlive its terminal
        signal.signal(number, stop)
    # Python calls a handler between two of its own instructions, and a long query is a single one: a thread of its own
    # waits for the byte that the system's handler writes at once. A forked process has no such thread.
    ends = socket.socketpair()
    ends[1].setblocking(False)
    signal.set_wakeup_fd(ends[1].fileno(), warn_on_full_buffer=False)
    os.register_at_fork(after_in_child=lambda: signal.set_wakeup_fd(-1))
    threading.Thread(target=lambda: stop(ends[0].recv(1)[0], None), daemon=True).start()


def run() -> None:
    """Runs the command line as a program."""
    stop_on_signals()
    sys.exit(main())


if __name__ == "__main__":
    run()
