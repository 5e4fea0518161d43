"""The release that readers have when a new one is made: what a build compares itself with.

It is the public file of the current release, or the file that the option --last-release names. Nothing private of it is
read. A release without suppression (small_cell_threshold 0) is never handed on, so the one before it counts.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from atlas.settings import AtlasError, InputError, Settings, path_of
from atlas.sql import identifier, literal

LONGEST_REASON = 1000  # characters
SCHEMA = "last_release"  # the name under which a connection attaches the file


@dataclass(frozen=True)
class Options:
    """What an operator says about the last release: its public file when it is not the current release of the output
    directory, the years that the new release may lack, and the reason why cells may be published that the last release
    gives away.
    """

    path: Path | None = None
    dropped_years: frozenset[int] = frozenset()
    consent: str | None = None


@dataclass(frozen=True)
class LastRelease:
    """A public file. row: of its table `release`. tables: table -> (SHA-256 of its CSV file, columns of its key)."""

    path: Path
    row: dict
    tables: dict[str, tuple[str, list[str]]]

    @property
    def version(self) -> str:
        """The version of the release."""
        return self.row["version"]


def read_options(path: str | None, dropped_years: str | None, consent: str | None = None) -> Options:
    """Returns the options from the texts of the command line. Raises InputError when the path is no public file, years
    are no list of years, or consent is no reason that can be published.
    """
    text = (dropped_years or "").strip()
    if text and not re.fullmatch(r"\d{4}(\s*,\s*\d{4})*", text):
        raise InputError(f"--drop-years is {text!r}, but must be years separated by commas, such as 2021,2022.")
    years = frozenset(int(year) for year in re.findall(r"\d{4}", text))
    if consent is not None and not consent.strip():
        raise InputError("--consent needs a reason, which the release records.")
    if consent is not None and not (consent.isprintable() and len(consent) <= LONGEST_REASON):
        raise InputError(
            f"--consent must be a line of at most {LONGEST_REASON} characters without control characters: it is "
            "published."
        )
    file = path_of({"--last-release": path}, "--last-release")
    if file:
        _read(file, InputError)
    return Options(file, years, consent.strip() if consent else None)


def find(settings: Settings, options: Options, *, is_synthetic: bool) -> LastRelease | None:
    """Returns the release to compare with; None when there is none of the same kind, synthetic or not.

    Raises InputError when the named file is no release to compare with, AtlasError when the current one cannot be read.
    """
    if options.path:
        last = _read(options.path, InputError)
        if bool(last.row["is_synthetic"]) != is_synthetic:
            raise InputError(
                f"--last-release: {options.path} is {'' if last.row['is_synthetic'] else 'not '}synthetic, and the new "
                f"release is {'' if is_synthetic else 'not '}synthetic: they have nothing in common. Name the release "
                "that was published before this one."
            )
        if not last.row["small_cell_threshold"]:
            raise InputError(
                f"--last-release: {options.path} was made without suppression, for private use only. Name the release "
                "that was published before this one."
            )
        return last
    for folder in _folders(settings):
        last = _read(folder / settings.public_file.name, AtlasError)
        if last.row["small_cell_threshold"] and bool(last.row["is_synthetic"]) == is_synthetic:
            return last
    return None


def of_later_comparisons(settings: Settings) -> set[str]:
    """Returns the names of the folders with which a later release is compared: of each kind, synthetic or not, the
    newest release with suppression. One that cannot be read is none.
    """
    names: dict[bool, str] = {}
    for folder in _folders(settings):
        with suppress(AtlasError):
            row = _read(folder / settings.public_file.name, AtlasError).row
            if row["small_cell_threshold"]:
                names.setdefault(bool(row["is_synthetic"]), folder.name)
    return set(names.values())


def _folders(settings: Settings) -> list[Path]:
    """Returns the folders of the releases that are kept, the current one first, then from the newest to the oldest."""
    if not settings.current.is_symlink():
        return []
    current = settings.current.resolve()
    others = (path for path in settings.releases.iterdir() if path != current and path.is_dir())
    return [current, *sorted(others, key=lambda path: (-path.stat().st_mtime_ns, path.name))]


def _read(path: Path, error: type[AtlasError]) -> LastRelease:
    """Returns the release of a public file. Raises the error when it cannot be read as one."""
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            cursor = connection.execute("from release")
            row = dict(zip([column[0] for column in cursor.description], cursor.fetchone(), strict=True))
            tables = {
                name: (sha256, [column for column in (key or "").split(", ") if column])
                for name, sha256, key in connection.execute(
                    "select table_name, csv_sha256, key_columns from release_table order by table_name"
                ).fetchall()
            }
            last = LastRelease(path, row, tables)
            _ = (row["version"], row["is_synthetic"], row["small_cell_threshold"], row["geography_vintage"])
    except (duckdb.Error, KeyError, TypeError) as fault:
        raise error(
            f"The last release {path} cannot be read as a public file of this project. The new release is compared "
            "with it. Name the public file that was published last with --last-release, or move this one away."
        ) from fault
    return last


def attach(connection: duckdb.DuckDBPyConnection, last: LastRelease) -> None:
    """Attaches the public file read-only under the name SCHEMA."""
    connection.execute(f"attach {literal(last.path)} as {SCHEMA} (read_only)")


def years_of(connection: duckdb.DuckDBPyConnection, relations: dict[str, str]) -> dict[str, set[int]]:
    """Returns table -> reference years. relations: table -> how the connection names it."""
    return {
        name: {year for (year,) in connection.execute(f"select distinct reference_year from {relation}").fetchall()}
        for name, relation in relations.items()
    }


def check_years(
    connection: duckdb.DuckDBPyConnection, last: LastRelease, relations: dict[str, str], dropped: frozenset[int]
) -> None:
    """Raises InputError that names the years which statistics of the attached last release have and the new ones lack,
    unless they are in `dropped`. A statistic that is no longer made has no lost years: the change report names it.

    relations: statistic -> its new table.
    """
    old = years_of(connection, {name: f"{SCHEMA}.{identifier(name)}" for name in relations if name in last.tables})
    now = years_of(connection, {name: relations[name] for name in old})
    lost: dict[int, list[str]] = {}
    for name, years in sorted(old.items()):
        for year in years - now[name] - dropped:
            lost.setdefault(year, []).append(name)
    if not lost:
        return
    texts = [
        f"{year} ({'all tables' if len(names) == len(old) else ', '.join(names)})"
        for year, names in sorted(lost.items())
    ]
    raise InputError(
        f"Nothing is published: the last release, {last.version}, has years that this one would lose: "
        f"{'; '.join(texts)}.\nRestore the source files of these years, or widen first_reference_year, "
        "last_reference_year and publication_date, and build again. If the years are to go, publish this build with "
        f"`python -m atlas release --drop-years {','.join(str(year) for year in sorted(lost))}`."
    )
