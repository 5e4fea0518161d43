"""All statistics as one table: the view `observation` of the public file, for Power BI, pandas and R.

One row is a statistic, a reference year, a geographic unit or hospital and one value of each filter. A filter that a
statistic does not have has the value `total`, as a figure that is not split is that of everybody: a join `using` a
filter finds one row of its dimension table for every row.
"""

from __future__ import annotations

from atlas.sql import identifier, literal

NAME = "observation"
COMMENT = (
    "All statistics as one table. One row is a statistic, a reference year, a geographic unit or hospital and one "
    "value of each filter; a filter that a statistic does not have is 'total'."
)
# Column -> comment; the filters follow geo_code.
BEFORE = {
    "statistic": "Code of the statistic: the name of its table, and the key of its card in the table statistic",
    "reference_year": "Calendar year",
    "geo_level": "Level of the geographic unit, or hospital",
    "geo_code": "Code of the geographic unit or hospital; join on level and code",
}
AFTER = {
    "numerator": "Numerator; null in a small cell",
    "denominator": "Denominator; null in a small cell that suppresses it too, and for counts",
    "value": "Value in the unit of the statistic (table unit_measure); null unless published",
    "lower_95": "Lower 95 % confidence limit of the value",
    "upper_95": "Upper 95 % confidence limit of the value",
    "status": "published, small_cell (suppressed) or empty (denominator zero)",
}


def filters(tables: list) -> list[str]:
    """Returns the filters of the statistics, in the order in which the tables first have them."""
    return list(dict.fromkeys(name for table in tables if table.statistic for name in table.statistic["filters"] or []))


def create(connection, tables: list) -> None:
    """Creates the view in the attached database `atlas`. tables: the published tables, of which those with a
    declaration are statistics, in the order of their names. Rows keep the order of the tables: a total order.
    """
    names = filters(tables)
    selects = []
    for table in (table for table in tables if table.statistic):
        own = table.statistic["filters"] or []
        columns = [
            f"{literal(table.name)} as statistic",
            *list(BEFORE)[1:],
            *(name if name in own else f"'total' as {name}" for name in names),
            *AFTER,
        ]
        selects.append(f"select {', '.join(columns)} from {identifier(table.name)}")
    comments = {**BEFORE, **{name: f"Value of the filter {name}, or total" for name in names}, **AFTER}
    # without the name of the database, so that the file can be attached under any name
    connection.execute("use atlas")
    connection.execute(f"create view {NAME} as {' union all '.join(selects)}")
    connection.execute(f"comment on view {NAME} is {literal(COMMENT)}")
    for column, comment in comments.items():
        connection.execute(f"comment on column {NAME}.{identifier(column)} is {literal(comment)}")
    connection.execute("use memory")
