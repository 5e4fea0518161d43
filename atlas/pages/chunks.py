"""The data chunks of the pages: cells, denominators, limits and standardised values of each statistic, texts, cards,
variation, boundaries, sectors, and `meta`, which the page loads first.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field

import duckdb

from atlas.catalogue import FORMATS
from atlas.pages import cards, geometry, prose, sectors, texts
from atlas.pages.cells import count_by_status, home_cells, read_cells
from atlas.pages.codec import ABSENT, NO_COUNT, chunk_script, encode_integers, json_bytes
from atlas.pages.comparison import read_standardised, read_variation
from atlas.pages.files import read_files
from atlas.pages.limits import LIMIT_DECIMALS, POISSON_95, encode_limits, limits_of
from atlas.pages.release import (
    has_table,
    read_areas,
    read_compared_filter,
    read_labels,
    read_release,
    read_units,
    read_vintage,
)
from atlas.pages.statistic import GROUPS, Statistic, describe, read_statistics, repeats_a_cube

Chunk = tuple[str, bytes]  # name and data


@dataclass
class Described:
    """What is collected while the chunks of each statistic are made, for the chunks of the release: the descriptions,
    the dispersions by code of statistic, the totals for the small maps of the first page.
    """

    statistics: list[dict] = field(default_factory=list)
    dispersions: dict[str, list | None] = field(default_factory=dict)
    home: list[list] = field(default_factory=list)


def chunks(connection: duckdb.DuckDBPyConnection) -> Iterator[Chunk]:
    """Yields name and data of every chunk. Raises AtlasError: see packer.write_pages."""
    release, units = read_release(connection), read_units(connection)
    statistics = read_statistics(connection, units)
    described = yield from _of_statistics(connection, statistics, units, release)
    yield from _of_languages(connection)
    has_variation = has_table(connection, "variation")
    if has_variation:
        yield "variation", json_bytes(read_variation(connection))
    yield "hidden", json_bytes(count_by_status(connection, statistics))
    yield "home", json_bytes(described.home)
    boundaries = _boundaries(connection, units)
    if boundaries:
        yield "geometry", boundaries
    about_sectors = yield from _of_sectors(connection, statistics, described)
    areas = read_areas(connection)
    languages = texts.languages()
    meta = {
        "release": release,
        "languages": languages,
        "areas": areas,
        "type": read_compared_filter(connection),
        "citation": {language: cards.read_citation(connection, release, None, language) for language in languages},
        "map": bool(boundaries),
        "variation": has_variation,
        "poisson": POISSON_95,
        "labels": read_labels(connection),
        "units": [[u["level"], u["code"], u["names"], [u["parents"].get(level) for level in areas]] for u in units],
        "groups": GROUPS,
        "formats": [[prose.FORMAT_NAMES[name], name, ending] for name, (ending, *_) in FORMATS.items()],
        "statistics": described.statistics,
        "sectors": about_sectors,
    }
    yield "meta", json_bytes(meta)


def _of_statistics(
    connection: duckdb.DuckDBPyConnection, statistics: list[Statistic], units: list[dict], release: dict
) -> Generator[Chunk, None, Described]:
    """Yields the chunks of every statistic: numerators, denominators (one chunk for all statistics that share them),
    limits and standardised values. Returns what the chunks of the release say of them.
    """
    described, denominators = Described(), {}
    compared = has_table(connection, "standardised_rate")
    for statistic in statistics:
        n, d, limits = read_cells(connection, statistic, units)
        yield statistic.code, encode_integers(n, len(statistic.years))
        denominator = None
        if any(value not in (NO_COUNT, ABSENT) for value in d):
            data = encode_integers(d, len(statistic.years))
            layout = json_bytes([statistic.units, statistic.filters, statistic.years])
            denominator = denominators.get(layout + data)
            if denominator is None:
                denominator = denominators[layout + data] = f"denominator_{statistic.code}"
                yield denominator, data
        about = {"denominator": denominator, "limits": None, "dispersion": None}
        if limits is not None:
            about["limits"], about["dispersion"] = limits_of(connection, statistic, n, d, limits, units)
            described.dispersions[statistic.code] = about["dispersion"]
            if about["limits"] == "stored":
                yield f"limits_{statistic.code}", encode_limits(statistic, limits)
        about["decimals"] = LIMIT_DECIMALS[statistic.measure]
        standardised = read_standardised(connection, statistic, units) if compared else None
        if standardised is not None:
            yield f"standardised_{statistic.code}", standardised
        about["standardised"] = standardised is not None
        about["main"] = not repeats_a_cube(statistic, statistics)
        described.statistics.append(describe(connection, statistic, release) | about)
        described.home.append(home_cells(statistic, units, n, d))
    return described


def _of_languages(connection: duckdb.DuckDBPyConnection) -> Iterator[Chunk]:
    """Yields texts, the page About and the cards in every language."""
    files = read_files(connection)
    for language in texts.languages():
        words = texts.read_texts(language)
        yield f"text_{language}", json_bytes(words)
        yield f"about_{language}", json_bytes(prose.about_html(words, files))
        yield f"card_{language}", json_bytes(cards.read_cards(connection, words, language))


def _boundaries(connection: duckdb.DuckDBPyConnection, units: list[dict]) -> bytes | None:
    """Returns the chunk of the boundaries; None where the project has none of the release's municipalities."""
    vintage = read_vintage(connection)
    path = geometry.boundary_file(vintage) if vintage else None
    return geometry.geometry_chunk(path, units) if path else None


def _of_sectors(
    connection: duckdb.DuckDBPyConnection, statistics: list[Statistic], described: Described
) -> Generator[Chunk, None, dict]:
    """Yields the sectors of every arrondissement. Returns what `meta` says of them; sizes: thousands of bytes."""
    with_sectors = sectors.read_with_sectors(connection, statistics)
    sizes = {}
    for name, data in sectors.chunks(connection, with_sectors):
        sizes[name.removeprefix("sectors_")] = math.ceil(len(chunk_script(name, data)) / 1000)
        yield name, data
    computed = [s.code for s in with_sectors if sectors.limits_are_computed(connection, s, described.dispersions)]
    return {"codes": [s.code for s in with_sectors], "limits": computed, "sizes": sizes}
