"""The cells of one year as the build hands them over: Parquet files in a private folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy

from atlas.suppression.units import Units

UNITS = "unit.parquet"
NONE = -1


def cells_file(year: int, name: str = "cell") -> str:
    """Returns the name of the file with the cells of a year, or of a three-year window (name: window)."""
    return f"{name}_{year}.parquet"


@dataclass
class Cells:
    """The cells of a year, in the order of their ids. All arrays have an element a cell.

    series: name. unit: number in `Units`. filters: an array a filter, 0 for `total`, else the number of the value.
    cases: the count. is_small: primary suppression. denominator, container: the cell that the count is divided by, and
    the one that holds all its persons besides (examinations of a code list within another one); -1 for none.
    is_bounded: the count is at most its denominator. What an earlier step decided: is_hidden, the cell is suppressed
    and needs no proof here; is_settled, the cell is published for good.
    """

    cell_id: numpy.ndarray
    series: numpy.ndarray
    unit: numpy.ndarray
    filters: list[numpy.ndarray]
    cases: numpy.ndarray
    is_small: numpy.ndarray
    denominator: numpy.ndarray
    container: numpy.ndarray
    is_bounded: numpy.ndarray
    is_hidden: numpy.ndarray | None = None
    is_settled: numpy.ndarray | None = None

    def __post_init__(self):
        nothing = numpy.zeros(len(self.cases), dtype=bool)
        self.is_hidden = nothing if self.is_hidden is None else self.is_hidden
        self.is_settled = nothing if self.is_settled is None else self.is_settled


def groups(folder: Path, year: int, name: str = "cell") -> list[list[str]]:
    """Returns the series of a year (name: of a window) in groups that are decided without each other, the one with most
    cells first: series are in one group when one is the denominator of the other, or contains it. Without cells there
    is one group without series. Raises duckdb.Error for a missing file.
    """
    file = str(folder / cells_file(year, name))
    with duckdb.connect() as connection:
        connection.execute("set threads = 1")
        size = dict(
            connection.execute(
                "select series, count(*) from read_parquet(?) group by all order by all", [file]
            ).fetchall()
        )
        pairs = [
            pair
            for column in ("denominator_id", "container_id")
            for pair in connection.execute(
                "select distinct cell.series, around.series from read_parquet($file) as cell inner join "
                f"read_parquet($file) as around on cell.{column} = around.cell_id order by all",
                {"file": file},
            ).fetchall()
        ]
    group = {series: {series} for series in size}
    for series, around in pairs:
        joined = group[series] | group[around]
        group |= dict.fromkeys(joined, joined)
    found = {min(members): sorted(members) for members in group.values()}
    return sorted(found.values(), key=lambda members: (-sum(size[series] for series in members), members)) or [[]]


def read(folder: Path, year: int, name: str = "cell", series: list[str] | None = None) -> tuple[Cells, Units]:
    """Returns the cells of a year (name: of a window) and the units, from the files of macros/disclosure/suppress.sql.

    series: of these series alone; None for all. All columns of the cells' file that end in `_filter` are filters.
    Raises duckdb.Error for a missing file.
    """
    file = str(folder / cells_file(year, name))
    with duckdb.connect() as connection:
        connection.execute("set threads = 1")
        units = connection.execute(
            "select unit_id, parent_unit_id, level_rank, is_sector, is_remainder from read_parquet(?) order by unit_id",
            [str(folder / UNITS)],
        ).fetchnumpy()
        # texts become numbers before they leave DuckDB: a text of Python a cell takes more memory than all else
        chosen = "from read_parquet($file) where cast($chosen as text[]) is null or list_contains($chosen, series)"
        given = {"file": file, "chosen": series}
        columns = [column for column, *_ in connection.execute("describe from read_parquet(?)", [file]).fetchall()]
        texts = {}
        for column in columns:
            if column == "series" or column.endswith("_filter"):
                found = connection.execute(f'select distinct "{column}" {chosen}', given).fetchall()
                texts[column] = ["total", *sorted({text for (text,) in found} - {"total"})]
        read_as = [f"list_position(${name}, {name}) - 1 as {name}" if name in texts else name for name in columns]
        query = f"select {', '.join(read_as)} {chosen} order by cell_id"
        cells = connection.execute(query, {**given, **texts}).fetchnumpy()
    return _cells(cells, texts["series"], units["unit_id"]), Units(
        parent=_places(units["unit_id"], units["parent_unit_id"]),
        rank=units["level_rank"].astype(int),
        is_sector=units["is_sector"].astype(bool),
        is_remainder=units["is_remainder"].astype(bool),
    )


def _cells(found: dict, series: list[str], unit_ids: numpy.ndarray) -> Cells:
    """Returns the arrays of the columns. found: texts as numbers; series: the names that those of the series mean."""
    return Cells(
        cell_id=found["cell_id"],
        series=numpy.array(series, dtype=object)[found["series"]],
        unit=_places(unit_ids, found["unit_id"]),
        filters=[found[name].astype(int) for name in sorted(found) if name.endswith("_filter")],
        cases=found["cases"].astype(int),
        is_small=found["is_small"].astype(bool),
        denominator=_places(found["cell_id"], found["denominator_id"]),
        container=_places(found["cell_id"], found["container_id"]),
        is_bounded=found["is_bounded"].astype(bool),
        **{name: found[name].astype(bool) for name in ("is_hidden", "is_settled") if name in found},
    )


def _places(ids: numpy.ndarray, wanted) -> numpy.ndarray:
    """Returns the place of each wanted id in sorted ids, -1 where there is none."""
    if len(ids) == 0:
        return numpy.full(len(wanted), NONE)
    wanted = numpy.ma.filled(wanted, NONE)
    place = numpy.minimum(numpy.searchsorted(ids, wanted), len(ids) - 1)
    return numpy.where(ids[place] == wanted, place, NONE)
