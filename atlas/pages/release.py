"""What the pages read of the release and of its dimensions: the row of table `release`, levels, units, labels."""

from __future__ import annotations

import hashlib
import json

import duckdb

from atlas.labels import labels_of
from atlas.pages import texts
from atlas.settings import AtlasError

SECTOR = "statistical_sector"  # the level that the pages load by arrondissement

SMALLEST_AREA = "municipality"  # of the map; its parents are the levels before it in table geo_level


def columns_of(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    """Returns the columns of a table."""
    return [row[0] for row in connection.execute(f"describe {table}").fetchall()]


def has_table(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Returns whether the release has a table of this name."""
    query = "select count(*) from duckdb_tables() where table_name = ?"
    return connection.execute(query, [table]).fetchone()[0] > 0


def read_release(connection: duckdb.DuckDBPyConnection) -> dict:
    """Returns the row of table `release`, dates as text, and a checksum of the release: sha256 over names and
    checksums of its CSV files.
    """
    done = connection.execute("select * from release")
    names = [column[0] for column in done.description]
    row = {
        k: v if v is None or isinstance(v, (bool, int, float)) else str(v)
        for k, v in zip(names, done.fetchone(), strict=True)
    }
    files = connection.execute("select csv_file, csv_sha256 from release_table order by csv_file").fetchall()
    row["checksum"] = hashlib.sha256(json.dumps(files).encode()).hexdigest()
    return row


def read_vintage(connection: duckdb.DuckDBPyConnection) -> int | None:
    """Returns the list of municipalities of the release: 2018, 2019 or 2025."""
    return connection.execute("select geography_vintage from release").fetchone()[0]


def read_levels(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Returns the levels of the release in reading order, without sectors."""
    rows = connection.execute("select geo_level from geo_level order by sort_order").fetchall()
    return [level for (level,) in rows if level != SECTOR]


def read_areas(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Returns the levels of areas: from the country to the smallest area of the map."""
    levels = read_levels(connection)
    return levels[: levels.index(SMALLEST_AREA) + 1]


def read_units(connection: duckdb.DuckDBPyConnection) -> list[dict]:
    """Returns the areas down to the municipality and the hospitals of the release: level, code, names [nl, fr, de],
    codes of the units above.
    """
    rows = connection.execute(
        f"""
        select unit.geo_level, unit.geo_code, unit.name_nl, unit.name_fr, unit.name_de, unit.region_code,
        unit.province_code, unit.arrondissement_code
        from geographic_unit as unit
        inner join geo_level as level on unit.geo_level = level.geo_level
        where unit.geo_level <> '{SECTOR}'
        order by level.sort_order, unit.geo_code
        """
    ).fetchall()
    country = next((code for level, code, *_ in rows if level == "country"), None)
    if country is None:
        raise AtlasError(
            "Table geographic_unit of the release has no country; the pages need one. Build the reference tables again."
        )
    units = []
    levels = read_levels(connection)
    for level, code, dutch, french, german, region, province, arrondissement in rows:
        above = {"country": country, "region": region, "province": province, "arrondissement": arrondissement}
        above = {k: v for k, v in above.items() if v is not None and levels.index(k) < levels.index(level)}
        units.append({"level": level, "code": code, "names": [dutch, french, german or dutch], "parents": above})
    known = {(unit["level"], unit["code"]) for unit in units}
    hospitals = set()
    for (table,) in connection.execute(
        "select distinct code from statistic where smallest_level = 'hospital' order by 1"
    ).fetchall():
        hospitals |= {
            code
            for (code,) in connection.execute(
                f"select distinct geo_code from {table} where geo_level = 'hospital'"
            ).fetchall()
        }
    for code in sorted(hospitals):
        if ("hospital", code) not in known:
            units.append({"level": "hospital", "code": code, "names": [code] * 3, "parents": {"country": country}})
    return units


def read_filters(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Returns the filters of all statistics, in the order of their names."""
    rows = connection.execute("select distinct unnest(string_split(filters, ';')) from statistic order by 1").fetchall()
    return [name for (name,) in rows if name]


def read_compared_filter(connection: duckdb.DuckDBPyConnection) -> str | None:
    """Returns the filter that the tables of the layer comparison have too: those compare areas for each of its values.
    It is the column of `dispersion` that has a dimension. None in a release without these tables.
    """
    columns = columns_of(connection, "dispersion") if has_table(connection, "dispersion") else []
    return next((name for name in columns if has_table(connection, name)), None)


def read_labels(connection: duckdb.DuckDBPyConnection) -> dict:
    """Returns the labels of levels, filter values and statuses: {list: {code: [a label in each language]}}."""
    named = [(name, name) for name in read_filters(connection)]
    labels = {}
    for name, key in [*named, ("geo_level", "geo_level"), ("observation_status", "status")]:
        labels[name] = labels_of(connection, name, key, texts.languages())
    return labels
