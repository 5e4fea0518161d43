"""Shapes of municipalities, arrondissements, provinces, regions and the country, projected for a flat picture.

Source, licence and limits of the boundaries: boundaries/README.md. Higher levels need no file of their own: an arc
that two municipalities of one unit share is inside that unit, every other arc of its municipalities is part of its
outline.
"""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

from atlas.pages.codec import encode_integers, json_bytes

FOLDER = Path(__file__).parent / "boundaries"
WIDTH = 10_000  # the picture's width in its own whole units; a unit is about 24 m
PARALLELS = (49.8333339, 51.16666723)  # standard parallels of Lambert 72 (EPSG:31370)
MERIDIAN = 4.3674867

Ring = list[int]


def boundary_file(vintage: int) -> Path | None:
    """Returns the boundaries of a list of municipalities (2018, 2019 or 2025), None where the project has none."""
    path = FOLDER / f"municipality_{vintage}.topojson"
    return path if path.exists() else None


def project(longitude: float, latitude: float) -> tuple[float, float]:
    """Returns x (east) and y (south) on a conformal cone with the parallels of Lambert 72, sphere of radius 1."""
    low, high = (math.radians(p) for p in PARALLELS)

    def stretch(phi: float) -> float:
        return math.tan(math.pi / 4 + phi / 2)

    n = math.log(math.cos(low) / math.cos(high)) / math.log(stretch(high) / stretch(low))
    radius = math.cos(low) * stretch(low) ** n / n / stretch(math.radians(latitude)) ** n
    angle = n * math.radians(longitude - MERIDIAN)
    return radius * math.sin(angle), radius * math.cos(angle)


def read_topology(path: Path) -> tuple[list[list[tuple[float, float]]], dict[str, list[Ring]]]:
    """Returns the arcs as projected points and, for each NIS code, the rings of its outline as arc numbers (~n: arc n
    backwards).
    """
    topology = json.loads(path.read_text(encoding="utf-8"))
    (scale_x, scale_y), (from_x, from_y) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for step_x, step_y in arc:
            x, y = x + step_x, y + step_y
            points.append(project(from_x + x * scale_x, from_y + y * scale_y))
        arcs.append(points)
    rings = {}
    (collection,) = topology["objects"].values()
    for shape in collection["geometries"]:
        parts = shape["arcs"] if shape["type"] == "MultiPolygon" else [shape["arcs"]]
        rings[shape["properties"]["nis_code"]] = [ring for part in parts for ring in part]
    return arcs, rings


def outline(members: list[list[Ring]], ends: dict[int, tuple]) -> list[Ring]:
    """Returns the rings around several shapes. ends: for each arc number (also ~n), its first and last point."""
    used = [arc for rings in members for ring in rings for arc in ring]
    inner = set(used) & {~arc for arc in used}
    outer = [arc for arc in used if arc not in inner]
    starts: dict[tuple, list[int]] = {}
    for arc in outer:
        starts.setdefault(ends[arc][0], []).append(arc)
    rings = []
    left = set(outer)
    for first in outer:
        if first not in left:
            continue
        ring, arc = [], first
        while arc in left:
            left.discard(arc)
            ring.append(arc)
            arc = next((a for a in starts.get(ends[arc][1], []) if a in left), first)
        rings.append(ring)
    return rings


def geometry_chunk(path: Path, units: list[dict]) -> bytes | None:
    """Returns the chunk `geometry`: JSON {size, arcs (lengths), points, shapes}, or None when the boundaries are of
    other municipalities.

    units: those of the release (level, code, parents). The points follow the JSON line as encoded integers.
    """
    arcs, municipalities = read_topology(path)
    codes = {unit["code"] for unit in units if unit["level"] == "municipality"}
    if codes != set(municipalities):
        return None
    xs, ys = zip(*(point for arc in arcs for point in arc), strict=True)
    left, top = min(xs), min(ys)
    factor = WIDTH / (max(xs) - left)
    points, lengths, ends = [], [], {}
    for number, arc in enumerate(arcs):
        flat = [(round((x - left) * factor), round((y - top) * factor)) for x, y in arc]
        kept = [flat[0]] + [b for a, b in itertools.pairwise(flat) if a != b]
        if len(kept) == 1:
            kept.append(kept[0])
        ends[number], ends[~number] = (kept[0], kept[-1]), (kept[-1], kept[0])
        points.append(kept)
        lengths.append(len(kept))
    shapes = []
    for unit in units:
        if unit["level"] == "municipality":
            rings = municipalities[unit["code"]]
        else:
            inside = [
                municipalities[u["code"]]
                for u in units
                if u["level"] == "municipality"
                and (unit["level"] == "country" or u["parents"].get(unit["level"]) == unit["code"])
            ]
            rings = outline(inside, ends)
        shapes.append(rings)
    head = {"size": [WIDTH, math.ceil((max(ys) - top) * factor)], "arcs": lengths, "shapes": shapes}
    body = bytearray()
    for kept in points:
        body += encode_integers([x for x, _ in kept], len(kept)) + encode_integers([y for _, y in kept], len(kept))
    return json_bytes(head) + b"\n" + bytes(body)
