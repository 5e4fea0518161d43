"""The command line: `python -m atlas build | release | docs | demo`."""

from __future__ import annotations

import sys

from atlas import build, demo, publish, site

COMMANDS = {"build": build.main, "release": publish.main, "docs": site.main, "demo": demo.main}

if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
    sys.exit(f"usage: python -m atlas {{{','.join(COMMANDS)}}} ...")
sys.exit(COMMANDS[sys.argv[1]](sys.argv[2:]))
