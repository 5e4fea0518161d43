"""The step of a release that knows the last one: every year that differs is attacked with both releases.

Cells that fall are suppressed in the new release where that suffices: the private table quality.withheld_cell of the
warehouse holds them, and the next dbt build publishes their years without them (models/release/released_cell.sql).
Where the last release alone gives cells away, the release stops: an officer may consent, and the release says so.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby

import duckdb

from atlas.last_release import SCHEMA, LastRelease
from atlas.pair import geography, remedy, system
from atlas.pair.cells import (
    ACT_FILTER,
    VOLUME,
    WINDOWS,
    YEAR_FILTER,
    Source,
    Statistic,
    differing_windows,
    differing_years,
)
from atlas.settings import AtlasError, Settings
from atlas.sql import identifier

# Columns of quality.withheld_cell before its filters, and what is suppressed (macros/release/withheld_cell.sql).
KEY = ("reference_year", "series", "geo_level", "geo_code")
HIDES = "hides_denominator"
# Before the name of a series in quality.withheld_cell: a three-year window, by its first year (macro series_of_window).
WINDOW = "three_year_"
# The private list of the cells that the last release gives away, in the output directory.
LISTED = "given_away.csv"
# What a message names: groups of a table, year and level, and cells of a group.
NAMED_GROUPS = 12
NAMED = 5
# Rows of a year that are one quantity until they contradict: after so many attempts the rest is left as it is.
ATTEMPTS = 20


class ConsentError(AtlasError):
    """The last release gave cells away, and nobody has consented to that."""

    exit_code = os.EX_NOPERM


@dataclass(frozen=True)
class Cell:
    """A cell by public codes. filters: name -> value."""

    year: int
    series: str
    level: str
    code: str
    filters: dict[str, str]
    hides_denominator: bool = False

    @property
    def key(self) -> tuple:
        """What names the cell."""
        return self.year, self.series, self.level, self.code, *sorted(self.filters.items())


@dataclass
class Finding:
    """What the attack on both releases found. years: those attacked. withheld: cells that the new release must suppress
    besides. given: (name of a table, cell) that the last release gives away. Numbers of cells: suppressed and attacked,
    fallen before the remedy, published by the last release as no small group.
    """

    last: LastRelease
    years: list[int] = field(default_factory=list)
    withheld: list[Cell] = field(default_factory=list)
    given: list[tuple[str, Cell]] = field(default_factory=list)
    attacked: int = 0
    fallen: int = 0
    repeated: int = 0

    def sentence(self) -> str:
        """Returns what the attack found, for the operator."""
        if not self.years:
            return f"no year that {self.last.version} has too differs from it"
        years = f"{', '.join(map(str, self.years))} {'differ' if len(self.years) > 1 else 'differs'}"
        given = f"{len(self.given):,} of them given away by it, with consent" if self.given else "none falls"
        return f"beside {self.last.version}, {years}: {self.attacked:,} suppressed cells attacked, {given}"


def attack(connection: duckdb.DuckDBPyConnection, last: LastRelease, new: Source) -> Finding:
    """Returns the finding on a new release; nothing where it suppresses nothing.

    connection: the last release is attached.
    """
    finding = Finding(last)
    if not new.threshold:
        return finding
    old = Source(
        {name: f"{SCHEMA}.{identifier(name)}" for name in last.tables},
        last.row["geography_vintage"],
        last.row["small_cell_threshold"],
        last.row.get("performer_from", "article"),  # releases of earlier versions do not say it
    )
    statistics = list({s.code: s for s in [*old.statistics(connection), *new.statistics(connection)]}.values())
    finding.years = differing_years(connection, old, new, statistics)
    windows = differing_windows(connection, old, new, finding.years)
    shared = geography.compare(connection, old, new) if finding.years or windows else None
    tasks = [(range(year, year + 1), statistics) for year in finding.years]
    tasks += [(years, [s for s in statistics if s.code in codes]) for years, codes in windows.items()]
    for years, attacked in tasks:
        if not all(source.states(attacked) for source in (old, new)):
            continue  # what one release alone states, the other one does not narrow
        rows = system.create_rows(connection, (old, new), attacked, shared, years)
        found = solve(connection, (old, new), attacked, shared, rows)
        outcome = remedy.Attack(found, (old.threshold, new.threshold), system.windows(connection, rows)).run()
        finding.attacked += outcome.attacked
        finding.fallen += int(outcome.fallen.sum())
        finding.repeated += outcome.repeated
        finding.withheld += _withheld(connection, rows, attacked, years[0], outcome)
        finding.given += _given(connection, rows, attacked, years[0], outcome)
    # a cell of a year may fall by itself and beside the window; one that also hides its denominator is kept
    by_strength = sorted(finding.withheld, key=lambda cell: cell.hides_denominator)
    finding.withheld = list({cell.key: cell for cell in by_strength}.values())
    finding.given = list({(table, cell.key): (table, cell) for table, cell in finding.given}.values())
    return finding


def solve(connection, sources, statistics, shared, rows) -> system.System:
    """Returns the system of a year in which what both releases publish contradicts nowhere, as far as possible."""
    found = system.build(connection, sources, statistics, shared, rows)
    separate = found.cells.in_last & ~found.cells.in_last
    for _ in range(ATTEMPTS):
        more = remedy.separated(found, separate)
        if more is None:
            break
        separate = more
        found = system.build(connection, sources, statistics, shared, rows, separate)
    return found


def _read(connection, rows: system.Rows, mask) -> list[tuple]:
    """Returns (id, quantity, geo_level, geo_code, filters...) of the rows of a mask."""
    connection.execute("create or replace temp table pair_found (id bigint)")
    ids = mask.nonzero()[0]
    if len(ids):
        connection.execute("insert into pair_found select unnest(?)", [ids.tolist()])
    columns = ", ".join(["id", "quantity", "geo_level", "geo_code", *map(identifier, rows.filters)])
    return connection.execute(
        f"select {columns} from {rows.table} semi join pair_found using (id) order by id"
    ).fetchall()


def _withheld(connection, rows, statistics: list[Statistic], year: int, outcome: remedy.Outcome) -> list[Cell]:
    """Returns the withheld cells as numerators, because each numerator has its own row in the warehouse: one whose
    denominator is withheld loses both.
    """
    numerators: dict[str, set[str]] = {}
    for statistic in statistics:
        if statistic.denominator:
            numerators.setdefault(statistic.denominator, set()).add(statistic.numerator.removesuffix(VOLUME))
    cells: list[Cell] = []
    found: dict[int, list[tuple]] = {}
    for _, quantity, level, code, *values in _read(connection, rows, outcome.withheld):
        filters = dict(zip(rows.filters, values, strict=True))
        own_year = filters.pop(YEAR_FILTER, year)
        if own_year == "total":
            cells.append(Cell(year, WINDOW + quantity, level, code, filters))
        else:
            found.setdefault(int(own_year), []).append((quantity.removesuffix(VOLUME), level, code, filters))
    for own_year, withheld in found.items():
        cells += _numerators(own_year, withheld, numerators)
    return cells


def _numerators(year: int, found: list[tuple], numerators: dict[str, set[str]]) -> list[Cell]:
    """Returns the numerators among withheld cells of a year (quantity, level, code, filters), each once."""
    cells: dict[tuple, Cell] = {}
    denominators = {
        (quantity, level, code, *filters.values()) for quantity, level, code, filters in found if quantity in numerators
    }
    owner = {numerator: denominator for denominator, names in numerators.items() for numerator in names}
    for series, level, code, filters in found:
        if series in numerators:
            continue
        hides = any((owner[series], level, code, *whole.values()) in denominators for whole in _wholes(filters))
        cells[series, level, code, *filters.values()] = Cell(year, series, level, code, filters, hides)
    return list(cells.values())


def _wholes(filters: dict[str, str]) -> list[dict[str, str]]:
    """Returns the filters of the denominator: the filter by kind of act does not split it."""
    return [{**filters, ACT_FILTER: "total"} if ACT_FILTER in filters else filters]


def _given(connection, rows, statistics: list[Statistic], year: int, outcome: remedy.Outcome) -> list[tuple[str, Cell]]:
    """Returns (table, cell) of the cells that the last release gives away; the table with the fewest filters."""
    tables: dict[str, list[Statistic]] = {}
    for statistic in sorted(statistics, key=lambda s: (len(s.filters), s.code)):
        for quantity in filter(None, (statistic.numerator, statistic.denominator)):
            tables.setdefault(quantity, []).append(statistic)
    found = []
    for _, quantity, level, code, *values in _read(connection, rows, outcome.given):
        filters = {name: value for name, value in zip(rows.filters, values, strict=True) if value != "total"}
        own_year = filters.pop(YEAR_FILTER, None)
        if own_year is None and YEAR_FILTER in rows.filters:
            found.append((WINDOWS, Cell(year, quantity, level, code, filters)))
            continue
        table = next((s.code for s in tables[quantity] if filters.keys() <= set(s.filters)), tables[quantity][0].code)
        found.append((table, Cell(int(own_year or year), quantity, level, code, filters)))
    return found


def message(finding: Finding) -> str:
    """Returns what the last release gives away: groups by table, year and level, with codes of some cells and never a
    count of persons.
    """

    def place(item: tuple[str, Cell]) -> tuple:
        return item[0], item[1].year, item[1].level

    lines = []
    groups = [(key, list(items)) for key, items in groupby(sorted(finding.given, key=place), key=place)]
    for (table, year, level), items in groups[:NAMED_GROUPS]:
        names = sorted({" ".join([cell.code, *cell.filters.values()]) for _, cell in items})
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        lines.append(f"  {table}, {year}, {level}: {', '.join(names[:NAMED])}{more}")
    if rest := groups[NAMED_GROUPS:]:
        cells = sum(len(items) for _, items in rest)
        lines.append(f"  and {cells:,} cells in {len(rest):,} more groups of a table, year and level")
    return (
        f"Nothing is published: the last release, {finding.last.version}, gives away {len(finding.given):,} cells that "
        f"this one suppresses, also if it suppressed more:\n"
        + "\n".join(lines)
        + "\nThe previous release is unchanged. Keep "
        'the threshold, vintage and years of the last release, or let the privacy officer decide: `--consent "reason"` '
        "publishes all the same, and the release records the reason and the number of cells (table release_consent)."
    )


class WithheldError(AtlasError):
    """The new release must suppress further cells: another build is needed."""

    def __init__(self, cells: list[Cell]):
        """Names no cell: which of them are no small group is no public fact."""
        self.cells = cells
        super().__init__(
            f"Nothing is published: beside the last release, {len(cells):,} more rows must be suppressed. They are "
            "recorded in the warehouse. Run `python -m atlas build`, or `dbt build` and then `python -m atlas release`."
        )


@contextmanager
def recorded(settings: Settings) -> Iterator[None]:
    """Records the cells of a WithheldError in the warehouse, so that the next dbt build publishes their years without
    them. Raises what it records.
    """
    try:
        yield
    except WithheldError as error:
        withhold(settings, error.cells)
        raise


def withhold(settings: Settings, cells: list[Cell]) -> None:
    """Adds cells to quality.withheld_cell of the private warehouse; their years are then to be published again. Raises
    AtlasError when the warehouse cannot be written.
    """
    try:
        with duckdb.connect(str(settings.warehouse)) as private:
            columns = [name for name, *_ in private.execute("describe quality.withheld_cell").fetchall()]
            rows = []
            for cell in cells:
                stated = (cell.year, cell.series, cell.level, cell.code, cell.hides_denominator)
                fixed = dict(zip((*KEY, HIDES), stated, strict=True))
                rows.append([fixed.get(name, cell.filters.get(name, "total")) for name in columns])
            marks = ", ".join("?" * len(columns))
            private.begin()
            private.execute("create temp table added as from quality.withheld_cell limit 0")
            private.executemany(f"insert into added values ({marks})", rows)
            key = ", ".join(name for name in columns if name != HIDES)
            private.execute(
                f"create temp table held as select {key}, bool_or({HIDES}) as {HIDES} "
                "from (from quality.withheld_cell union all from added) group by all"
            )
            private.execute("delete from quality.withheld_cell")
            private.execute("insert into quality.withheld_cell by name from held order by all")
            private.execute(
                "update quality.built_year set publication = null, tested = null "
                "where reference_year in (select reference_year from added)"
            )
            private.commit()
    except duckdb.Error as error:
        raise AtlasError(
            f"The warehouse {settings.warehouse} cannot record what the release must suppress: {error}\nBuild again "
            "with `python -m atlas build`."
        ) from error


def check(settings: Settings, finding: Finding, consent: str | None) -> None:
    """Raises ConsentError when the last release gives cells away and nobody consented, WithheldError when further cells
    must be suppressed first.
    """
    listed = settings.output_dir / LISTED
    listed.unlink(missing_ok=True)
    if finding.given and not consent:
        with open(os.open(listed, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            names = list(dict.fromkeys(name for _, cell in finding.given for name in cell.filters))
            lines = csv.writer(file, lineterminator="\n")
            lines.writerow(["table_name", "reference_year", "geo_level", "geo_code", *names])
            lines.writerows(
                [table, cell.year, cell.level, cell.code, *(cell.filters.get(name, "total") for name in names)]
                for table, cell in finding.given
            )
        raise ConsentError(f"{message(finding)}\nAll of them: {listed} (private).")
    if finding.withheld:
        raise WithheldError(finding.withheld)


def consents(connection: duckdb.DuckDBPyConnection, finding: Finding | None, reason: str | None) -> list[tuple]:
    """Returns the rows of the table release_consent: those of the last release, and this one's."""
    if not finding:
        return []
    kept = connection.execute(
        f"select count(*) from duckdb_tables() where database_name = '{SCHEMA}' and table_name = 'release_consent'"
    ).fetchone()[0]
    rows = {row[0]: row for row in connection.execute(f"from {SCHEMA}.release_consent").fetchall()} if kept else {}
    if finding.given:
        years = ",".join(str(year) for year in sorted({cell.year for _, cell in finding.given}))
        rows[finding.last.version] = (finding.last.version, years, len(finding.given), reason)
    return sorted(rows.values())
