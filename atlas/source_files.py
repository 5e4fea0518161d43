"""The one list of the files of a source: what `make build` and plain `dbt build` read, and what they do not.

`scan` walks the folders population/ and health_care/ once, opens every file, and returns one record per file. Models of
models/load read the records (macro scan_of_source); no other code lists or opens the source. A fault of a file stops
the build with its name and the remedy. The records hold names, sizes and checksums, and no value of a row.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path

import duckdb
import yaml

from atlas import source_parquet, source_text
from atlas.settings import PROJECT_DIR, SOURCES, InputError
from atlas.source_text import FileFault
from atlas.threads import two_at_a_time

DECLARATION = PROJECT_DIR / "models" / "staging" / "_sources.yml"
SPREADSHEETS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
OWN_FILES = ("SYNTHETIC.txt", ".generated")  # of the demo data
NO_PARTITION = "__HIVE_DEFAULT_PARTITION__"  # the folder in which Spark and Hive write rows without a value
SHOWN_FAULTS = 5


@dataclass(frozen=True)
class SourceFile:
    """A file of the source. Null where a fact does not apply; a file that is not read has `unread_reason`."""

    source: str | None
    file: str
    relative_path: str
    format: str | None = None
    folder_year: int | None = None  # that the folder states
    list_date: str | None = None  # that the folder states, yyyy-mm-dd
    file_size: int = 0  # bytes
    modified_at: int = 0  # microseconds since 1970
    identity: str = ""  # changes whenever the file may have changed, see _identity
    checksum: str = ""  # SHA-256 of the contents
    row_count: int | None = None  # of Parquet
    only_year: int | None = None  # all records are of this year, as the footer of a Parquet file shows
    encoding: str | None = None  # of CSV, as the next ones
    separator: str | None = None
    quote: str | None = None
    skipped_lines: int | None = None
    needs_copy: bool = False
    has_rows: bool | None = None  # there is something below the header
    ends_in_line: bool | None = None  # the last line has a line end
    read_path: str = ""  # the file, or its private copy
    column_names: str = ""  # lower case, separated by commas; those outside the contract are column_<n>
    column_types: str | None = None  # of Parquet, by DuckDB's names, separated by semicolons
    unread_reason: str | None = None


def scan(source: Path, copies: Path, kept: Path | None = None) -> list[SourceFile]:
    """Returns the files below a source directory, read and unread ones, in the order of their paths.

    copies: private folder for copies in UTF-8, which are made later. kept: where the last scan wrote its records; a
    file that has not changed since is not opened again. Raises InputError that names the files (the first ones) that
    cannot be read, or the source that has none.
    """
    known = {record.identity: record for record in read_records(kept)} if kept else {}
    faults: list[str] = []
    found = [record for name in SOURCES for record in _listed(source, name, faults)]
    for name in SOURCES:
        if not faults and not any(record.source == name and not record.unread_reason for record in found):
            raise InputError(no_files_message(source, name, found))
    _refuse_same_file_twice(found, faults)
    opened = []
    for record in found:
        facts = known.get(record.identity) if record.identity else None
        path = _read_path(record, facts.needs_copy, copies) if facts else ""
        opened.append(replace(facts, file=record.file, read_path=path) if facts else record)
    new = [record for record in opened if not record.unread_reason and not record.checksum]
    inspected = {record.file: record for record in _inspected(new, copies, faults)}
    if faults:
        more = f"\n... and {len(faults) - SHOWN_FAULTS} files more." if len(faults) > SHOWN_FAULTS else ""
        raise InputError("The source cannot be read.\n" + "\n".join(faults[:SHOWN_FAULTS]) + more)
    return [inspected.get(record.file, record) for record in opened] + _beside(source)


def read_records(path: Path) -> list[SourceFile]:
    """Returns the records that a scan wrote; none when the file is missing or of another version of this code."""
    try:
        return [SourceFile(**record) for record in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        return []


def write_records(records: list[SourceFile], path: Path) -> None:
    """Writes the records as JSON that only this user can read, in one step."""
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        json.dump([asdict(record) for record in records], stream, indent=0)
    unfinished.replace(path)


def changed_files(records: list[SourceFile]) -> list[str]:
    """Returns the paths of the files that are read and that have changed or gone since the scan."""
    changed = []
    for record in records:
        if not record.unread_reason:
            try:
                same = _identity(record.relative_path, os.stat(record.file)) == record.identity
            except OSError:
                same = False
            if not same:
                changed.append(record.relative_path)
    return changed


def no_files_message(source: Path, name: str, found: list[SourceFile]) -> str:
    """Returns the message for a source without a file that is read, with what its folder holds instead."""
    others = [record.relative_path for record in found if record.source == name]
    return (
        f"No input for '{name}': looked for *.parquet, *.csv and *.csv.gz below {source / name} and found none"
        + (f" (found {len(others)} files of other kinds, such as {others[0]})" if others else "")
        + ". Set ATLAS_SOURCE_DIR to the directory that holds the folders population/ and health_care/."
        + (
            ""
            if os.environ.get("ATLAS_SOURCE_DIR")
            else " It is not set, so the demo data are read: `make demo` makes them."
        )
    )


@cache
def contract(name: str) -> dict[str, str]:
    """Returns the columns of a source as its YAML declares them: {name in lower case: type}."""
    declared = yaml.safe_load(DECLARATION.read_text(encoding="utf-8"))
    (table,) = [t for s in declared["sources"] if s["name"] == "ima" for t in s["tables"] if t["name"] == name]
    return {column["name"].lower(): column["config"]["meta"]["type"] for column in table["columns"]}


def dating_column(name: str) -> str:
    """Returns the column that dates the records of a source."""
    return next(column for column, type_name in contract(name).items() if type_name == "date")


def _listed(source: Path, name: str, faults: list[str]) -> list[SourceFile]:
    """Returns a record per file below the folder of a source, not opened yet; adds faults of names and folders."""
    records = []
    for path in _walk(source / name, faults):
        relative = path.relative_to(source).as_posix()
        ending = _read_ending(path.name)
        if unprintable := re.search(r"[\x00-\x1f\x7f\\\ud800-\udfff]", relative):
            shown = ascii(relative)
            if ending:
                faults.append(
                    f"{shown}: its name holds the character {ascii(unprintable[0])}. Rename the file or its folder."
                )
                continue
            relative = shown
        record = SourceFile(name, str(path), relative)
        if any(part.startswith((".", "_")) for part in path.relative_to(source / name).parts):
            records.append(replace(record, unread_reason="hidden or unfinished: a name that begins with . or _"))
        elif path.name.lower().endswith(SPREADSHEETS):
            faults.append(
                f"{path}: is a spreadsheet, which is not read. Save it as CSV (UTF-8) or Parquet in the same folder "
                "and move the spreadsheet away."
            )
        elif not ending:
            records.append(replace(record, unread_reason="its name does not end in .parquet, .csv or .csv.gz"))
        else:
            try:
                status = os.stat(path)
                if not stat.S_ISREG(status.st_mode):
                    raise FileFault("is no regular file. Put the data in a file, or move it away.")
                records.append(_dated(replace(record, format=ending), status, path))
            except FileFault as fault:
                faults.append(f"{path}: {fault}")
            except OSError as error:
                faults.append(f"{path}: {_os_fault(path, error)}")
    return records


def _read_ending(file_name: str) -> str | None:
    """Returns the format that the ending of a name states, parquet or csv, else None."""
    lower = file_name.lower()
    return "parquet" if lower.endswith(".parquet") else "csv" if lower.endswith((".csv", ".csv.gz")) else None


def _walk(folder: Path, faults: list[str], above: tuple = ()) -> list[Path]:
    """Returns every path below a folder that is no folder, in order. Follows links, but no link to a folder above."""
    try:
        status = os.stat(folder)
        key = (status.st_dev, status.st_ino)
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name) if key not in above else []
    except FileNotFoundError:
        return []
    except OSError as error:
        faults.append(f"{folder}: {_os_fault(folder, error)}")
        return []
    paths = []
    for entry in entries:
        paths += _walk(Path(entry.path), faults, (*above, key)) if _is_folder(entry) else [Path(entry.path)]
    return paths


def _is_folder(entry: os.DirEntry) -> bool:
    """Returns whether an entry is a folder or a link to one; False for a link that leads to itself."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _os_fault(path: Path, error: OSError) -> str:
    """Returns the sentence for a file that the system does not open."""
    if path.is_symlink() and not os.path.exists(path):
        return "is a link to a file that does not exist. Correct the link or remove it."
    if isinstance(error, NotADirectoryError):
        return (
            "is no folder. Set ATLAS_SOURCE_DIR to the directory that holds the folders population/ and health_care/."
        )
    return f"cannot be opened: {error.strerror}. Give this user the right to read it, or move it away."


def _dated(record: SourceFile, status: os.stat_result, path: Path) -> SourceFile:
    """Returns the record with size, times and what its folders state. Raises FileFault for a folder without a date."""
    folders = record.relative_path.split("/")[:-1]
    stated = dict(folder.split("=", 1) for folder in folders if "=" in folder)
    record = replace(
        record,
        file_size=status.st_size,
        modified_at=status.st_mtime_ns // 1000,
        identity=_identity(record.relative_path, status),
    )
    year = stated.get("service_year", "")
    if record.source == "health_care" and re.fullmatch("[0-9]{4}", year):
        return replace(record, folder_year=int(year))
    day = stated.get("reference_date", NO_PARTITION)
    if record.source == "population" and day != NO_PARTITION:
        try:
            list_date = date.fromisoformat(day)
        except ValueError as error:
            raise FileFault(
                "is in a folder reference_date= that states no date. Name the folder reference_date=YYYY-MM-DD."
            ) from error
        return replace(record, folder_year=list_date.year, list_date=list_date.isoformat())
    return record


@cache
def _version() -> str:
    """Returns a hash of this code and the contract: records of another version are not used again."""
    folder = Path(__file__).parent
    texts = [folder / "source_files.py", folder / "source_text.py", folder / "source_parquet.py", DECLARATION]
    return hashlib.sha256(b"".join(path.read_bytes() for path in texts)).hexdigest()[:16]


def _identity(relative_path: str, status: os.stat_result) -> str:
    """Returns a text that changes when a file may have changed. The time of the last change of the inode (ctime) cannot
    be set back, so that a file with an old size and time of modification (`cp -p`, `rsync -t`) is noticed.
    """
    parts = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return ":".join([_version(), *map(str, parts), relative_path])


def _refuse_same_file_twice(found: list[SourceFile], faults: list[str]) -> None:
    """Adds a fault for a file that has two names below the source (links): its records would count twice."""
    names: dict[tuple[str, str], str] = {}
    for record in found:
        if not record.unread_reason:
            device, inode = record.identity.split(":")[1:3]
            first = names.setdefault((device, inode), record.file)
            if first != record.file:
                faults.append(
                    f"{record.file}: is the same file as {first}, by a link. Its records would count twice: remove one."
                )


def _inspected(records: list[SourceFile], copies: Path, faults: list[str]) -> list[SourceFile]:
    """Returns the records with what is known of the contents; adds faults of files that cannot be read."""
    done = []
    with duckdb.connect(config={"threads": 1}) as connection:
        # the checksum reads every byte: 0.8 GB a second and core
        for facts in two_at_a_time(lambda record: _inspected_file(connection.cursor(), record, copies), records):
            (faults if isinstance(facts, str) else done).append(facts)
    return done


def _inspected_file(connection, record: SourceFile, copies: Path) -> SourceFile | str:
    """Returns the record of a file with what is known of its contents, or the fault for which it cannot be read."""
    path = Path(record.file)
    date_column = dating_column(record.source)
    may_lack = {date_column} if f"/{date_column}=" in f"/{record.relative_path}" else set()
    names = list(contract(record.source))
    try:
        if record.format == "parquet":
            facts = source_parquet.inspect(connection, path, names, date_column, may_lack=may_lack)
            return replace(
                record,
                checksum=facts.checksum,
                read_path=record.file,
                row_count=facts.row_count,
                column_names=",".join(facts.columns),
                column_types=";".join(facts.types),
                only_year=_only_year(record, facts),
            )
        text = source_text.inspect(path, names, may_lack=may_lack)
        return replace(
            record,
            checksum=text.checksum,
            read_path=_read_path(record, text.needs_copy, copies),
            needs_copy=text.needs_copy,
            has_rows=text.has_rows,
            ends_in_line=text.ends_in_line,
            encoding=text.encoding,
            separator=text.separator,
            quote=text.quote,
            skipped_lines=text.skipped_lines,
            column_names=",".join(text.columns),
        )
    except FileFault as fault:
        return f"{path}: {fault}"
    except OSError as error:
        return f"{path}: {_os_fault(path, error)}"


def _read_path(record: SourceFile, needs_copy: bool, copies: Path) -> str:
    """Returns the file, or the path of its copy where DuckDB does not read it as it is."""
    if not needs_copy:
        return record.file
    return str(copies / f"{hashlib.sha256(record.relative_path.encode()).hexdigest()[:24]}.csv")


def _only_year(record: SourceFile, facts: source_parquet.ParquetFile) -> int | None:
    """Returns the year of all records of a Parquet file, where the footer and the folder prove it; else None.

    A claim without a usable date belongs to the year of its folder. A list has one date: where the column contradicts
    the folder, its rows are read and the build stops (model source_file_year).
    """
    first, last = facts.first_day, facts.last_day
    if record.source == "population" and record.list_date:
        agrees = not facts.has_date_column or (first and {first, last} == {record.list_date})
        return record.folder_year if agrees else None
    if not (first and last and first[:4] == last[:4]):
        return None
    year = int(first[:4])
    if record.source == "health_care" and record.folder_year == year:
        return year
    return year if facts.every_line_is_dated and record.folder_year is None and record.source == "health_care" else None


def _beside(source: Path) -> list[SourceFile]:
    """Returns what the source directory holds beside the folders of the sources. Folders are named, not opened."""
    reason = "not below population/ or health_care/"
    return [
        SourceFile(
            None,
            str(source / entry.name),
            ascii(entry.name)[1:-1] + ("/" if _is_folder(entry) else ""),
            unread_reason=reason,
        )
        for entry in sorted(os.scandir(source), key=lambda entry: entry.name)
        if entry.name not in (*SOURCES, *OWN_FILES)
    ]
