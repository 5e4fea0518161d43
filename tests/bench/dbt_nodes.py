"""`python dbt_nodes.py FILE ARGUMENT...`: runs dbt with the arguments in this process and writes to FILE, as JSON, what each node uses:
{node: {"processor": seconds, "memory": bytes}}.

Nodes run one at a time, so that what the process uses between the start and the end of a node is the node's. What it uses outside them is dbt's: starting,
reading the project, writing its record; it is under the name `dbt`. Memory is the largest resident set of this process while the node runs (Linux; elsewhere
and without the right to reset it, the largest since the process began).
"""

import json
import sys
from contextlib import suppress
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage

from dbt.cli.main import dbtRunner

DBT = "dbt"


def processor_seconds():
    """Processor time so far of this process, of all its threads, and of its children that ended (suppression)."""
    return sum(used.ru_utime + used.ru_stime for used in map(getrusage, (RUSAGE_SELF, RUSAGE_CHILDREN)))


def peak_memory():
    """Bytes of the largest resident set since the last call, where the system lets this process reset it."""
    try:
        (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
        peak = int(line.split()[1]) * 1024
    except (OSError, ValueError):
        peak = getrusage(RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return peak


class Meter:
    """What the process has used, by node."""

    def __init__(self):
        self.nodes = {}
        self.node = DBT
        self.since = 0.0

    def turn_to(self, node):
        """Adds what was used since the last call to the node before, and begins with this one."""
        until = processor_seconds()
        used = self.nodes.setdefault(self.node, {"processor": 0.0, "memory": 0})
        used["processor"] += until - self.since
        used["memory"] = max(used["memory"], peak_memory())
        self.node, self.since = node, until

    def watch(self, event):
        """A callback of dbt."""
        if event.info.name == "NodeStart":
            self.turn_to(event.data.node_info.unique_id)
        elif event.info.name == "NodeFinished":
            self.turn_to(DBT)


def main():
    file, *arguments = sys.argv[1:]
    meter = Meter()
    succeeded = dbtRunner(callbacks=[meter.watch]).invoke([*arguments, "--threads", "1"]).success
    meter.turn_to(DBT)
    Path(file).write_text(json.dumps(meter.nodes), encoding="utf-8")
    sys.exit(not succeeded)


if __name__ == "__main__":
    main()
