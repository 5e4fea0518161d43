"""What surrounds dbt: from source files to a published release. `python -m atlas --help` lists the commands."""

from __future__ import annotations

import re

from atlas.settings import PROJECT_DIR

# The one home of the version is dbt_project.yml, which dbt reads too; pyproject.toml takes it from here.
_found = re.search(r'^version: "(.+)"$', (PROJECT_DIR / "dbt_project.yml").read_text(encoding="utf-8"), re.MULTILINE)
__version__ = _found.group(1) if _found else "unknown"
