"""dbt, run in this process."""

from __future__ import annotations

import gc
import os
import sys

from atlas.settings import PROJECT_DIR, AtlasError, Settings


def run_dbt(settings: Settings, arguments: list[str]) -> None:
    """Runs a dbt command on the warehouse of these settings, its output shown as it comes; artifacts and log go below
    the output directory.

    Returns when the warehouse file is closed again, so that a release can open it with a configuration of its own.
    Raises AtlasError when dbt fails or is not installed.
    """
    try:
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.adapters.factory import reset_adapters
        from dbt.cli.main import dbtRunner
    except ImportError as error:
        raise AtlasError(
            "dbt is not installed for this Python. Run `make build`, which installs it, or `pip install -r "
            "requirements.txt`, and start again."
        ) from error
    os.environ["ATLAS_OUTPUT_DIR"] = str(settings.output_dir)
    if settings.source_dir:
        os.environ["ATLAS_SOURCE_DIR"] = str(settings.source_dir)
    os.chdir(PROJECT_DIR)  # paths in the project's SQL start here
    folders = {
        "--project-dir": PROJECT_DIR,
        "--profiles-dir": os.environ.get("DBT_PROFILES_DIR") or PROJECT_DIR / "profiles",
        "--target-path": settings.target,
        "--log-path": settings.logs,
    }
    command = [] if sys.stdout.isatty() else ["--no-use-colors"]
    command += [*arguments, *(str(part) for pair in folders.items() for part in pair)]
    shared = os.umask(0o077)  # warehouse, spilled files, artifacts and logs are private; the release is not
    try:
        result = dbtRunner().invoke(command)
        reset_adapters()
        DuckDBConnectionManager.close_all_connections()
        gc.collect()  # a connection that is still referenced would keep the file open
    finally:
        os.umask(shared)
    if not result.success:
        reason = f" ({result.exception})" if result.exception else ""
        raise AtlasError(
            f"dbt {arguments[0]} failed{reason}: its messages are above.\nNothing is published, the previous release "
            "is unchanged. "
            "Fix what failed and start again."
        )
