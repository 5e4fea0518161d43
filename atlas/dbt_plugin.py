"""The project's part of dbt-duckdb: what a dbt command does in Python, by `make build` and by plain `dbt build` alike.

profiles.yml names this module. It checks the environment and the private folders before the warehouse is opened, and
writes the list of source files when a model asks for it. Macros reach it by `adapter.store_relation`, the one method of
dbt-duckdb that calls a plugin (macros/load/source_files.sql).
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt_common.exceptions import DbtRuntimeError

from atlas import source_files, source_parquet, source_text, spark, variables
from atlas.lock import check_writable
from atlas.settings import SOURCES, AtlasError, Settings, read_settings, temp_folder
from atlas.suppression import step as suppression

# The beginnings of DuckDB's messages that hold no value of a row.
ABOUT_NO_DATA = tuple(
    f"{kind} Error:"
    for kind in (
        "Binder",
        "Catalog",
        "Parser",
        "Syntax",
        "IO",
        "Out of Memory",
        "Dependency",
        "Connection",
        "Permission",
        "Not implemented",
        "INTERRUPT",
        "Fatal",
        "FATAL",
    )
)
# The beginnings of those that may hold values.
ABOUT_DATA = tuple(
    f"{kind} Error"
    for kind in ("Conversion", "Invalid Input", "Constraint", "Out of Range", "TransactionContext", "Serialization")
) + ("INTERNAL Error",)
# A quoted path of a source file.
SOURCE_FILE = r"""["'](?:/|[A-Za-z]:)[^"'\n]*\.(?:parquet|csv|csv\.gz)["']"""
# What DuckDB says of a Parquet file of which a page is damaged, where it names the file.
PAGE_FAULT = r"""(?:Failed to read file|read enough bytes from file|in Parquet file) ["']([^"'\n]*\.(?i:parquet))["']"""
# The kinds of its errors about a damaged Parquet file that it does not name: besides those without a kind of their own.
FILE_FAULTS = (duckdb.InvalidInputException, duckdb.InternalException, duckdb.SerializationException)
# In the message about such a file.
DAMAGED = "is damaged: its footer is whole, but a page cannot be read. Export or transfer the file again."
# Ends a message about data, from which values were removed.
VALUES_HIDDEN = "(Values are not shown, because they may be those of a person.)"


class Plugin(BasePlugin):
    """Steps of a dbt command that SQL cannot do. Errors are dbt's, with the text of AtlasError."""

    settings: Settings

    def initialize(self, plugin_config) -> None:
        """Lets dbt-duckdb raise errors without values of rows, from the first statement on."""
        DuckDBConnectionManager.exception_handler = errors_without_values
        DuckDBConnectionManager.atlas_fault = ""

    def update_connection_config(self, creds, config) -> None:
        """Checks environment, folders and warehouse before dbt-duckdb opens the file. Raises DbtRuntimeError.

        From here on this process writes files that only its user can read: the warehouse and what DuckDB spills hold
        persons.
        """
        try:
            for given, text in zip(sys.argv, [*sys.argv[1:], ""], strict=True):
                if given == "--vars" or given.startswith("--vars="):
                    variables.check_text(text if given == "--vars" else given.removeprefix("--vars="))
            self.warehouse = Path(creds.path).resolve()
            folder = self.warehouse.parent
            self.settings = replace(read_settings(), output_dir=folder, temp_dir=temp_folder(os.environ, folder))
            check_writable(self.settings.output_dir)
            os.umask(0o077)
            check_writable(self.settings.temp_dir, "spill directory", "ATLAS_TEMP_DIR")
            config["temp_directory"] = str(self.settings.temp_dir)
            DuckDBConnectionManager.atlas_settings = self.settings
            check_warehouse(self.warehouse, config)
            spark.check_engine(self.settings)
        except AtlasError as error:
            raise DbtRuntimeError(str(error)) from error

    def configure_connection(self, conn) -> None:
        """Removes what a killed build left. The warehouse is open, so that no other build is at work."""
        if self.warehouse.exists():
            self.warehouse.chmod(0o600)
        clear(self.settings.temp_dir)

    def store(self, target_config) -> None:
        """Runs the step that `config` names. Raises DbtRuntimeError with the message for the operator, also for an
        unknown step.

        scan    writes the records of the source files to the path of the call
        recode  writes UTF-8 copies of the CSV files in `files` that are in another encoding
        check   stops when a file of the records at the path has changed since they were written
        clear   removes the copies, and what passed to Spark by the folder `exchange`
        variables  stops when `values` has a name that is no variable of the project, or a value that it cannot hold
        exchange  makes `folder`, through which tables pass to Spark and back
        spark   runs dbt on Spark, and stops when that fails
        free    drops the blocks of the warehouse that DuckDB keeps in memory and nobody uses
        suppress  decides the suppressed cells of `years` (name: window, of the windows that begin with them), whose
                  cells are in the folder for temporary files
        """
        step, records = target_config.config["step"], Path(target_config.location.path)
        try:
            if step == "scan":
                kept = None if target_config.config.get("forget") else records
                source_files.write_records(
                    source_files.scan(Path(target_config.config["directory"]).absolute(), self.settings.temp_dir, kept),
                    records,
                )
            elif step == "recode":
                recode(set(target_config.config["files"]), records)
            elif step == "check":
                check_unchanged(records)
            elif step == "variables":
                variables.check_values(target_config.config["values"])
            elif step == "free":
                free_blocks(DuckDBConnectionManager.env().conn, self.settings.memory_limit)
            elif step == "suppress":
                given = target_config.config
                suppression.run(
                    self.settings.temp_dir,
                    given["years"],
                    given["threshold"],
                    secondary=given["secondary"],
                    processes=self.settings.threads,
                    name=given["name"],
                )
            elif step == "exchange":
                spark.make_exchange(Path(target_config.config["folder"]))
            elif step == "spark":
                given = target_config.config
                spark.run(
                    self.settings,
                    Path(given["folder"]),
                    given["plan"],
                    given["variables"],
                    full_refresh=given["full_refresh"],
                )
            elif step == "clear":
                clear(self.settings.temp_dir)
                if folder := target_config.config.get("exchange"):
                    spark.clear_exchange(Path(folder).parent)
            else:
                raise AtlasError(
                    f"The plugin has no step {step!r}. Correct the macro that asks for it (run_source_step)."
                )
        except (AtlasError, source_text.FileFault) as error:
            raise DbtRuntimeError(str(error)) from error
        except OSError as error:
            raise DbtRuntimeError(
                f"{error.filename}: {error.strerror}. Free space on its disk, or give this user the right to use it."
            ) from error


@contextmanager
def errors_without_values(self, sql: str, connection_name: str = "master"):
    """Takes the place of DuckDBConnectionManager.exception_handler: rolls back and raises dbt's error as that does, but
    DuckDB's text goes through `without_values` first, and dbt's log gets no other. A damaged source file is named.
    """
    try:
        yield
    except DbtRuntimeError:
        raise
    except Exception as error:
        # after an internal error DuckDB refuses every statement: the first message is the one that says something
        message = isinstance(error, duckdb.FatalException) and getattr(DuckDBConnectionManager, "atlas_fault", "")
        if not message:
            damaged = damaged_files(error, getattr(self, "atlas_settings", None))
            message = "\n".join(f"{file}: {DAMAGED}" for file in damaged) or without_values(str(error))
        if isinstance(error, duckdb.InternalException | duckdb.FatalException):
            DuckDBConnectionManager.atlas_fault = message
        with suppress(duckdb.Error):
            self.rollback_if_open()
        raise DbtRuntimeError(message) from None


def damaged_files(error: Exception, settings: Settings | None) -> list[str]:
    """Returns the Parquet files of the source of which a page cannot be read, when that may be what the error is about.

    DuckDB names the file in some of these errors. Others have no kind ("Out of buffer"), or one that says little
    ("INTERNAL Error: Information loss on integer cast"): then all files are read.
    """
    if named := re.search(PAGE_FAULT, str(error)):
        return [named[1]]
    if not (type(error) is duckdb.Error or isinstance(error, FILE_FAULTS)) or not settings:
        return []
    records = source_files.read_records(settings.source_records)
    return [
        file
        for name in SOURCES
        for file in source_parquet.unreadable(
            [record.file for record in records if record.source == name and record.format == "parquet"],
            list(source_files.contract(name)),
            threads=settings.threads,
        )
    ]


def without_values(message: str) -> str:
    """Returns an error message of DuckDB in which no value of a row is left.

    Errors about SQL, files and memory remain as they are. Of all others, of which any word may be a value ("Could not
    convert string ...", "Original Line: ..."), the words up to the first quote remain, without numbers, and the names
    of source files.
    """
    if message.startswith(ABOUT_NO_DATA) and "INTERNAL Error" not in message:
        return message
    first = message.splitlines()[0] if message else message
    if not first.startswith(ABOUT_DATA):
        kind = re.match("[A-Za-z ]{1,40}(?:Error|Exception)(?=:)", first)
        return f"{kind[0] if kind else 'An error'} of DuckDB {VALUES_HIDDEN}"
    files = re.findall(SOURCE_FILE, first)
    # a value may hold quotes itself: all that follows the first quote goes
    first = re.sub(r"""["'].*|Original Line.*|\b\d[\w.+-]*""", "...", re.sub(SOURCE_FILE, "...", first))
    return f"{' '.join([first.strip(), *files])} {VALUES_HIDDEN}"


def check_warehouse(file: Path, config: dict) -> None:
    """Opens the warehouse once. Raises AtlasError that says what to do when it is damaged or in use."""
    try:
        duckdb.connect(str(file), config=dict(config)).close()
    except duckdb.Error as error:
        text = str(error)
        if holder := re.search(r"PID (\d+)", text):
            raise AtlasError(
                f"The warehouse {file} is open in another process ({holder[0]}). Close that program and start again."
            ) from error
        if "memory_limit" in text or "temp_directory" in text or "threads" in text:
            raise AtlasError(text) from error
        raise AtlasError(
            f"The warehouse {file} cannot be opened: {_kind(error)}. The published release is unchanged. Bring back a "
            "backup of this file, or move it (and a file of the same name that ends in .wal) away and build again: it "
            "is made anew from the source. Years that the source no longer has are only in the backup."
        ) from error


def _kind(error: duckdb.Error) -> str:
    """Returns what is wrong with a database file, without DuckDB's own text, which may hold contents of the file."""
    text = str(error)
    if "newer version" in text or "storage version" in text.lower():
        return "another version of DuckDB wrote it"
    if "not a valid DuckDB database" in text or "valid database" in text:
        return "it is no DuckDB file"
    return "it is damaged"


def check_unchanged(records: Path) -> None:
    """Raises AtlasError when a source file has changed since the records were written."""
    changed = source_files.changed_files(source_files.read_records(records))
    if changed:
        raise AtlasError(
            f"The source changed while it was read: {', '.join(changed[:5])}. The build is not complete. Start again "
            "when the files are in place."
        )


def recode(files: set[str], records: Path) -> None:
    """Writes the missing UTF-8 copies of these files. Raises FileFault when one cannot be decoded."""
    for record in source_files.read_records(records):
        if record.file in files and record.read_path != record.file:
            target = Path(record.read_path)
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not target.exists():
                source_text.recode(Path(record.file), record.encoding, record.skipped_lines, target)


def free_blocks(connection: duckdb.DuckDBPyConnection, limit: str, kept: str = "64MB") -> None:
    """Drops the blocks that DuckDB keeps in memory and nobody uses, until `kept` is left: it does so when its memory
    limit is lowered. A lower limit than what is in use is refused, after all else was dropped; DuckDB then leaves the
    write-ahead log beside the file when it closes it, so that `kept` is no less than what is in use as a rule.

    limit: the memory limit that holds afterwards, as it was given. DuckDB states it rounded down to a tenth: taken from
    there, it would shrink with each call.
    """
    with suppress(duckdb.OutOfMemoryException):
        connection.execute(f"set memory_limit = '{kept}'")
    connection.execute(f"set memory_limit = '{limit}'")


def clear(folder: Path) -> None:
    """Removes what the project and DuckDB put into the private folder for temporary files: nobody else writes there."""
    for path in folder.iterdir() if folder.exists() else ():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
