"""Damages of source files, for `campaign.py`: each gets a file's bytes and a random generator and returns other bytes.

The docstring of a damage ends the sentence "the file ...".
"""

from __future__ import annotations

import gzip
import io
import random
import tempfile
import zipfile
from pathlib import Path

import duckdb

PLANTED = "planted"  # a person id that is a text begins with it
NUMBERED = 770770770000  # a person id that is a number is above it


def cut(content: bytes, rng: random.Random) -> bytes:
    """Loses the end."""
    return content[: rng.randrange(len(content))]


def noise(content: bytes, rng: random.Random) -> bytes:
    """Has random bytes at one place."""
    place, size = rng.randrange(len(content)), rng.choice((1, 2, 8, 64))
    return content[:place] + rng.randbytes(size) + content[place + size :]


def zeros(content: bytes, rng: random.Random) -> bytes:
    """Has a block of zero bytes, as a disk that lost a sector returns it."""
    place = rng.randrange(len(content))
    return content[:place] + b"\0" * len(content[place : place + 512]) + content[place + 512 :]


def inserted(content: bytes, rng: random.Random) -> bytes:
    """Has what breaks text at one place: separators, quotes, line ends, zero bytes, bytes of other encodings."""
    place = rng.randrange(len(content))
    piece = rng.choice(
        (b",", b",,,,", b'"', b"'", b"\n", b"\r", b"\0", b"\xe9", b"\xff\xfe", b"\xef\xbb\xbf", b"\t", b";" * 9)
    )
    return content[:place] + piece + content[place:]


def no_header(content: bytes, rng: random.Random) -> bytes:
    """Lacks its first line."""
    return content.split(b"\n", 1)[1]


def header_alone(content: bytes, rng: random.Random) -> bytes:
    """Has its first line alone."""
    return content.split(b"\n", 1)[0] + rng.choice((b"", b"\n"))


def second_header(content: bytes, rng: random.Random) -> bytes:
    """Is two files joined, each with a header."""
    return content + content


def comment(content: bytes, rng: random.Random) -> bytes:
    """Has a line of a person above the header."""
    return b"# " + content.split(b"\n")[1] + b"\n" + content


def footer(content: bytes, rng: random.Random) -> bytes:
    """Has a line of totals at its end."""
    return content + rng.choice((b"total,40\n", b"(20 rows affected)\n", b"\x1a", b",,,,,,\n", b"total,,,,,,\n"))


def other_encoding(content: bytes, rng: random.Random) -> bytes:
    """Is in another encoding, some of which are accepted."""
    text = content.decode("utf-8").replace("1000", "é1000")
    return text.encode(rng.choice(("latin-1", "utf-16", "utf-16-le", "utf-32", "cp037", "cp1252")))


def other_value(content: bytes, rng: random.Random) -> bytes:
    """Has a value that is no number, date or code."""
    old, new = rng.choice(
        (
            (b"1980", b"=cmd|' /C calc'!A0"),
            (b"1980", b"80"),
            (b"1980", b"19,80"),
            (b"0315", b"1399"),
            (b"20220315", b"03/04/2022"),
            (b"20220315", b"44635"),
            (b"20220315", b"2022-03-15T00:00:00Z"),
            (b"20220315", b"15MAR2022"),
            (b"2022-06-30", b"30/06/2022"),
            (b"2022-06-30", b"2022-06-31"),
            (b",1,", b",9223372036854775807,"),
            (b",1,", b",1e5,"),
            (b",1000,", b',"1.000,00",'),
            (b",1000,", b",NULL,"),
            (b"450015", b"99999999999999999999"),
            (b"450015", b"450-015"),
            (b"11001", b"Aartselaar"),
            (b",2,", b",F,"),
            (b"71000101", f"{PLANTED}00001".encode()),
            (b"71000101", str(NUMBERED + 1).encode()),
            (PLANTED.encode(), b"\t"),
            (PLANTED.encode(), b'"' + PLANTED.encode()),
        )
    )
    return content.replace(old, new, rng.choice((1, 3, -1)))


def other_columns(content: bytes, rng: random.Random) -> bytes:
    """Has columns of other names, a column twice, or another separator in its header."""
    header, rest = content.split(b"\n", 1)
    names = header.split(b",")
    place = rng.randrange(len(names))
    names[place] = rng.choice((b"", b"x", names[place - 1].upper(), b'"' + names[place], b"\xe9"))
    return rng.choice((b",", b";", b"|")).join(names) + b"\n" + rest


def swapped_columns(content: bytes, rng: random.Random) -> bytes:
    """Has two columns under the names of each other."""
    header, rest = content.split(b"\n", 1)
    names = header.split(b",")
    one, two = rng.sample(range(len(names)), 2)
    names[one], names[two] = names[two], names[one]
    return b",".join(names) + b"\n" + rest


def fewer_values(content: bytes, rng: random.Random) -> bytes:
    """Has a line with a value less or more than its header."""
    lines = content.split(b"\n")
    place = rng.randrange(1, len(lines) - 1)
    lines[place] = rng.choice((lines[place].rsplit(b",", 1)[0], lines[place] + b",1", b"," + lines[place], b","))
    return b"\n".join(lines)


def other_kind(content: bytes, rng: random.Random) -> bytes:
    """Is a file of another kind under this name."""
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("claims.csv", content)
    page = b"<!doctype html><html><body><table><tr><td>" + content[:200] + b"</td></tr></table></body></html>"
    lines = b'[{"row": "' + content.split(b"\n")[-2] + b'"}]\n'
    return rng.choice((zipped.getvalue(), gzip.compress(content), page, lines, b"%PDF-1.4\n", b"", b"PAR1PAR1"))


def whole_line_ends(content: bytes, rng: random.Random) -> bytes:
    """Has other or mixed line ends, or empty lines."""
    old, new = rng.choice(((b"\n", b"\r"), (b"\n", b"\r\n"), (b"\n", b"\n\n"), (b"1\n", b"1\r\n"), (b"\n", b",\n")))
    return content.replace(old, new)


def other_types(content: bytes, rng: random.Random) -> bytes:
    """Is a Parquet file whose columns have other types, names or no rows."""
    with duckdb.connect() as connection, tempfile.TemporaryDirectory(prefix="campaign_") as folder:
        path, other = Path(folder) / "file.parquet", Path(folder) / "other.parquet"
        path.write_bytes(content)
        names = [row[0] for row in connection.execute(f"describe select * from '{path}'").fetchall()]
        name = rng.choice(names)
        change = rng.choice(
            (
                f"replace (cast({name} as blob) as {name})",
                f"replace ([{name}] as {name})",
                f"replace ({{'value': {name}}} as {name})",
                f"replace (try_cast({name} as double) as {name})",
                f"replace (try_cast({name} as date) as {name})",
                f"replace (try_cast({name} as timestamptz) as {name})",
                f"replace (try_cast({name} as boolean) as {name})",
                f"replace (try_cast({name} as hugeint) as {name})",
                f"replace (try_cast({name} as decimal(38, 10)) as {name})",
                f"replace (try_cast({name} as smallint) as {name})",
                f"replace (cast({name} as json) as {name})" if name in ("pp0015", "ss00050") else f"exclude ({name})",
                f"replace (null as {name})",
                f"exclude ({name})",
                f"rename ({name} as x)",
                f"replace ({names[0]} as {names[-1]}, {names[-1]} as {names[0]})",
            )
        )
        rows = rng.choice(("", "", "where false"))
        connection.execute(f"copy (select * {change} from '{path}' {rows}) to '{other}' (format parquet)")
        return other.read_bytes()


TEXT = (
    *(cut, noise, zeros, inserted, no_header, header_alone, second_header, comment, footer, other_encoding),
    *(other_value, other_value, other_columns, swapped_columns, fewer_values, other_kind, whole_line_ends),
)
PARQUET = (cut, noise, zeros, inserted, other_kind, other_types, other_types)


def damage(folder: Path, number: int, rng: random.Random) -> tuple[Path, str]:
    """Damages one file of the source. Returns the file and the kind of damage."""
    source, is_text = rng.choice(("population", "health_care")), number % 3 != 0
    path = folder / source / ("part.csv" if is_text else "part.parquet")
    kind = rng.choice(TEXT if is_text else PARQUET)
    content = kind(path.read_bytes(), rng)
    if is_text and rng.random() < 0.15:
        path.unlink()
        path, content = path.with_name("part.csv.gz"), gzip.compress(content)
        if rng.random() < 0.5:
            content = noise(content, rng)
    path.write_bytes(content)
    return path, kind.__name__
