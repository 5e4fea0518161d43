"""The files of the release that the pages link to."""

from __future__ import annotations

from pathlib import Path

import duckdb

from atlas.catalogue import FORMATS, export_path
from atlas.settings import CHANGES_FOLDER

# Files of exports/ that belong to no table; read_files adds the data package, the checksums and the catalogue
GENERAL_FILES = (
    "parquet/observation.parquet",
    "sdmx/structure.xml",
    "sdmx/structure_2_1.xml",
    "sdmx/delete/all.csv",
)


def read_files(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """Returns the files of the release that the pages link to, below its folder: the exports of each table, and under
    "" those that belong to no table, the change report included. The signature of the checksums is not among them.
    """
    statistics = {code for (code,) in connection.execute("select distinct code from statistic").fetchall()}
    rows = connection.execute("select table_name from duckdb_tables() order by table_name").fetchall()
    published = ("release_publication",) in rows and (
        connection.execute("select count(*) from release_publication").fetchone()[0] > 0
    )
    general = [
        "datapackage.json",
        "SHA256SUMS",
        *(["catalogue.jsonld", "catalogue.ttl"] if published else []),
        *GENERAL_FILES,
    ]
    return {"": [*(f"exports/{name}" for name in general), *read_changes(connection)]} | {
        table: [
            f"exports/{export_path(name, table)}" for name in (FORMATS if table in statistics else ("csv", "parquet"))
        ]
        for (table,) in rows
    }


def read_changes(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Returns the files of the change report beside the public file, below the folder of the release; none where there
    is no report, as beside a copy of the public file alone.
    """
    (file,) = connection.execute(
        "select path from duckdb_databases() where database_name = current_database()"
    ).fetchone()
    folder = Path(file or "").resolve().parent / CHANGES_FOLDER
    return [f"{CHANGES_FOLDER}/{path.name}" for path in sorted(folder.glob("changes.*"))] if file else []
