"""Reads the data of the pages back, for the tests that compare them with the release."""

import itertools
import json
from pathlib import Path

import numpy as np

from atlas.pages.codec import ABSENT, HIDDEN, decode_integers, read_chunk

LANGUAGES = ("nl", "fr", "en")


def part_of(folder: Path) -> Path:
    """Returns the folder of code and data of the pages."""
    (part,) = folder.glob("atlas-*")
    return part


def read_data(folder: Path, name: str) -> bytes:
    """Returns the content of a data file of the pages."""
    found, data = read_chunk((part_of(folder) / "data" / f"{name}.js").read_text(encoding="ascii"))
    assert found == name
    return data


def decoded_cells(folder: Path, statistic: dict, units: list) -> set[tuple]:
    """Returns the cells of a statistic as the pages hold them: (level, code, year, filters, numerator, denominator, value, status)."""
    years = statistic["years"]
    inside = [unit for unit in units if unit[0] in statistic["levels"]]
    keys = itertools.product(inside, itertools.product(*statistic["filters"].values()), years)
    n = decode_integers(read_data(folder, statistic["code"]), len(years))
    d = (
        decode_integers(read_data(folder, statistic["denominator"]), len(years))
        if statistic["denominator"]
        else [None] * len(n)
    )
    cells = set()
    for (unit, filters, year), numerator, denominator in zip(keys, n, d, strict=True):
        if numerator == ABSENT:
            continue
        status = "small_cell" if numerator == HIDDEN else "empty" if denominator == 0 else "published"
        numerator = None if numerator == HIDDEN else numerator
        denominator = None if denominator == HIDDEN else denominator
        value = None
        if status == "published":
            value = float(numerator) if denominator is None else statistic["per"] * numerator / denominator
        cells.add((unit[0], unit[1], year, filters, numerator, denominator, value, status))
    return cells


def released_cells(rows, statistic: dict) -> set[tuple]:
    """Returns the cells of a statistic as the release holds them, in the form of decoded_cells."""
    filters = list(statistic["filters"])
    found = rows(
        f"select {', '.join(['geo_level', 'geo_code', 'reference_year', *filters, 'numerator', 'denominator', 'value', 'status'])} "
        f"from {statistic['code']} where geo_level <> 'statistical_sector'"
    )
    last = 3 + len(filters)
    return {(*row[:3], row[3:last], *row[last:]) for row in found}


def integers_of(data: bytes) -> np.ndarray:
    """Returns the steps behind varints of zigzag integers: what encode_integers wrote, before differences are added."""
    bytes_ = np.frombuffer(data, dtype=np.uint8).astype(np.int64)
    ends = np.flatnonzero(bytes_ < 128)
    starts = np.concatenate(([0], ends[:-1] + 1))
    shifts = np.arange(len(bytes_)) - np.repeat(starts, ends - starts + 1)
    values = np.add.reduceat((bytes_ & 127) << (7 * shifts), starts)
    return (values >> 1) ^ -(values & 1)


def decoded_sectors(folder: Path) -> dict[str, dict[str, np.ndarray]]:
    """Returns the cells of sectors as the pages hold them, by statistic: arrays municipality, code, year, numerator,
    denominator (HIDDEN where suppressed), in the order of arrondissement, municipality, code and year.
    """
    meta = json.loads(read_data(folder, "meta"))
    years = {s["code"]: s["years"] for s in meta["statistics"]}
    codes = meta["sectors"]["codes"]
    parts = {code: [] for code in codes}
    for arrondissement in sorted(meta["sectors"]["sizes"]):
        head, _, data = read_data(folder, f"sectors_{arrondissement}").partition(b"\n")
        head = json.loads(head)
        places = [(municipality, unit[0]) for municipality, inside in head["units"] for unit in inside]
        owners = [*codes, *(codes[first] for first in head["denominators"])]
        sizes = [len(places) * len(years[owner]) for owner in owners]
        steps = integers_of(data)
        assert len(steps) == sum(sizes)
        lists = [
            np.cumsum(part.reshape(len(places), -1), axis=1).ravel() for part in np.split(steps, np.cumsum(sizes)[:-1])
        ]
        for code, n, of in zip(codes, lists, head["of"], strict=False):
            municipality, sector = (
                np.repeat(np.array(column), len(years[code])) for column in zip(*places, strict=True)
            )
            cells = [municipality, sector, np.tile(years[code], len(places)), n, lists[len(codes) + of]]
            parts[code].append([column[n != ABSENT] for column in cells])
    names = ("municipality_code", "geo_code", "reference_year", "numerator", "denominator")
    return {
        code: {name: np.concatenate(found) for name, *found in zip(names, *arrays, strict=True)}
        for code, arrays in parts.items()
    }


def differing(folder: Path, rows) -> list[str]:
    """Returns the statistics whose cells in the pages are not those of the release."""
    meta = json.loads(read_data(folder, "meta"))
    return [s["code"] for s in meta["statistics"] if decoded_cells(folder, s, meta["units"]) != released_cells(rows, s)]
