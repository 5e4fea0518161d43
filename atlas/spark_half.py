"""dbt on Spark, in a process of its own: `python -m atlas.spark_half RESULT ARGUMENT...`, which atlas/spark.py starts.

It imports dbt-spark and, of the project, atlas.child alone, so that Spark's packages may be in an environment of their
own. Standard output has the messages of the project's macros. RESULT becomes a JSON list of the errors, empty after
success; errors hold no value of a row. The process ends when its parent does.
"""

from __future__ import annotations

import json
import re
import sys
from contextlib import contextmanager
from pathlib import Path

from atlas.child import end_with_parent

# The classes of Spark's errors that are about SQL, files or memory, and hold no value of a row.
ABOUT_NO_DATA = (
    "UNRESOLVED",
    "TABLE_OR_VIEW",
    "SCHEMA_",
    "PARSE_",
    "DATATYPE_MISMATCH",
    "PATH_",
    "FAILED_READ_FILE",
    "MISSING_",
    "AMBIGUOUS_",
    "UNSUPPORTED_",
)


def without_values(message: str) -> str:
    """Returns an error message of Spark in which no value of a row is left: one about SQL or files as it is, any other
    as its class.
    """
    kind = re.search(r"\[([A-Z0-9_.]+)\]", message)
    if kind and kind[1].startswith(ABOUT_NO_DATA):
        return message.split("\nJVM stacktrace:")[0]
    return f"{kind[1] if kind else 'An error'} of Spark (Values are not shown, because they may be those of a person.)"


def prepare_connections() -> None:
    """Changes three things of dbt-spark: errors hold no value of a row, ANSI mode is on, a server gets the settings."""
    from dbt.adapters.contracts.connection import ConnectionState
    from dbt.adapters.spark.connections import SparkConnectionManager, SparkCredentials
    from dbt_common.exceptions import DbtRuntimeError

    @contextmanager
    def errors_without_values(self, sql: str):
        """Takes the place of SparkConnectionManager.exception_handler."""
        try:
            yield
        except Exception as error:
            if isinstance(error, DbtRuntimeError) and "[" not in str(error):
                raise
            raise DbtRuntimeError(without_values(str(error))) from None

    prepare = SparkCredentials.__post_init__

    def with_ansi(self) -> None:
        """Prepares credentials as dbt-spark does, which turns ANSI off: with it, an overflow is an error."""
        prepare(self)
        self.server_side_parameters["spark.sql.ansi.enabled"] = "true"

    connect = SparkConnectionManager.open.__func__

    def with_settings(cls, connection):
        """Opens a connection as dbt-spark does, and sets what decides the numbers.

        dbt-spark sends it while it connects, and the Thrift server of Spark does not read it: a year would replace
        all others, because partitions are overwritten one by one only in the mode `dynamic`.
        """
        is_new = connection.state != ConnectionState.OPEN
        connection = connect(cls, connection)
        if is_new and connection.credentials.method != "session":
            cursor = connection.handle.handle.cursor()
            for name, value in connection.credentials.server_side_parameters.items():
                cursor.execute(f"set {name}={value}")
            cursor.close()
        return connection

    SparkConnectionManager.exception_handler = errors_without_values
    SparkCredentials.__post_init__ = with_ansi
    SparkConnectionManager.open = classmethod(with_settings)


def main(arguments: list[str]) -> int:
    """Runs dbt. Returns the exit code."""
    from dbt.cli.main import dbtRunner

    end_with_parent()
    prepare_connections()
    result = dbtRunner(callbacks=[_show_message]).invoke(arguments[1:])
    errors = [str(result.exception)] if result.exception else []
    for done in getattr(result.result, "results", None) or ():
        if done.status in ("error", "fail", "runtime error"):
            errors.append(f"{done.node.name}: {done.message}")
    if not result.success and not errors:
        errors = ["dbt on Spark did not succeed"]
    Path(arguments[0]).write_text(json.dumps(errors), encoding="utf-8")
    return 0 if result.success else 1


def _show_message(event) -> None:
    """Prints what a macro of the project says to the operator."""
    if event.info.name == "JinjaLogInfo":
        print(event.info.msg, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
