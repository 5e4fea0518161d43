"""How a data chunk is written: integers as differences, zigzag, varint; then deflate and base64 in a call that a
classic script can make.

A browser refuses to fetch a file from a page that was opened by double click, but it loads scripts. So each chunk is
a script of one line:
ATLAS.chunk("name","base64"). The browser's side is `integerReader` of source/code/base.js; `decode_integers` is here
for the tests.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable

HIDDEN = -1  # a count that the release does not publish
NO_COUNT = -2  # the statistic has no denominator
ABSENT = -3  # the release has no such row


def encode_integers(values: Iterable[int], run: int) -> bytes:
    """Returns integers as varints of zigzag differences; the difference starts again at 0 after every `run` values
    (the years of one cell).
    """
    out = bytearray()
    previous = 0
    for position, value in enumerate(values):
        if position % run == 0:
            previous = 0
        step = value - previous
        previous = value
        rest = step * 2 if step >= 0 else -step * 2 - 1
        while rest > 127:
            out.append(rest & 127 | 128)
            rest >>= 7
        out.append(rest)
    return bytes(out)


def decode_integers(data: bytes, run: int) -> list[int]:
    """Returns the integers that encode_integers wrote."""
    values: list[int] = []
    rest = shift = previous = 0
    for byte in data:
        rest |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            if len(values) % run == 0:
                previous = 0
            previous += rest >> 1 if rest % 2 == 0 else -(rest >> 1) - 1
            values.append(previous)
            rest = shift = 0
    return values


def chunk_script(name: str, data: bytes) -> str:
    """Returns the script that hands a chunk to the page. The same data give the same bytes: no clock, fixed
    compression level.
    """
    return f'ATLAS.chunk("{name}","{base64.b64encode(zlib.compress(data, 9)).decode("ascii")}")\n'


def json_bytes(value) -> bytes:
    """Returns a value as JSON without spaces, in UTF-8, in the order in which it was made."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def encoded_chunk(script: str) -> tuple[str, str]:
    """Returns name and base64 text of a chunk script."""
    name, text = json.loads("[" + script.strip().removeprefix("ATLAS.chunk(").removesuffix(")") + "]")
    return name, text


def read_chunk(script: str) -> tuple[str, bytes]:
    """Returns name and data of a chunk script; the counterpart of chunk_script, for the tests."""
    name, text = encoded_chunk(script)
    return name, zlib.decompress(base64.b64decode(text))
