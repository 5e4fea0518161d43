"""Writes a workbook for Excel per statistic: in every language a sheet with its card and a sheet with its figures, with
names and labels. Called by the export, on the public database.

XlsxWriter writes the workbook; the rows of a sheet of figures are put together by DuckDB, because XlsxWriter takes six
times as long for them (`_Figures`). A text is always a text, never a formula. A number that is suppressed is marked by
a text, so that no formula takes it for zero. The same release gives the same bytes: the date of creation is that of the
publication.

Not in a workbook: statistical sectors, and years before the YEARS newest ones, because a sheet holds 1,048,576 rows and
20 years of the largest statistic would be more. CSV and Parquet files hold all rows.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from atlas.labels import labels_of, units_of
from atlas.pages.texts import read_texts
from atlas.publication import text_in
from atlas.sql import identifier, literal
from atlas.texts import CARD_FIELDS

YEARS = 5
SECTOR = "statistical_sector"
# The creation date of a release without a publication date: the clock would change the bytes.
NO_DATE = datetime.date(1980, 1, 1)
NUMBERS = ("numerator", "denominator", "value", "lower_95", "upper_95")


class _Figures(Worksheet):
    """A sheet whose rows come as XML from `rows`, an iterator of texts, each of one row or more."""

    rows: Iterator[str]

    def _write_sheet_data(self) -> None:
        self._xml_start_tag("sheetData")
        self.fh.writelines(self.rows)
        self._xml_end_tag("sheetData")


def write(connection, table, path: Path, release: dict, edition) -> None:
    """Writes the workbook of one statistic. release: the row of the table `release`."""
    date = release["publication_date"] or NO_DATE
    day = datetime.date.fromisoformat(str(date))
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as workbook:
        publication = edition.publication
        workbook.set_properties(
            {
                "title": table.name,
                "subject": edition.phrase("catalogue_title", edition.languages[0]),
                "company": text_in(publication.publisher, edition.languages[0]) if publication else "",
                "comments": f"{'SYNTHETIC DEMO DATA. ' if edition.is_synthetic else ''}Release {release['version']}",
                "created": datetime.datetime(day.year, day.month, day.day),
            }
        )
        formats = {
            "heading": workbook.add_format({"bold": True, "valign": "top", "text_wrap": True}),
            "text": workbook.add_format({"valign": "top", "text_wrap": True}),
            "warning": workbook.add_format({"bold": True, "font_color": "#9C0006", "text_wrap": True}),
            "header": workbook.add_format({"bold": True, "bg_color": "#DDE6EE", "bottom": 1}),
            "suppressed": workbook.add_format({"font_color": "#666666", "bg_color": "#EEEEEE", "align": "right"}),
            "value": workbook.add_format({"num_format": "#,##0.00"}),
            "count": workbook.add_format({"num_format": "#,##0"}),
        }
        years = years_of(connection, table)
        for language in edition.languages:
            _write_card(connection, workbook, formats, table, language, years, release, edition)
            _write_figures(connection, workbook, formats, table, language, years, edition)


def years_of(connection, table) -> list[int]:
    """Returns the years in the workbook, in order."""
    query = f"select distinct reference_year from atlas.{identifier(table.name)} order by 1 desc limit {YEARS}"
    return sorted(year for (year,) in connection.execute(query).fetchall())


def rows_of(years: list[int]) -> str:
    """Returns the condition in SQL of the rows in the workbook: those of the years, without statistical sectors."""
    return f"reference_year in ({', '.join(map(str, years)) or 'null'}) and geo_level <> '{SECTOR}'"


def _write_card(connection, workbook, formats, table, language: str, years: list[int], release: dict, edition) -> None:
    """Writes the sheet of the card: what the figures are, of which release, and how to read the other sheet."""
    sheet = workbook.add_worksheet(f"{edition.phrase('workbook_card', language)} ({language})")
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 110)
    row = 0

    def write_line(heading: str, text: Any, style: str = "text") -> None:
        nonlocal row
        sheet.write_string(row, 0, heading, formats["heading"])
        sheet.write_string(row, 1, str(text), formats[style])
        row += 1

    if edition.is_synthetic:
        write_line("", read_texts(language)["synthetic"], "warning")
    cards = connection.execute("select * from atlas.statistic where code = ? and language = ?", [table.name, language])
    names = [column[0] for column in cards.description]
    card = dict(zip(names, cards.fetchone() or (), strict=False))
    for field in ("title", *CARD_FIELDS):
        if card.get(field) is not None:
            write_line(edition.phrase(f"heading_{field}", language), card[field])
    for remark in _remarks(connection, table.name, language):
        write_line(edition.phrase("heading_remarks", language), remark)
    write_line(edition.phrase("workbook_release", language), release["version"])
    if edition.publication:
        licence = edition.publication.licence
        write_line(edition.phrase("workbook_publisher", language), text_in(edition.publication.publisher, language))
        write_line(edition.phrase("workbook_licence", language), f"{licence.title} ({licence.url})")
    note = edition.phrase("workbook_note", language)
    mark = edition.phrase("workbook_suppressed", language)
    sheet_name = edition.phrase("workbook_data", language)
    write_line(
        edition.phrase("workbook_reading", language),
        note.format(sheet=sheet_name, years=f"{years[0]}-{years[-1]}" if years else "–", mark=mark),
    )


def _remarks(connection, code: str, language: str) -> list[str]:
    """Returns the remarks on a statistic."""
    found = connection.execute(
        "select count(*) from duckdb_tables() where database_name = 'atlas' and table_name = 'statistic_remark'"
    ).fetchone()
    if not found[0]:
        return []
    query = "select remark from atlas.statistic_remark where code = ? and language = ? order by position"
    return [remark for (remark,) in connection.execute(query, [code, language]).fetchall()]


def _write_figures(connection, workbook, formats, table, language: str, years: list[int], edition) -> None:
    """Writes the sheet of figures: a header that stays in sight, one row per row of the table without sectors."""
    filters = table.statistic["filters"] or []
    family = table.statistic["family"]
    has_denominator = table.statistic["per"] is not None
    texts = {
        "reference_year": edition.phrase("workbook_reference_year", language),
        "geo_level": edition.phrase("workbook_geo_level", language),
        "geo_code": edition.phrase("workbook_geo_code", language),
        "geo_name": edition.phrase("workbook_geo_name", language),
        **{name: capitalised(edition.filter_label(family, name, language)) for name in filters},
        **{name: edition.phrase(f"workbook_{name}", language) for name in (*NUMBERS, "status")},
    }
    where = rows_of(years)
    counts = connection.execute(
        f"select reference_year, count(*) from atlas.{identifier(table.name)} where {where} group by all order by all"
    ).fetchall()
    count = sum(number for _, number in counts)
    sheet = workbook.add_worksheet(f"{edition.phrase('workbook_data', language)} ({language})", _Figures)
    sheet.freeze_panes(1, 4)
    sheet.autofilter(0, 0, count, len(texts) - 1)
    sheet.set_column(0, 0, 8)
    sheet.set_column(1, 2, 16)
    sheet.set_column(3, 3, 34)
    sheet.set_column(4, len(texts) - 1, 18)
    sheet.dim_rowmin, sheet.dim_rowmax, sheet.dim_colmin, sheet.dim_colmax = 0, count, 0, len(texts) - 1
    style = {name: formats[name]._get_xf_index() for name in ("header", "suppressed", "value", "count")}
    mark = edition.phrase("workbook_suppressed", language)
    shared = workbook.str_table._get_shared_string_index  # text -> its number in the workbook's list of texts
    cells = []
    for position, name in enumerate(texts):
        at = xl_col_to_name(position)
        if name == "reference_year":
            cells.append(_cell(at, "figure.reference_year"))
        elif name in NUMBERS:
            kind = "count" if name in ("numerator", "denominator") else "value"
            cell = _cell(at, f"figure.{name}", style=style[kind])
            if name != "denominator" or has_denominator:
                marked = _cell(at, str(shared(mark)), style=style["suppressed"], is_text=True)
                cell = f"case when figure.{name} is null and figure.status = 'small_cell' then {marked} else {cell} end"
            cells.append(cell)
        else:
            source = {"geo_code": "unit.code", "geo_name": "unit.label"}.get(name, f"{name}_label.label")
            cells.append(_cell(at, source, is_text=True))
    order = ", ".join(f"figure.{name}" for name in ("reference_year", "geo_level", "geo_code", *filters))
    joins = []
    for name, dimension in [*((name, name) for name in ("geo_level", *filters)), ("status", "observation_status")]:
        labels = labels_of(connection, f"atlas.{dimension}", name, [language])
        rows = _rows([(literal(key), shared(label)) for key, (label,) in labels.items()])
        joins.append(f"left join {rows} as {name}_label (key, label) on figure.{name} = {name}_label.key")
    header = "".join(
        f'<c r="{xl_col_to_name(position)}1" t="s" s="{style["header"]}"><v>{shared(text)}</v></c>'
        for position, text in enumerate(texts.values())
    )
    header = f'<row r="1">{header}</row>'
    units = units_of(connection, table.name, where, language)
    rows = _temporary(
        connection,
        f"unit_{language}",
        "geo_level text, geo_code text, code int, label int",
        [(level, code, shared(code), shared(label)) for level, code, label in units],
    )
    joins.append(f"left join {rows} as unit on figure.geo_level = unit.geo_level and figure.geo_code = unit.geo_code")
    query = f"""
        with figure as (
            select figure.*, (row_number() over (order by {order}) + ?)::varchar as n
            from atlas.{identifier(table.name)} as figure
            where {where} and figure.reference_year = ?
        )
        select concat('<row r="', figure.n, '">', {", ".join(cells)}, '</row>')
        from figure {" ".join(joins)}
        order by {order}"""
    sheet.rows = _read_rows(connection, header, query, counts)


def _read_rows(connection, header: str, query: str, counts: list[tuple[int, int]]) -> Iterator[str]:
    """Yields the header, then the rows of the years, read while the sheet is written, one year at a time: the sheets
    of a workbook are several hundred MB of text.

    query: its parameters are the number of rows above the first one, and the year. counts: (year, number of rows) in
    order.
    """
    yield header
    above = 1
    for year, count in counts:
        rows = connection.execute(query, [above, year])
        while batch := rows.fetchmany(1_000):
            yield "".join([row for (row,) in batch])
        above += count


def _temporary(connection, name: str, columns: str, rows: list[tuple]) -> str:
    """Writes rows into a temporary table of the connection, and returns its name. Each year's query reads it: 600 units
    as values in the text of each query take longer to parse than the figures to read.

    columns: their names and types, as SQL declares them.
    """
    connection.execute(f"create or replace temporary table {identifier(name)} ({columns})")
    if rows:
        lists = ", ".join("unnest(?)" for _ in rows[0])
        columns_of_rows = [list(values) for values in zip(*rows, strict=True)]
        connection.execute(f"insert into {identifier(name)} select {lists}", columns_of_rows)
    return identifier(name)


def _rows(rows: list[tuple]) -> str:
    """Returns rows of SQL expressions as a relation."""
    lines = [", ".join(map(str, row)) for row in rows]
    return f"(values ({'), ('.join(lines)}))"


def _cell(at: str, expression: str, *, style: int = 0, is_text: bool = False) -> str:
    """Returns SQL of the XML of a cell in the column `at`: a number, or the number of a text in the list of texts;
    null, which `concat` leaves out, for null.
    """
    attributes = (f' s="{style}"' if style else "") + (' t="s"' if is_text else "")
    return f"""'<c r="{at}' || figure.n || '"{attributes}><v>' || ({expression})::varchar || '</v></c>'"""


def capitalised(text: str) -> str:
    """Returns a text that begins with a capital."""
    return text[:1].upper() + text[1:]
