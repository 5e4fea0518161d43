"""Kills whole builds, for `campaign.py --kills`: one case is a build that is killed, and the build after it.

The source is that of the campaign, two years of it. A case begins with nothing, or with a release of the first year, to which the build adds the second. It is killed after so many seconds of its processor time (the clock says little on a machine at work), or
as soon as it has a child process of the suppression. Who is killed: the build alone, with it all that it started, or the child alone; with SIGKILL, or with the signals that a terminal, an operator and a scheduler send.

A case holds when readers find the old release or the new one, whole by its checksums; when a build that ended by itself says why, without a traceback; when a few seconds later nothing that it started is running; when the next build
succeeds, with the numbers of a build that nobody killed; and when it leaves no file behind that a build does not leave.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
FIRST = "{last_reference_year: 2022}"  # variables of a first build; a further build adds the year after
BY_RELEASE = ("release.csv", "release_source.csv", "release_table.csv")  # tables that describe the release, not figures
PATIENCE = 5  # seconds in which children end after their parent
CHILD = "atlas.suppression.step"
# Who is killed, and how; those that are likely come more than once.
WAYS = [("build", signal.SIGKILL)] * 3 + [("all", signal.SIGKILL), ("child", signal.SIGKILL), ("child", signal.SIGTERM)]
WAYS += [("build", number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)]


@dataclass(frozen=True)
class Reference:
    """Builds that nobody killed: folder of the first one, digests of both releases, processor seconds, file names."""

    folder: Path
    old: str
    new: str
    seconds: float
    names: frozenset[str]


def start(source: Path, output: Path, variables: str = "") -> subprocess.Popen:
    """Starts a build in a process group of its own."""
    environment = {**os.environ, "ATLAS_SOURCE_DIR": str(source), "ATLAS_OUTPUT_DIR": str(output), "VARS": variables}
    return subprocess.Popen(
        [sys.executable, "-m", "atlas", "build"],
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def finish(build: subprocess.Popen) -> tuple[int, str, float]:
    """Waits for a build. Returns exit code, what it printed, and its processor seconds."""
    before = os.times()
    printed, _ = build.communicate()
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return build.returncode, printed, used


def processor_seconds(number: int) -> float:
    """Returns the processor time of a running process; infinite when it has ended."""
    try:
        fields = Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return float("inf")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def processes_of(output: Path) -> dict[int, str]:
    """Returns the running processes that belong to an output directory: number and command."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            environment = (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if f"ATLAS_OUTPUT_DIR={output}".encode() in environment and command:
            found[int(folder.name)] = command
    return found


def digest(output: Path) -> str | None:
    """Returns a hash of the figures of the current release, None without one. Raises AssertionError when a checksum of its files does not hold."""
    exports = output / "release" / "exports"
    if not (output / "release").exists():
        return None
    sums = [line.split(None, 1) for line in (exports / "SHA256SUMS").read_text(encoding="utf-8").splitlines()]
    for checksum, name in sums:
        assert hashlib.sha256((exports / name).read_bytes()).hexdigest() == checksum, f"{name} is not whole"
    figures = [f"{name} {checksum}" for checksum, name in sums if "csv/" in name and not name.endswith(BY_RELEASE)]
    return hashlib.sha256("\n".join(figures).encode()).hexdigest()


def names_in(output: Path) -> frozenset[str]:
    """Returns the names in an output directory, and of what is in its folder for temporary files."""
    spilled = (output / "spill").iterdir() if (output / "spill").exists() else ()
    return frozenset(path.name for path in output.iterdir()) | {f"spill/{path.name}" for path in spilled}


def prepare(folder: Path) -> Reference:
    """Makes the builds that nobody kills, of the source in the folder. Raises AssertionError when one fails."""
    source, base, other = folder / "source", folder / "base", folder / "other"
    code, printed, seconds = finish(start(source, base, FIRST))
    assert code == 0, printed
    shutil.copytree(base, other, symlinks=True)
    code, printed, _ = finish(start(source, other))
    assert code == 0, printed
    old, new = digest(base), digest(other)
    assert old and new and old != new
    names = names_in(base) | names_in(other)
    shutil.rmtree(other)
    return Reference(base, old, new, seconds, names)


def run_case(number: int, seed: int, folder: Path, reference: Reference) -> tuple[str, str]:
    """Kills one build and runs the next. Returns (outcome, what is wrong or '')."""
    rng = random.Random(seed * 100_000 + number)
    is_first = rng.random() < 0.3
    who, how = WAYS[number % len(WAYS)]
    moment = rng.uniform(0.3, reference.seconds)
    output, variables = folder / "case", FIRST if is_first else ""
    shutil.rmtree(output, ignore_errors=True)
    if not is_first:
        shutil.copytree(reference.folder, output, symlinks=True)
    case = f"case {number} of seed {seed} ({who} by {how.name} at {moment:.1f} s, {'first' if is_first else 'further'} build)"
    before, after = (None, reference.old) if is_first else (reference.old, reference.new)
    wrong = []

    build = start(folder / "source", output, variables)
    hit = killed(build, output, who, how, moment)
    code, printed, _ = finish(build)
    deadline = time.monotonic() + PATIENCE
    while (left := processes_of(output)) and time.monotonic() < deadline:
        time.sleep(0.1)
    wrong += [f"still running: {list(left.values())}"] if left else []
    found = attempt(lambda: digest(output), wrong)
    if found not in (before, after):
        wrong.append("the release is neither the old nor the new one")
    if hit and who == "child" and not (code == 1 and "suppression" in printed and "Start again" in printed):
        wrong.append(f"exit code {code}, {printed[-500:]}")
    if who == "build" and how != signal.SIGKILL and hit and code not in (128 + how, 0):
        wrong.append(f"exit code {code}")
    next_code, next_printed, _ = finish(start(folder / "source", output, variables))
    if next_code != 0:
        wrong.append(f"the next build ends with {next_code}: {next_printed[-900:]}")
    elif attempt(lambda: digest(output), wrong) != after:
        wrong.append("the next build has other numbers")
    if more := names_in(output) - reference.names if output.exists() else None:
        wrong.append(f"left behind: {sorted(more)}")
    if "Traceback" in printed + next_printed:
        wrong.append(f"a traceback: {printed[-900:]}")
    outcome = f"{who} by {how.name}: " + ("not killed, " if not hit else "") + ("new" if found == after else "old")
    return outcome, f"{case}: {'; '.join(wrong)}" if wrong else ""


def attempt(question: Callable[[], str | None], wrong: list[str]) -> str | None:
    """Returns an answer; notes the reason when there is none."""
    try:
        return question()
    except (AssertionError, OSError) as error:
        wrong.append(str(error))
        return "none"


def killed(build: subprocess.Popen, output: Path, who: str, how: signal.Signals, moment: float) -> bool:
    """Waits for the moment and kills. Returns whether there was something to kill."""
    while build.poll() is None:
        if who == "child":
            children = [number for number, command in processes_of(output).items() if CHILD in command]
            if children and processor_seconds(children[0]) >= (moment % 1) * 0.5:
                os.kill(children[0], how)
                return True
        elif processor_seconds(build.pid) >= moment:
            if build.poll() is not None:
                return False
            (os.killpg if who == "all" else os.kill)(build.pid, how)
            return True
        time.sleep(0.02)
    return False
