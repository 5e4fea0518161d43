"""dbt, run in this process.

dbt's own lines go to its log; the screen gets what the project's macros say to the operator, and what failed.
"""

from __future__ import annotations

import gc
import os
import re
from functools import partial

from atlas.settings import PROJECT_DIR, AtlasError, InputError, Settings, path_of

# A build of the data: every node but the unit tests, which test the code (`make test`).
BUILD = ("build", "--exclude-resource-type", "unit_test")
# Where the project checks what it was given: the models that read the source, and the first hook, which checks the
# variables (dbt_project.yml).
CHECKS_OF_INPUT = ("models/load/", "models/staging/", "on-run-start-0")
SHOWN_FAILURES = 3


def run_dbt(settings: Settings, arguments: list[str]) -> list[str]:
    """Runs a dbt command on the warehouse of these settings; artifacts and log go below the output directory. Prints
    the messages of the project's macros but those of progress.

    Returns what the macros warned of, when the warehouse file is closed again, so that a release can open it with a
    configuration of its own.
    Raises InputError when dbt fails at a check of the input or of a variable, AtlasError when it fails otherwise or is
    not installed; the message says what failed.
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
    for name in ("ATLAS_TEMP_DIR", "ATLAS_PUBLICATION"):  # the plugin of dbt reads the environment again, after chdir
        if path := path_of(os.environ, name):
            os.environ[name] = str(path)
    os.chdir(PROJECT_DIR)  # paths in the project's SQL start here
    folders = {
        "--project-dir": PROJECT_DIR,
        "--profiles-dir": os.environ.get("DBT_PROFILES_DIR") or PROJECT_DIR,
        "--target-path": settings.target,
        "--log-path": settings.logs,
    }
    # without dbt's own lines on the screen: what failed is in the error
    command = ["--log-level", "none", "--log-level-file", "debug", *arguments]
    command += [*(str(part) for pair in folders.items() for part in pair)]
    print(f"dbt is at work. Its output: {settings.dbt_log}", flush=True)
    shared = os.umask(0o077)  # warehouse, spilled files, artifacts and logs are private; the release is not
    warnings: list[str] = []
    try:
        result = dbtRunner(callbacks=[_show_message, partial(_collect, warnings)]).invoke(command)
        reset_adapters()
        DuckDBConnectionManager.close_all_connections()
        gc.collect()  # a connection that is still referenced would keep the file open
    finally:
        os.umask(shared)
    if not result.success:
        kind = InputError if _is_about_input(result) else AtlasError
        raise kind(
            "\n".join(_failures(result)) + f"\n\ndbt {arguments[0]} failed. Its log: {settings.dbt_log}\nNothing is "
            "published, the previous release is unchanged. Fix what failed and start again."
        )
    return list(dict.fromkeys(warnings))


def _collect(warnings: list[str], event) -> None:
    """Adds what a macro of the project warns of."""
    if event.info.name == "JinjaLogWarning":
        warnings.append(event.info.msg)


def _failures(result) -> list[str]:
    """Returns what dbt says of its exception and of the first nodes that failed, each message once: that of a wrong
    variable may be of several nodes. The text of an error of DuckDB has lost its values before (dbt_plugin).
    """
    failures = [_message_alone(str(result.exception))] if result.exception else []
    for done in getattr(result.result, "results", None) or ():
        if done.status in ("error", "fail"):
            message = (done.message or "").strip()
            # the message of a macro of the project says where the fault is
            place = "" if message.startswith("Compilation Error") else f" ({done.node.name})"
            failures.append(_message_alone(message) + place)
    failures = list(dict.fromkeys(failures))
    more = f"... and {len(failures) - SHOWN_FAILURES} more failures." if len(failures) > SHOWN_FAILURES else ""
    return failures[:SHOWN_FAILURES] + ([more] if more else [])


def _message_alone(message: str) -> str:
    """Returns a message of dbt without its frame: `... Error in model ...` before it, the places in macros and the path
    of compiled SQL after it.
    """
    lines = [line.strip() for line in message.strip().splitlines()]
    if len(lines) > 1 and re.match("[A-Z][a-z]+ Error( in |$)", lines[0]):
        lines = lines[1:]
    end = next((at for at, line in enumerate(lines) if line.startswith(("> ", "compiled code at "))), None)
    return "\n".join(line for line in lines[:end] if line)


def _show_message(event) -> None:
    """Prints what a macro of the project tells the operator or warns of. The line of each year of each table stays in
    the log, and what the summary says at the end: which years are not complete.
    """
    message = event.info.msg
    said_later = "years to do" in message or ("is not complete: lacks" in message and "not added" not in message)
    if event.info.name in ("JinjaLogInfo", "JinjaLogWarning") and not said_later:
        print(message, flush=True)


def _is_about_input(result) -> bool:
    """True when a check of the variables failed, or a model that reads the source: by an error of the project, or by
    one of DuckDB about a value. True for a damaged source file wherever it is read.

    result: dbt's. An error before the first node is its exception; its first line names the place.
    """
    from atlas.dbt_plugin import DAMAGED, VALUES_HIDDEN

    faults = [("", str(result.exception or ""))]
    for done in getattr(result.result, "results", None) or ():
        if done.status == "error":
            faults.append((done.node.original_file_path, (done.message or "").strip()))
    for path, message in faults:
        place = f"{path} {message.partition(chr(10))[0]}"
        by_project = message.startswith("Compilation Error")
        at_a_check = any(name in place for name in CHECKS_OF_INPUT)
        if DAMAGED in message or (at_a_check and (by_project or VALUES_HIDDEN in message)):
            return True
    return False
