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


def read(folder: Path, year: int, name: str = "cell") -> tuple[Cells, Units]:
    """Returns the cells of a year (name: of a window) and the units, from the files of macros/disclosure/suppress.sql.

    All columns of the cells' file that end in `_filter` are filters. Raises duckdb.Error for a missing file.
    """
    file = str(folder / cells_file(year, name))
    with duckdb.connect() as connection:
        connection.execute("set threads = 1")
        units = connection.execute(
            "select unit_id, parent_unit_id, level_rank, is_sector, is_remainder from read_parquet(?) order by unit_id",
            [str(folder / UNITS)],
        ).fetchnumpy()
        columns = [column for column, *_ in connection.execute("describe from read_parquet(?)", [file]).fetchall()]
        # texts become numbers before they leave DuckDB: a text of Python a cell takes more memory than all else
        texts = {column: _texts(connection, column, file) for column in columns if _is_text(column)}
        chosen = [f'list_position(?, "{column}") - 1 as "{column}"' if column in texts else column for column in columns]
        query = f"select {', '.join(chosen)} from read_parquet(?) order by cell_id"
        cells = connection.execute(query, [*texts.values(), file]).fetchnumpy()
    return _cells(cells, texts["series"], units["unit_id"]), Units(
        parent=_places(units["unit_id"], units["parent_unit_id"]),
        rank=units["level_rank"].astype(int),
        is_sector=units["is_sector"].astype(bool),
        is_remainder=units["is_remainder"].astype(bool),
    )


def _is_text(column: str) -> bool:
    """True for the columns of the cells' file that hold texts."""
    return column == "series" or column.endswith("_filter")


def _texts(connection: duckdb.DuckDBPyConnection, column: str, file: str) -> list[str]:
    """Returns the different texts of a column in their order, `total` first."""
    found = connection.execute(f'select distinct "{column}" from read_parquet(?)', [file]).fetchall()
    return ["total", *sorted({text for (text,) in found} - {"total"})]


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
