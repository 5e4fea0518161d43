"""What a CSV file is, without knowing its rows: encoding, separator, quote, columns, checksum.

No value of a row leaves this module: a first line that names no column of the contract may be the row of a person.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CHUNK = 2**20  # bytes read at a time
HEAD = 2**16  # characters in which the first line must end
SEPARATORS = (",", ";", "\t", "|")  # the first one wins a tie
QUOTES = ('"', "'")
ACCEPTED_ENCODINGS = "UTF-8, UTF-16 and Windows-1252 (Latin-1)"


class FileFault(Exception):
    """Why a file cannot be read, and the remedy; a sentence without the file's name and without a value of a row."""


@dataclass(frozen=True)
class TextFile:
    """What is known of a CSV file. `columns` are in the file's order; those outside the contract are `column_<n>`."""

    checksum: str
    encoding: str  # Python's name
    separator: str
    quote: str
    skipped_lines: int  # above the header: empty lines, and `sep=;` as Excel writes it
    needs_copy: bool  # DuckDB does not read it as it is: encoding, lines above the header, mixed line ends, padding
    has_rows: bool  # there is something below the header
    ends_in_line: bool  # the last line has a line end, without which a value may have been cut off
    columns: tuple[str, ...]


def inspect(path: Path, contract: list[str], *, may_lack: set[str]) -> TextFile:
    """Returns what there is to know of a CSV file. Reads its bytes twice, for checksum and encoding; a third time where
    the encoding is no Unicode.

    contract: names of the source's columns, in lower case. may_lack: those that the folder gives. Raises FileFault
    for a file that is empty, damaged, in no accepted encoding, or without a usable header; OSError when it cannot be
    opened.
    """
    checksum, encoding, line_ends_differ, end = _checksum_and_encoding(path)
    with _open(path) as stream:
        head = b"".join(_chunks(stream, HEAD * 4))
    text = codecs.getincrementaldecoder(encoding)().decode(head)
    skipped, header, declared, below = _header_line(text)
    separator, quote, columns = _columns(header, declared, contract, may_lack)
    needs_copy = encoding not in ("utf-8", "utf-8-sig") or skipped > 0 or line_ends_differ or _is_padded(path)
    ends_in_line = b"\n" in end or b"\r" in end
    has_rows = bool(below.strip())
    return TextFile(checksum, encoding, separator, quote, skipped, needs_copy, has_rows, ends_in_line, columns)


def recode(path: Path, encoding: str, skipped_lines: int, target: Path) -> None:
    """Writes a copy of a CSV file in UTF-8 that begins with the header and has one kind of line end. The copy holds
    persons: the folder of `target` must be private.
    """
    unfinished = target.with_name(f"{target.name}.part")
    with _open(path) as stream, open(unfinished, "w", encoding="utf-8", newline="\n") as copy:
        text = io.TextIOWrapper(stream, encoding=encoding, newline=None)
        for _ in range(skipped_lines):
            text.readline()
        while chunk := text.read(CHUNK):
            copy.write(chunk)
    unfinished.rename(target)


def _open(path: Path):
    """Returns the decompressed bytes of a file as a stream. Raises FileFault when name and content contradict."""
    with open(path, "rb") as stream:
        is_gzip = stream.read(2) == b"\x1f\x8b"
    if is_gzip != (path.suffix.lower() == ".gz"):
        raise FileFault(
            "is compressed with gzip, but its name does not end in .gz. Rename it to .csv.gz."
            if is_gzip
            else "is not compressed with gzip, but its name ends in .gz. Export it again, or rename it to .csv."
        )
    return gzip.open(path, "rb") if is_gzip else open(path, "rb")


def _is_padded(path: Path) -> bool:
    """Returns whether zero bytes follow the compressed data, as tapes and some transfers add them: gzip ignores them,
    DuckDB does not. The last four bytes are otherwise the size of the contents.
    """
    if path.suffix.lower() != ".gz":
        return False
    with open(path, "rb") as stream:
        stream.seek(-4, 2)
        return stream.read() == b"\0\0\0\0"


def _chunks(stream, limit: int | None = None) -> Iterator[bytes]:
    """Yields the bytes of a stream, at most `limit`. Raises FileFault when a gzip file is damaged or cut off."""
    read = 0
    try:
        while (limit is None or read < limit) and (
            chunk := stream.read(CHUNK if limit is None else min(CHUNK, limit - read))
        ):
            read += len(chunk)
            yield chunk
    except EOFError as error:
        raise FileFault(
            "ends before its compressed data end: the transfer was cut off. Transfer the file again."
        ) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise FileFault(
            "is damaged: its compressed data contradict their own checksum. Transfer or export the file again."
        ) from error


def _checksum_and_encoding(path: Path) -> tuple[str, str, bool, bytes]:
    """Returns the SHA-256 of the file's bytes, Python's name of its encoding, whether its line ends differ (with
    several kinds in one file, DuckDB can lose all rows without a message), and its last two bytes.
    """
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        for chunk in _chunks(stream):
            digest.update(chunk)
    with _open(path) as stream:
        start = next(_chunks(stream, 4096), b"")
        if not start.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0"):
            raise FileFault("is empty. Export the file again, or remove it from the folder.")
        marked = _marked_encoding(start)
        decoder = codecs.getincrementaldecoder(marked or "utf-8")()
        line_ends = LineEnds()
        line_ends.count(start)
        try:
            decoder.decode(start)
            for chunk in _chunks(stream):
                line_ends.count(chunk)
                if marked is None and b"\0" in chunk:
                    raise FileFault("holds bytes of value zero: it is no text file. Export it as CSV again.")
                decoder.decode(chunk)
        except UnicodeDecodeError:
            decoder = None
    if decoder is not None:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            raise FileFault(
                "ends in the middle of a character: the transfer was cut off. Transfer the file again."
            ) from error
        return digest.hexdigest(), marked or "utf-8", line_ends.differ(), line_ends.last
    if marked:
        raise FileFault(f"begins as {marked.upper()} but is not. Export it in one of {ACCEPTED_ENCODINGS}.")
    encoding, end = _single_byte_encoding(path)
    return digest.hexdigest(), encoding, True, end


class LineEnds:
    """Counts the line ends of a file that is read in pieces."""

    def __init__(self) -> None:
        """Begins with none."""
        self.both = self.feeds = self.returns = 0
        self.last = b""

    def count(self, chunk: bytes) -> None:
        """Adds those of a piece."""
        self.feeds += chunk.count(b"\n")
        self.returns += chunk.count(b"\r")
        self.both += chunk.count(b"\r\n") + (self.last[-1:] == b"\r" and chunk.startswith(b"\n"))
        self.last = (self.last + chunk[-2:])[-2:]

    def differ(self) -> bool:
        """Returns whether there is more than one kind."""
        return (self.both > 0) + (self.feeds > self.both) + (self.returns > self.both) > 1


def _marked_encoding(start: bytes) -> str | None:
    """Returns the encoding that a byte order mark or the zero bytes of UTF-16 show, else None. Raises FileFault."""
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise FileFault(f"is in UTF-32. Export it in one of {ACCEPTED_ENCODINGS}.")
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in start:  # UTF-16 without a mark: of plain text, every second byte is zero
        for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
            if len(start) % 2 == 0 and start[first::2].count(0) == len(start) // 2:
                return encoding
        raise FileFault("holds bytes of value zero: it is no text file. Export it as CSV again.")
    return None


def _single_byte_encoding(path: Path) -> tuple[str, bytes]:
    """Returns the encoding of a file that is not UTF-8, and its last two bytes. Raises FileFault when it is not
    Windows-1252 either.
    """
    end = b""
    with _open(path) as stream:
        for chunk in _chunks(stream):
            if b"\0" in chunk or any(byte in chunk for byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D)):
                raise FileFault(f"is in no encoding that is recognised. Export it in one of {ACCEPTED_ENCODINGS}.")
            end = (end + chunk[-2:])[-2:]
    return "cp1252", end


def _header_line(text: str) -> tuple[int, str, str | None, str]:
    """Returns the number of lines above the header, the header, the separator that a line `sep=` states, and the start
    of what is below the header.
    """
    skipped, declared, place = 0, None, 0
    for line in re.findall(r"[^\r\n]+(?:\r\n|\n|\r|$)|\r\n|\n|\r", text):
        content = line.strip("\r\n")
        place += len(line)
        if content.lower().startswith("sep=") and len(content) == 5 and not skipped:
            declared = content[4]
        elif content.strip():
            if len(content) == len(line) and len(text) >= HEAD * 4:
                break
            return skipped, content, declared, text[place:]
        skipped += 1
    raise FileFault(
        "has no line of column names at its start. Export it again with a first line that names the columns."
    )


def _columns(
    header: str, declared: str | None, contract: list[str], may_lack: set[str]
) -> tuple[str, str, tuple[str, ...]]:
    """Returns separator, quote and columns of a header. Raises FileFault when a column of the contract is missing or
    named twice; it names columns of the contract only.
    """
    quote = header.lstrip()[0] if header.lstrip()[0] in QUOTES else '"'
    best: tuple[int, str, list[str]] = (-1, ",", [])
    for separator in (declared,) if declared else SEPARATORS:
        try:
            names = next(csv.reader([header], delimiter=separator, quotechar=quote, skipinitialspace=True), [])
        except csv.Error:
            continue
        names = [name.strip().strip("\ufeff").lower() for name in names]
        score = len(set(names) & set(contract)) * 1000 + len(names)
        if score > best[0]:
            best = (score, separator, names)
    _, separator, names = best
    check_columns(names, contract, may_lack)
    return separator, quote, known_names(names, contract)


def known_names(names: list[str], contract: list[str]) -> tuple[str, ...]:
    """Returns the names (lower case) with column_<n> for each that is outside the contract: it may be a value."""
    return tuple(name if name in contract else f"column_{number}" for number, name in enumerate(names, 1))


def check_columns(names: list[str], contract: list[str], may_lack: set[str]) -> None:
    """Raises FileFault when the names (lower case) lack a column of the contract or have one twice."""
    found = [name for name in contract if name in names]
    missing = [name for name in contract if name not in names and name not in may_lack]
    if not found:
        raise FileFault(
            f"has no line of column names at its start, or names none of {', '.join(contract)} there. Export it with "
            "a first line of column names, without a comment above it, or give the names of the extract in "
            "models/staging/_sources.yml."
        )
    if missing:
        raise FileFault(
            f"lacks the column {', '.join(missing)}; of the columns of its source it has {', '.join(found)}. Add the "
            "column to the extract, or give its name in models/staging/_sources.yml."
        )
    twice = [name for name in found if names.count(name) > 1]
    if twice:
        raise FileFault(
            f"has the column {', '.join(twice)} twice (capitals and small letters are the same). Leave one of them in "
            "the extract."
        )
