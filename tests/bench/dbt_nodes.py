"""`python dbt_nodes.py FILE ARGUMENT...`: runs dbt with the arguments in this process and writes to FILE, as JSON, the processor seconds of each node.

Nodes run one at a time, so that what the process uses between the start and the end of a node is the node's. What it uses outside them is dbt's: starting,
reading the project, writing its record.
"""

import json
import sys
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage

from dbt.cli.main import dbtRunner


def processor_seconds():
    """Processor time so far of this process, of all its threads, and of its children that ended (suppression)."""
    return sum(used.ru_utime + used.ru_stime for used in map(getrusage, (RUSAGE_SELF, RUSAGE_CHILDREN)))


def main():
    file, *arguments = sys.argv[1:]
    started, nodes = {}, {}

    def watch(event):
        if event.info.name == "NodeStart":
            started[event.data.node_info.unique_id] = processor_seconds()
        elif event.info.name == "NodeFinished":
            name = event.data.node_info.unique_id
            nodes[name] = processor_seconds() - started[name]

    succeeded = dbtRunner(callbacks=[watch]).invoke([*arguments, "--threads", "1"]).success
    Path(file).write_text(json.dumps(nodes), encoding="utf-8")
    sys.exit(not succeeded)


if __name__ == "__main__":
    main()
