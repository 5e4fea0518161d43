"""Writes the pages of a release from its public file alone: index.html, the code of static/, and one data chunk for
each statistic.

The pages hold the cells of the release down to the municipality or hospital, as integers: numerator, denominator,
suppressed or not. `value` is not written: it is per * numerator / denominator, in that order, which gives the bits of
the table. Nothing is added up or subtracted.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb

from atlas.catalogue import FORMATS, path_of
from atlas.labels import labels_of
from atlas.pages import geometry, prose, sectors, texts
from atlas.pages.codec import ABSENT, HIDDEN, NO_COUNT, chunk_script, encode_integers, json_bytes
from atlas.settings import CHANGES_FOLDER, AtlasError

SOURCE, STATIC = (Path(__file__).parent / name for name in ("source", "static"))
SMALLEST_AREA = "municipality"  # of the map; its parents are the levels before it in table geo_level
TYPE = "procedure_type"  # the filter that the tables of the layer comparison have too
Z_95 = 1.959963984540054  # the normal distribution's 97.5th percentile, as in code/decode.js
Z_ONE_SIDED = 1.6448536269514722  # its 95th percentile
LIMIT_DECIMALS = {
    "share": 3,
    "volume": 2,
    "mean": 4,
    "count": 1,
}  # what a stored confidence limit keeps: more than is shown
# Exact 95 % limits of a Poisson count from 0 to 9 events: half of chi-square's 2.5th and 97.5th percentile with 2n and
# 2n + 2 degrees of freedom
POISSON_95 = (
    (0.0, 3.6888794541139354),
    (0.025317807984289876, 5.571643390938898),
    (0.24220927854396496, 7.22468766772396),
    (0.6186721228956014, 8.767273069742323),
    (1.0898653736263249, 10.241588675403694),
    (1.6234863901184207, 11.66833207932267),
    (2.2018942534908508, 13.059474022518685),
    (2.8143630515198654, 14.422675361702376),
    (3.4538321767485014, 15.763189220193313),
    (4.115373097378334, 17.084803451419166),
)
# Columns of table `variation` that the page shows, with their decimals; None: those of the statistic's values
MEASURES = {
    "units_used": 0,
    "minimum": None,
    "p05": None,
    "median": None,
    "p95": None,
    "maximum": None,
    "extremal_quotient": 2,
    "quotient_05_95": 2,
    "cv": 3,
    "scv": 4,
    "eb_variance": 4,
    "chi_square": 1,
    "degrees_of_freedom": 0,
}
# Files of exports/ that are of no table, beside those that name themselves in the code below
GENERAL_FILES = (
    "parquet/observation.parquet",
    "sdmx/structure.xml",
    "sdmx/structure_2_1.xml",
    "sdmx/delete/all.csv",
)
GROUPS = ("imaging_share", "imaging_volume", "imaging_all_ages", "other")  # of the list of statistics
COMPARED = ("higher", "not_different", "lower")  # codes 1, 2, 3 of the chunk of standardised values; 0: none


@dataclass(frozen=True)
class Pages:
    """What write_pages wrote: the page to open, the folder of code/ and data/, the number of files and their bytes."""

    index: Path
    part: Path
    files: int
    bytes: int


@dataclass(frozen=True)
class Statistic:
    """One statistic of the release and the shape of its array: [unit][filter combination][year]."""

    code: str
    measure: str
    per: int | None
    levels: list[str]
    units: list[int]  # positions in the list of units of the whole release
    filters: dict[str, list[str]]  # in the order of the array
    years: list[int]
    has_limits: bool

    @property
    def combinations(self) -> list[tuple]:
        """Every combination of filter values, the last filter fastest."""
        return list(itertools.product(*self.filters.values()))


def write_pages(public_file: Path, folder: Path) -> Pages:
    """Writes the pages below `folder` (made when it is not there; its pages are replaced) and returns what was written.

    Code and data are in a folder whose name is a fingerprint of them: a page that a reader opened before a release
    never loads data of another one, neither from the server nor from a browser's memory.

    Reads `public_file` and the files of this package, nothing else; the same release gives the same bytes.
    Raises AtlasError when a cell contradicts its status, a row occurs twice, or a text is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("atlas-*"):
        shutil.rmtree(old)
    files = {f"code/{path.name}": path.read_bytes() for path in sorted((STATIC / "code").iterdir())}
    with duckdb.connect(str(public_file), read_only=True) as connection:
        for name, data in chunks(connection):
            files[f"data/{name}.js"] = chunk_script(name, data).encode("ascii")
    named = [(name, hashlib.sha256(content).hexdigest()) for name, content in sorted(files.items())]
    part = f"atlas-{hashlib.sha256(json.dumps(named).encode()).hexdigest()[:10]}"
    index = (SOURCE / "index.html").read_text(encoding="utf-8").replace('"code/', f'"{part}/code/').encode()
    for name, content in [*((f"{part}/{name}", content) for name, content in files.items()), ("index.html", index)]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return Pages(folder / "index.html", folder / part, len(files) + 1, len(index) + sum(map(len, files.values())))


def chunks(connection: duckdb.DuckDBPyConnection):
    """Yields name and data of every chunk: cells, denominators (one for all statistics that share them), limits,
    standardised values, texts, meta.
    """
    tables = {name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()}
    languages = texts.languages()
    release, files = read_release(connection), read_files(connection)
    units = read_units(connection)
    statistics = read_statistics(connection, units)
    described, dispersions = [], {}
    denominators: dict[bytes, str] = {}
    home = []
    for statistic in statistics:
        n, d, limits = read_cells(connection, statistic, units)
        yield statistic.code, encode_integers(n, len(statistic.years))
        shared = None
        if any(value not in (NO_COUNT, ABSENT) for value in d):
            data = encode_integers(d, len(statistic.years))
            layout = json_bytes([statistic.units, statistic.filters, statistic.years])
            shared = denominators.get(layout + data)
            if shared is None:
                shared = denominators[layout + data] = f"denominator_{statistic.code}"
                yield shared, data
        kind = dispersion = None
        if limits is not None:
            kind, dispersion = limits_of(connection, statistic, n, d, limits, units)
            dispersions[statistic.code] = dispersion
            if kind == "stored":
                yield f"limits_{statistic.code}", encode_limits(statistic, limits)
        standardised = None
        if "standardised_rate" in tables:
            data = read_standardised(connection, statistic, units)
            if data is not None:
                yield f"standardised_{statistic.code}", data
                standardised = True
        described.append(describe(connection, statistic, shared, kind, dispersion, standardised, release))
        described[-1]["main"] = not repeats_a_cube(statistic, statistics)
        home.append(home_cells(statistic, units, n, d))
    for language in languages:
        words = texts.read_texts(language)
        yield f"text_{language}", json_bytes(words)
        yield f"about_{language}", json_bytes(prose.about_html(words, files))
        yield f"card_{language}", json_bytes(read_cards(connection, words, language))
    if "variation" in tables:
        yield "variation", json_bytes(read_variation(connection))
    yield "hidden", json_bytes(read_hidden(connection, statistics))
    yield "home", json_bytes(home)
    vintage, boundaries = read_vintage(connection), None
    path = geometry.boundary_file(vintage) if vintage else None
    if path:
        boundaries = geometry.geometry_chunk(path, units)
    if boundaries:
        yield "geometry", boundaries
    areas = read_areas(connection)
    with_sectors = read_with_sectors(connection, statistics)
    sizes = {}
    for name, data in sectors.chunks(connection, with_sectors):
        sizes[name.removeprefix("sectors_")] = math.ceil(len(chunk_script(name, data)) / 1000)
        yield name, data
    yield (
        "meta",
        json_bytes(
            {
                "release": release,
                "languages": languages,
                "areas": areas,
                "type": TYPE,
                "citation": {code: read_citation(connection, release, None, code) for code in languages},
                "map": bool(boundaries),
                "variation": "variation" in tables,
                "poisson": POISSON_95,
                "labels": read_labels(connection),
                "units": [
                    [u["level"], u["code"], u["names"], [u["parents"].get(level) for level in areas]] for u in units
                ],
                "groups": GROUPS,
                "formats": [[prose.FORMAT_NAMES[name], name, ending] for name, (ending, *_) in FORMATS.items()],
                "statistics": described,
                "sectors": {
                    "codes": [s.code for s in with_sectors],
                    "limits": [s.code for s in with_sectors if sector_limits_are_computed(connection, s, dispersions)],
                    "sizes": sizes,
                },
            }
        ),
    )


def read_levels(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Returns the levels of the release in reading order, without sectors."""
    rows = connection.execute("select geo_level from geo_level order by sort_order").fetchall()
    return [level for (level,) in rows if level != sectors.LEVEL]


def read_areas(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Returns the levels of areas: from the country to the smallest area of the map."""
    levels = read_levels(connection)
    return levels[: levels.index(SMALLEST_AREA) + 1]


def read_files(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """Returns the files of the release that the pages link to, below its folder: the exports of each table, and under
    "" all others.
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
        table: [f"exports/{path_of(name, table)}" for name in (FORMATS if table in statistics else ("csv", "parquet"))]
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
        where unit.geo_level <> '{sectors.LEVEL}'
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


def read_statistics(connection: duckdb.DuckDBPyConnection, units: list[dict]) -> list[Statistic]:
    """Returns the statistics of the release with the levels, filters and years that their tables hold. A statistic
    without a published year (its years are none of those that the build published) is not among them: the pages have
    nothing to show of it.
    """
    result = []
    all_levels = read_levels(connection)
    for code, measure, per, named in connection.execute(
        "select code, any_value(measure), any_value(per), any_value(filters) from statistic group by 1 order by 1"
    ).fetchall():
        columns = columns_of(connection, code)

        def values(column: str, table: str = code) -> list:
            found = connection.execute(
                f"select distinct {column} from {table} where geo_level <> '{sectors.LEVEL}' order by 1"
            ).fetchall()
            return [value for (value,) in found]

        years = values("reference_year")
        if not years:
            continue
        present_levels = set(values("geo_level"))
        levels = [level for level in all_levels if level in present_levels]
        filters = {}
        for name in filter(None, (named or "").split(";")):
            present = set(values(name))
            filters[name] = [value for value in read_values(connection, name) if value in present]
        positions = [position for position, unit in enumerate(units) if unit["level"] in levels]
        result.append(Statistic(code, measure, per, levels, positions, filters, years, "lower_95" in columns))
    return result


def unbroken(text: str) -> str:
    """Returns a text whose numbers are not broken at the end of a line: `1 000` with a narrow no-break space."""
    return re.sub(r"(?<=\d) (?=\d{3}\b)", "\u202f", text)


def read_values(connection: duckdb.DuckDBPyConnection, name: str) -> list[str]:
    """Returns the values of a filter in the order of its table."""
    rows = connection.execute(f"select {name} from {name} group by 1 order by min(sort_order), 1").fetchall()
    return [value for (value,) in rows]


def read_cells(
    connection: duckdb.DuckDBPyConnection, statistic: Statistic, units: list[dict]
) -> tuple[list, list, list | None]:
    """Returns numerators, denominators and, where the table has them, limits of a statistic, in the order of its
    array.
    """
    positions = {(units[u]["level"], units[u]["code"]): i for i, u in enumerate(statistic.units)}
    combinations = {c: i for i, c in enumerate(statistic.combinations)}
    years = {year: i for i, year in enumerate(statistic.years)}
    size = len(positions) * len(combinations) * len(years)
    n, d = [ABSENT] * size, [ABSENT] * size
    limits = [None] * size if statistic.has_limits else None
    columns = ["geo_level", "geo_code", "reference_year", "numerator", "denominator", "status", *statistic.filters]
    if limits is not None:
        columns += ["lower_95", "upper_95"]
    last = 6 + len(statistic.filters)
    rows = connection.execute(
        f"select {', '.join(columns)} from {statistic.code} where geo_level <> '{sectors.LEVEL}'"
    ).fetchall()
    for row in rows:
        level, code, year, numerator, denominator, status = row[:6]
        place = (positions[level, code] * len(combinations) + combinations[row[6:last]]) * len(years) + years[year]
        if n[place] != ABSENT:
            raise AtlasError(
                f"{statistic.code}: two rows for {level} {code}, {year}, {row[6:last]}; the pages need one."
            )
        n[place], d[place] = encode_cell(statistic, numerator, denominator, status)
        if limits is not None and row[last] is not None:
            limits[place] = row[last:]
    return n, d, limits


def encode_cell(statistic: Statistic, numerator: int | None, denominator: int | None, status: str) -> tuple[int, int]:
    """Returns the two integers of a cell, from which the page tells its status: numerator hidden, else denominator 0,
    else published.

    Raises AtlasError when that would not be the status of the table.
    """
    if statistic.per is None:
        pair = (HIDDEN if numerator is None else numerator, NO_COUNT)
    else:
        pair = (HIDDEN if numerator is None else numerator, HIDDEN if denominator is None else denominator)
    read = "small_cell" if pair[0] == HIDDEN else "empty" if pair[1] == 0 else "published"
    if read != status or (status == "published" and pair[1] == HIDDEN):
        raise AtlasError(
            f"{statistic.code}: a cell of status {status} has the counts of a cell of status {read}; the pages were "
            "not written."
        )
    return pair


def wilson(numerator: int, denominator: int, per: int) -> tuple[float, float]:
    """Returns the 95 % limits of a share by Wilson's score method, times per (Newcombe 1998, method 3)."""
    z2 = Z_95 * Z_95
    share = numerator / denominator
    middle = share + z2 / (2 * denominator)
    half = Z_95 * math.sqrt(share * (1 - share) / denominator + z2 / (4 * denominator * denominator))
    below = 1 + z2 / denominator
    return per * max(0.0, (middle - half) / below), per * min(1.0, (middle + half) / below)


def poisson(numerator: int, denominator: int, per: int, dispersion: float) -> tuple[float, float]:
    """Returns the 95 % limits of per * numerator / denominator: a Poisson count's, exact below 10 events, else
    Byar's, their distance from the count times the root of the dispersion, not below 0 (Breslow and Day 1987; Dobson et
    al. 1991).
    """
    if numerator < 10:
        lower, upper = POISSON_95[numerator]
    else:
        above = numerator + 1
        lower = numerator * (1 - 1 / (9 * numerator) - Z_95 / (3 * math.sqrt(numerator))) ** 3
        upper = above * (1 - 1 / (9 * above) + Z_95 / (3 * math.sqrt(above))) ** 3
    root = math.sqrt(dispersion)
    return tuple(per * max(0.0, numerator + root * (limit - numerator)) / denominator for limit in (lower, upper))


def read_dispersion(connection, statistic: Statistic, n: list, d: list, units: list[dict]) -> list[list] | None:
    """Returns the dispersion of each type of act and year: 1 for a count, else phi of table `dispersion` less the
    country's mean, None without phi.
    None when the release has no such table.
    """
    types = statistic.filters.get(TYPE, ["total"])
    if statistic.per is None:
        return [[1] * len(statistic.years) for _ in types]
    if not connection.execute("select count(*) from duckdb_tables() where table_name = 'dispersion'").fetchone()[0]:
        return None
    (variable,) = connection.execute(
        "select any_value(variable) from statistic where code = ?", [statistic.code]
    ).fetchone()
    rows = connection.execute(
        f"select {TYPE}, reference_year, phi from dispersion where variable = ?", [variable]
    ).fetchall()
    phi = {(kind or "total", year): value for kind, year, value in rows}
    country = next(i for i, u in enumerate(statistic.units) if units[u]["level"] == "country")
    result = []
    for kind in types:
        totals = tuple(kind if name == TYPE else "total" for name in statistic.filters)
        start = (country * len(statistic.combinations) + statistic.combinations.index(totals)) * len(statistic.years)
        row = []
        for y, year in enumerate(statistic.years):
            value, total, persons = phi.get((kind, year)), n[start + y], d[start + y]
            row.append(None if value is None or total < 0 or persons <= 0 else max(0.0, value - total / persons))
        result.append(row)
    return result


def limits_of(
    connection, statistic: Statistic, n: list, d: list, limits: list, units: list[dict]
) -> tuple[str, list | None]:
    """Returns how the page gets the limits of a statistic: "wilson" or "poisson" (with the dispersions) when the
    table's limits are those of its counts (relative 1e-9), so that the page computes them; else "stored".
    """
    years = len(statistic.years)
    types = len(statistic.filters.get(TYPE, ["total"]))
    dispersion = None if statistic.measure == "share" else read_dispersion(connection, statistic, n, d, units)
    if statistic.measure != "share" and dispersion is None:
        return "stored", None
    for place, (numerator, denominator, pair) in enumerate(zip(n, d, limits, strict=True)):
        expected = None
        if numerator >= 0 and denominator != 0:
            if dispersion is None:
                expected = wilson(numerator, denominator, statistic.per)
            elif (scale := dispersion[place // years % types][place % years]) is not None:
                expected = poisson(numerator, 1 if statistic.per is None else denominator, statistic.per or 1, scale)
        if (expected is None) != (pair is None):
            return "stored", None
        if pair and any(
            not math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9) for a, b in zip(expected, pair, strict=True)
        ):
            return "stored", None
    return ("wilson", None) if dispersion is None else ("poisson", dispersion)


def read_with_sectors(connection: duckdb.DuckDBPyConnection, statistics: list[Statistic]) -> list[Statistic]:
    """Returns the statistics that have statistical sectors; they have no filters."""
    codes = {
        code
        for (code,) in connection.execute(
            f"select distinct code from statistic where smallest_level = '{sectors.LEVEL}'"
        ).fetchall()
    }
    return [s for s in statistics if s.code in codes and not s.filters]


def sector_limits_are_computed(connection, statistic: Statistic, dispersions: dict) -> bool:
    """Returns whether the page computes the limits of the sectors of a statistic from their counts, as the table
    does. dispersions: by code, what limits_of returned; a statistic without an entry has no limits in its table.
    """
    if statistic.code not in dispersions:
        return False
    dispersion = dispersions[statistic.code]
    if dispersion is None and statistic.measure != "share":
        return False

    def limits(numerator: int, denominator: int | None, year: int) -> tuple[float, float] | None:
        if dispersion is None:
            return wilson(numerator, denominator, statistic.per)
        scale = dispersion[0][statistic.years.index(year)]
        if scale is None:
            return None
        return poisson(numerator, 1 if statistic.per is None else denominator, statistic.per or 1, scale)

    return sectors.limits_are_computed(connection, statistic.code, limits)


def repeats_a_cube(statistic: Statistic, statistics: list[Statistic]) -> bool:
    """Returns whether a table stat_... holds the totals of a cube of the same years: overviews show the cube."""
    cube = statistic.code.replace("stat_", "cube_")
    return cube != statistic.code and any(s.code == cube and s.years == statistic.years for s in statistics)


def group_of(statistic: Statistic, family: str) -> str:
    """Returns the group of GROUPS under which the list of statistics shows a statistic."""
    if family != "imaging":
        return "other"
    if len(statistic.combinations) == 1:
        return "imaging_all_ages"
    return "imaging_share" if statistic.measure == "share" else "imaging_volume"


def encode_limits(statistic: Statistic, limits: list) -> bytes:
    """Returns lower and then upper limits as integers of LIMIT_DECIMALS digits; HIDDEN where the table has none."""
    scale = 10 ** LIMIT_DECIMALS[statistic.measure]
    values = []
    for side in (0, 1):
        values += [HIDDEN if pair is None else round(pair[side] * scale) for pair in limits]
    return encode_integers(values, len(statistic.years))


def read_standardised(connection: duckdb.DuckDBPyConnection, statistic: Statistic, units: list[dict]) -> bytes | None:
    """Returns the chunk of age-standardised values: for each unit, type of act and year the indirectly standardised
    value and its limits as integers of LIMIT_DECIMALS digits, then the comparison with the country (COMPARED); None
    when the release has none for this statistic.
    """
    types = statistic.filters.get(TYPE, ["total"])
    rows = connection.execute(
        f"""
        select geo_level, geo_code, {TYPE}, reference_year, indirect_value, indirect_lower_95,
        indirect_upper_95, compared_with_country, status
        from standardised_rate
        where statistic = ? and standard = 'country_of_year'
        """,
        [statistic.code],
    ).fetchall()
    if not rows:
        return None
    positions = {(units[u]["level"], units[u]["code"]): i for i, u in enumerate(statistic.units)}
    size = len(positions) * len(types) * len(statistic.years)
    scale = 10 ** LIMIT_DECIMALS[statistic.measure]
    parts = [[HIDDEN] * size for _ in range(3)] + [[0] * size]
    for level, code, procedure, year, value, lower, upper, compared, _status in rows:
        place = (positions[level, code] * len(types) + types.index(procedure or "total")) * len(
            statistic.years
        ) + statistic.years.index(year)
        for part, number in zip(parts, (value, lower, upper), strict=False):
            part[place] = HIDDEN if number is None else round(number * scale)
        parts[3][place] = 0 if compared is None else COMPARED.index(compared) + 1
    return encode_integers(itertools.chain(*parts), len(statistic.years))


def describe(
    connection,
    statistic: Statistic,
    denominator: str | None,
    limits: str | None,
    dispersion: list | None,
    standardised: bool | None,
    release: dict,
) -> dict:
    """Returns what the page must know of a statistic before it loads its cells; `ages`: the filter with age classes."""
    rows = connection.execute(
        "select language, title, coding, family, variable, characteristics from statistic where code = ? "
        "order by language",
        [statistic.code],
    ).fetchall()
    names = {language: (named or "").split("; ") for language, *_, named in rows}
    classes = [name for name in statistic.filters if "age_from" in columns_of(connection, name)]
    return {
        "code": statistic.code,
        "measure": statistic.measure,
        "per": statistic.per,
        "group": group_of(statistic, rows[0][3]),
        "variable": rows[0][4],
        "title": {language: title for language, title, *_ in rows},
        "unit": {language: unbroken(coding) for language, _, coding, *_ in rows},
        "names": {
            name: {language: words[i][:1].upper() + words[i][1:] for language, words in names.items()}
            for i, name in enumerate(statistic.filters)
        },
        "ages": next(iter(classes), None),
        "citation": {code: read_citation(connection, release, statistic.code, code) for code in texts.languages()},
        "levels": statistic.levels,
        "filters": statistic.filters,
        "years": statistic.years,
        "denominator": denominator,
        "limits": limits,
        "dispersion": dispersion,
        "decimals": LIMIT_DECIMALS[statistic.measure],
        "standardised": bool(standardised),
    }


def home_cells(statistic: Statistic, units: list[dict], n: list, d: list) -> list:
    """Returns the totals of the last year by arrondissement, for the small maps of the first page: [code, year,
    [[unit, numerator, denominator]]].
    """
    combination = next((i for i, c in enumerate(statistic.combinations) if set(c) <= {"total"}), 0)
    cells = []
    for i, u in enumerate(statistic.units):
        if units[u]["level"] == "arrondissement":
            place = (i * len(statistic.combinations) + combination) * len(statistic.years) + len(statistic.years) - 1
            cells.append([u, n[place], d[place]])
    return [statistic.code, statistic.years[-1], cells]


def read_cards(connection: duckdb.DuckDBPyConnection, words: dict[str, str], language: str) -> dict[str, str]:
    """Returns the cards in a language, {statistic: HTML}. words: the texts of the pages in that language."""
    remarks: dict[str, list[str]] = {}
    for code, remark in connection.execute(
        "select code, remark from statistic_remark where language = ? order by code, position", [language]
    ).fetchall():
        remarks.setdefault(code, []).append(remark)
    wanted = ["code", "recommended_reference", "title", "description", "calculation", "coding", "source_variables"]
    cards = connection.execute(
        f"select {', '.join(wanted)} from statistic where language = ? order by code", [language]
    ).fetchall()
    return {
        code: prose.card_html(words, dict(zip(wanted[1:], card, strict=True)), remarks.get(code, []))
        for code, *card in cards
    }


def read_variation(connection: duckdb.DuckDBPyConnection) -> dict:
    """Returns table `variation` for arrondissements and municipalities: the measures that it has (MEASURES), and for
    each statistic, level and type of act the rows [year, status, measures], and whether the areas of the last year
    differ by more than chance.
    """
    present = set(columns_of(connection, "variation"))
    measures = {name: decimals for name, decimals in MEASURES.items() if name in present}
    rows: dict[str, list] = {}
    for key, *row in connection.execute(
        f"""
        select concat_ws(' ', statistic, geo_level, {TYPE}), reference_year, status, {", ".join(measures)}
        from variation where geo_level in ('arrondissement', 'municipality')
        order by statistic, reference_year, {TYPE}, geo_level
        """
    ).fetchall():
        rows.setdefault(key, []).append(row)
    return {
        "measures": list(measures.items()),
        "rows": rows,
        "chance": {key: beyond_chance(dict(zip(measures, row[2:], strict=True))) for key, (*_, row) in rows.items()},
    }


def beyond_chance(measures: dict) -> bool | None:
    """Returns whether areas differ by more than chance: chi-square beyond the 95th percentile of its distribution, by
    the approximation of Wilson and Hilferty (1931); None without chi-square.
    """
    chi_square, freedom = measures.get("chi_square"), measures.get("degrees_of_freedom")
    if chi_square is None or not freedom:
        return None
    spread = 2 / (9 * freedom)
    return chi_square > freedom * (1 - spread + Z_ONE_SIDED * math.sqrt(spread)) ** 3


def read_hidden(connection: duckdb.DuckDBPyConnection, statistics: list[Statistic]) -> list:
    """Returns the number of cells by statistic, year, level (sectors included) and status: [code, year, level,
    published, small_cell, empty].
    """
    rows = []
    for statistic in statistics:
        rows += connection.execute(
            f"""
            select
                '{statistic.code}', reference_year, geo_level,
                count(*) filter (where status = 'published'), count(*) filter (where status = 'small_cell'),
                count(*) filter (where status = 'empty')
            from {statistic.code}
            group by reference_year, geo_level
            order by reference_year, geo_level
            """
        ).fetchall()
    return rows


def read_citation(connection: duckdb.DuckDBPyConnection, release: dict, code: str | None, language: str) -> str:
    """Returns how to cite a table of the release, or the release as a whole (code None): the text of the release where
    it has one.
    """
    if code and "definition_reference" in columns_of(connection, "statistic"):
        query = "select recommended_reference from statistic where code = ? and language = ?"
        return connection.execute(query, [code, language]).fetchone()[0]
    published = None
    if connection.execute("select count(*) from duckdb_tables() where table_name = 'release_publication'").fetchone()[
        0
    ]:
        query = "select citation, publisher from release_publication where language = ?"
        published = connection.execute(query, [language]).fetchone()
    if published and not code:
        return published[0]
    words = texts.read_texts(language)
    return words["citation_synthetic" if release["is_synthetic"] else "citation"].format(
        publisher=published[1] if published else words["atlas"],
        version=release["version"],
        date=release["publication_date"] or words["undated"],
        code=code or words["all_tables"],
    )


def columns_of(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    """Returns the columns of a table."""
    return [row[0] for row in connection.execute(f"describe {table}").fetchall()]


def read_vintage(connection: duckdb.DuckDBPyConnection) -> int | None:
    """Returns the list of municipalities of the release: 2018, 2019 or 2025."""
    return connection.execute("select geography_vintage from release").fetchone()[0]


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


def read_labels(connection: duckdb.DuckDBPyConnection) -> dict:
    """Returns the labels of levels, filter values and statuses: {list: {code: [a label in each language]}}."""
    named = connection.execute(
        "select distinct unnest(string_split(filters, ';')) from statistic order by 1"
    ).fetchall()
    labels = {}
    for name, key in [(n, n) for (n,) in named if n] + [("geo_level", "geo_level"), ("observation_status", "status")]:
        labels[name] = labels_of(connection, name, key, texts.languages())
    return labels
