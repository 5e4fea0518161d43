"""The change report of a release: what differs from the last one, by table and year. From the two public files alone.

    releases/<version>/changes/changes.md         for readers
    releases/<version>/changes/changes.csv        one row is a table and a reference year
    releases/<version>/changes/changes.json       the same, with the settings of both releases, for programs
    releases/<version>/changes/changed_cells.csv  one row is a cell of a statistic that was revised, suppressed or shown

A number that the new release suppresses is in none of the files, although the last release published it.
"""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path

import duckdb

from atlas import citation, export, observation
from atlas.last_release import SCHEMA, LastRelease
from atlas.settings import CHANGES_FOLDER
from atlas.sql import identifier, literal

# Columns of the table `release` that decide what its tables hold.
SETTINGS = (
    "publication_date",
    "reference_years",
    "geography_vintage",
    "small_cell_threshold",
    "project_version",
    "source_commit",
)
YEAR = "reference_year"
# What a revision of a statistic is; limits follow from these.
FIGURES = ("numerator", "denominator", "value")
# Columns that differ in every release.
EACH_RELEASE = {(citation.TABLE, "recommended_reference")}


@dataclass(frozen=True)
class Change:
    """A table and reference year; no year for a table without one. Numbers are rows; the last three count rows that
    both releases have, newly suppressed and newly published cells of statistics alone.
    """

    table_name: str
    reference_year: int | None
    rows_before: int
    rows_now: int
    rows_added: int
    rows_removed: int
    revised: int
    newly_suppressed: int
    newly_published: int

    @property
    def is_change(self) -> bool:
        """Whether anything differs."""
        return any((self.rows_added, self.rows_removed, self.revised, self.newly_suppressed, self.newly_published))


@dataclass(frozen=True)
class Report:
    """The differences of a release from the last one; last_version None: there is none to compare with."""

    version: str
    last_version: str | None
    settings: dict[str, tuple]  # name -> (before, now), where they differ
    tables_added: list[str]
    tables_removed: list[str]
    changes: list[Change]
    revision_note: dict[str, str] = field(default_factory=dict)  # language ("*": all) -> what the publisher says

    @property
    def totals(self) -> dict[str, int]:
        """Sums over all tables and years."""
        names = [column.name for column in fields(Change)][4:]
        return {name: sum(getattr(change, name) for change in self.changes) for name in names}

    def sentence(self) -> str:
        """Returns the totals in words."""
        if not self.last_version:
            return "no last release to compare with"
        if self.last_version == self.version:
            return f"the same as {self.last_version}"
        totals = self.totals
        return (
            f"from {self.last_version}: {totals['rows_added']:,} rows added, {totals['rows_removed']:,} removed, "
            f"{totals['revised']:,} revised, {totals['newly_suppressed']:,} cells newly suppressed, "
            f"{totals['newly_published']:,} newly published"
        )


def write(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    row: dict,
    tables: list[export.PublicTable],
    files: list[export.TableFiles],
    last: LastRelease | None,
    revision_note: dict[str, str],
) -> Report:
    """Writes the files of the report into the folder of a release. Returns the report.

    connection: the new public file is attached as `atlas`, that of the last release under SCHEMA. row: of the table
    `release`. A release that has the version of the last one has its report too. revision_note: of publication.yml.
    """
    report = replace(_compare(connection, row, tables, files, last), revision_note=revision_note)
    target = folder / CHANGES_FOLDER
    kept = last.path.parent / CHANGES_FOLDER if last and last.version == row["version"] else None
    if kept and kept.is_dir():
        shutil.copytree(kept, target)
        return report
    target.mkdir()
    (target / "changes.md").write_text(_markdown(report), encoding="utf-8")
    (target / "changes.json").write_text(
        json.dumps({**asdict(report), "totals": report.totals}, indent=1, ensure_ascii=False, default=str) + "\n",
        encoding="utf-8",
    )
    with open(target / "changes.csv", "w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow([column.name for column in fields(Change)])
        lines.writerows([getattr(change, column.name) for column in fields(Change)] for change in report.changes)
    _write_cells(connection, target / "changed_cells.csv", tables, report)
    return report


def doubt(report: Report, last: LastRelease | None) -> list[str]:
    """Returns a warning when published figures are revised and the publisher does not say why: without a note, or with
    the note of the last release.
    """
    revised = sum(change.revised for change in report.changes if change.reference_year)
    if not last or not revised or report.last_version == report.version:
        return []
    try:
        before = json.loads((last.path.parent / CHANGES_FOLDER / "changes.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        before = {}
    if not report.revision_note:
        said = "there is no revision_note"
    elif before.get("revision_note") == report.revision_note:
        said = "the revision_note is that of the last release"
    else:
        return []
    return [f"{revised:,} published figures are revised, and {said} in publication.yml that says why."]


def _compare(connection, row, tables, files, last: LastRelease | None) -> Report:
    """Returns the differences between the two attached public files."""
    if not last:
        return Report(row["version"], None, {}, [], [], [])
    changes = []
    for table, written in zip(tables, files, strict=True):
        sha256, _ = last.tables.get(table.name, (None, []))
        if sha256:
            changes += _changes_of(connection, table, last, is_same=sha256 == written.csv.sha256)
    names = {table.name for table in tables}
    before, now = (
        {name: str(values[name]) if values.get(name) is not None else None for name in SETTINGS}
        for values in (last.row, row)
    )
    return Report(
        row["version"],
        last.version,
        {name: (before[name], now[name]) for name in SETTINGS if before[name] != now[name]},
        sorted(names - last.tables.keys()),
        sorted(last.tables.keys() - names),
        changes,
    )


def _changes_of(connection, table: export.PublicTable, last: LastRelease, *, is_same: bool) -> list[Change]:
    """Returns the changes of a table that both releases have, in the order of the years, also years without any. The
    years are compared one by one, so that memory does not grow with their number.
    """
    name, has_years = identifier(table.name), YEAR in {column.name for column in table.columns}
    if is_same:
        found = connection.execute(
            f"select {YEAR if has_years else 'null'}, count(*), count(*), 0, 0, 0, 0, 0 from atlas.{name} "
            "group by 1 order by 1"
        ).fetchall()
        return [Change(table.name, *values) for values in found]
    years: list[int | None] = [None]
    if has_years:
        stated = [f"select {YEAR} from {database}.{name}" for database in ("atlas", SCHEMA)]
        years = [year for (year,) in connection.execute(f"{' union '.join(stated)} order by 1").fetchall()]
    counts = ["count(before.is_there)", "count(now.is_there)", "count(*) filter (where before.is_there is null)"]
    counts += ["count(*) filter (where now.is_there is null)", *_counted(table)]
    return [
        Change(
            table.name,
            year,
            *connection.execute(f"select {', '.join(counts)} from {_joined(connection, table, year)}").fetchone(),
        )
        for year in years
    ]


def _columns(connection, name: str, database: str) -> list[str]:
    """Returns the columns of a table of an attached public file, in order."""
    return [column[0] for column in connection.execute(f"describe {database}.{identifier(name)}").fetchall()]


def _joined(connection, table: export.PublicTable, year: int | None) -> str:
    """Returns the SQL of both tables side by side, `now` and `before`, by the key of the new one. A key that the last
    release lacks (a table of another project version) leaves no row in common. year: of these rows alone; None for all.
    """
    before = _columns(connection, table.name, SCHEMA)
    key = table.primary_key or [column.name for column in table.columns]
    same = (
        " and ".join(f"now.{identifier(c)} is not distinct from before.{identifier(c)}" for c in key)
        if set(key) <= set(before)
        else "false"
    )
    missing = [column.name for column in table.columns if column.name not in before]
    nulls = "".join(f", null as {identifier(name)}" for name in missing)
    where = "" if year is None else f" where {YEAR} = {year}"
    return (
        f"(select true as is_there, * from atlas.{identifier(table.name)}{where}) as now full outer join "
        f"(select true as is_there, *{nulls} from {SCHEMA}.{identifier(table.name)}{where}) as before on {same}"
    )


def _is(table: export.PublicTable) -> dict[str, str]:
    """Returns change -> SQL condition on `now` and `before`, for a row that both releases have."""
    names = [column.name for column in table.columns if (table.name, column.name) not in EACH_RELEASE]
    if not table.statistic:
        differs = [f"now.{identifier(name)} is distinct from before.{identifier(name)}" for name in names]
        return {"revised": " or ".join(differs), "newly_suppressed": "false", "newly_published": "false"}
    figures = [identifier(name) for name in FIGURES if name in names]

    def only(one: str, other: str) -> str:
        return " or ".join(f"({one}.{figure} is not null and {other}.{figure} is null)" for figure in figures)

    was, is_now = "before.status = 'small_cell'", "now.status = 'small_cell'"
    return {
        "revised": " or ".join(f"now.{figure} <> before.{figure}" for figure in figures),
        "newly_suppressed": f"{is_now} and ({only('before', 'now')})",
        "newly_published": f"{was} and ({only('now', 'before')})",
    }


def _counted(table: export.PublicTable) -> list[str]:
    """Returns the SQL of the numbers of rows that changed, in the order of Change."""
    return [
        f"count(*) filter (where now.is_there and before.is_there and ({condition}))"
        for condition in _is(table).values()
    ]


def _write_cells(connection, path: Path, tables: list[export.PublicTable], report: Report) -> None:
    """Writes the cells of statistics that changed, in the order of all columns. Of a cell that is now suppressed no
    number is written.
    """
    filters = observation.filters(tables)
    keys = [YEAR, "geo_level", "geo_code", *filters]
    header = ["statistic", *keys, "change", *(f"{name}{when}" for name in FIGURES[:2] for when in ("_before", "_now"))]
    statistics = {table.name: table for table in tables if table.statistic}
    with open(path, "w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(header)
        for found in sorted(report.changes, key=lambda change: (change.table_name, change.reference_year or 0)):
            if table := statistics.get(found.table_name):
                lines.writerows(_changed_cells(connection, table, keys, found))


def _changed_cells(connection, table: export.PublicTable, keys: list[str], found: Change) -> list[tuple]:
    """Returns the rows of `changed_cells.csv` of a statistic and year. keys: the columns that name a cell."""
    own = {YEAR, "geo_level", "geo_code", *(table.statistic["filters"] or [])}
    shown = [f"now.{name}" if name in own else "'total'" for name in keys]
    selects = []
    for change, condition in _is(table).items():
        if not getattr(found, change):
            continue
        values = [
            f"case when {literal(change)} = 'revised' and now.{name} is not null then {when}.{name} end"
            if when == "before"
            else f"now.{name}"
            for name in FIGURES[:2]
            for when in ("before", "now")
        ]
        selects.append(
            f"select {literal(table.name)}, {', '.join(shown)}, {literal(change)}, {', '.join(values)} "
            f"from {_joined(connection, table, found.reference_year)} "
            f"where now.is_there and before.is_there and ({condition})"
        )
    return connection.execute(f"{' union all '.join(selects)} order by all").fetchall() if selects else []


def _markdown(report: Report) -> str:
    """Returns the report for readers."""
    if not report.last_version:
        return (
            f"# Changes of release {report.version}\n\nThere was no last release of this kind to compare with: every "
            "table and year is new.\n"
        )
    lines = [f"# Changes from release {report.last_version} to release {report.version}", ""]
    lines += [f"{report.sentence().partition(': ')[2] or report.sentence()}.".capitalize(), ""]
    for language, text in report.revision_note.items():
        lines += [f"Note of the publisher{'' if language == '*' else f' ({language})'}: {text}", ""]
    for text, names in (("New tables", report.tables_added), ("Tables that are gone", report.tables_removed)):
        if names:
            lines += [f"{text}: {', '.join(names)}.", ""]
    if report.settings:
        lines += ["| setting | before | now |", "|---|---|---|"]
        lines += [f"| {name} | {old or '-'} | {new or '-'} |" for name, (old, new) in report.settings.items()]
        lines += [""]
    changed = [change for change in report.changes if change.is_change]
    if changed:
        titles = [column.name.replace("_", " ") for column in fields(Change)]
        lines += [f"| {' | '.join(titles)} |", f"|---|{'--:|' * (len(titles) - 1)}"]
        for change in changed:
            name, year, *counts = asdict(change).values()
            lines.append(f"| {name} | {year or ''} | {' | '.join(f'{count:,}' for count in counts)} |")
        lines += [""]
    unchanged = sorted({change.table_name for change in report.changes} - {change.table_name for change in changed})
    if unchanged:
        lines += [f"Tables without a change: {', '.join(unchanged)}.", ""]
    lines += [
        "Rows have the same key in both releases, or are added or removed. Revised: numerator, denominator or value "
        "differ; newly suppressed: a number that the last release published and this one does not; newly published: "
        "the reverse. The cells are in `changed_cells.csv`, without the numbers of those that are now suppressed.",
        "",
    ]
    return "\n".join(lines)
