"""Damages source files at random and checks what a build does with them: `python tests/campaign.py --cases 300 --seed 1`.

A case is a small source with one damaged file. It passes when the scan or dbt stops with a message that names the file, or when the models that read the
source run, and staging reads no more claims than were counted. In both cases no planted person id is in the messages, the logs, dbt's artifacts, the list of files or the output. With
`--whole` each case is a whole `python -m atlas build`, some 15 s each: it is refused with a message and exit code 65 and publishes nothing, or publishes a release, in no text of which there is a planted id. Prints a
line for each case that fails, and the number of cases by outcome.
"""

from __future__ import annotations

import argparse
import gzip
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent / "pytest"), str(Path(__file__).parents[1])]

import duckdb
from dbt_runs import Atlas, run_dbt

from atlas import source_files
from atlas.settings import InputError

PLANTED = "planted"
READING = ("run", "--select", "path:models/load", "path:models/staging", "rejected_health_care", "int_claim_count")
NAMES = {name: list(source_files.contract(name)) for name in ("population", "health_care")}


def row_of(source: str, number: int, year: int) -> list[str]:
    """Returns a line of a source; its person id says that it must not be seen."""
    person = f"{PLANTED}{number:05d}"
    if source == "population":
        return [f"{year}-{'06-30' if number % 2 else '12-31'}", person, "1980", "2", "11001", "", "111"]
    return [person, f"{year}0315", "450015", "1", "1000", "130", "71000101"]


def write_source(folder: Path, year: int = 2022, compression: str = "uncompressed") -> Path:
    """Writes two CSV and two Parquet files, one of each a source. Returns the folder."""
    for source, names in NAMES.items():
        rows = [row_of(source, number, year) for number in range(40)]
        place = folder / source
        place.mkdir(parents=True)
        text = "\n".join(",".join(row) for row in [names, *rows[:20]]) + "\n"
        (place / "part.csv").write_text(text, encoding="utf-8")
        values = ", ".join("(" + ", ".join(f"'{value}'" for value in row) + ")" for row in rows[20:])
        target = f"'{place}/part.parquet' (format parquet, compression {compression})"
        duckdb.sql(f"copy (from (values {values}) as line ({', '.join(names)})) to {target}")
    return folder


def cut(content: bytes, rng: random.Random) -> bytes:
    """Loses the end."""
    return content[: rng.randrange(len(content))]


def noise(content: bytes, rng: random.Random) -> bytes:
    """Overwrites a place with random bytes."""
    place, size = rng.randrange(len(content)), rng.choice((1, 2, 8, 64))
    return content[:place] + rng.randbytes(size) + content[place + size :]


def inserted(content: bytes, rng: random.Random) -> bytes:
    """Inserts what breaks text: separators, quotes, line ends, zero bytes, bytes of other encodings."""
    place = rng.randrange(len(content))
    piece = rng.choice(
        (b",", b",,,,", b'"', b"'", b"\n", b"\r", b"\0", b"\xe9", b"\xff\xfe", b"\xef\xbb\xbf", b"\t", b";" * 9)
    )
    return content[:place] + piece + content[place:]


def no_header(content: bytes, rng: random.Random) -> bytes:
    """Loses the first line."""
    return content.split(b"\n", 1)[1]


def comment(content: bytes, rng: random.Random) -> bytes:
    """Has a line of a person above the header."""
    return b"# " + content.split(b"\n")[1] + b"\n" + content


def other_encoding(content: bytes, rng: random.Random) -> bytes:
    """Is in another encoding, some of which are accepted."""
    text = content.decode("utf-8").replace("1000", "é1000")
    return text.encode(rng.choice(("latin-1", "utf-16", "utf-16-le", "utf-32", "cp037", "cp1252")))


def other_value(content: bytes, rng: random.Random) -> bytes:
    """Has a value that is no number, date or code."""
    old, new = rng.choice(
        (
            (b"1980", b"=cmd|' /C calc'!A0"),
            (b"0315", b"1399"),
            (b"20220315", b"03/04/2022"),
            (b"2022-06-30", b"30/06/2022"),
            (b",1,", b",9223372036854775807,"),
            (b"450015", b"99999999999999999999"),
            (b"71000101", f"{PLANTED}00001".encode()),
            (PLANTED.encode(), b"\t"),
        )
    )
    return content.replace(old, new)


def other_columns(content: bytes, rng: random.Random) -> bytes:
    """Has columns of other names, a column twice, or another separator."""
    header, rest = content.split(b"\n", 1)
    names = header.split(b",")
    place = rng.randrange(len(names))
    names[place] = rng.choice((b"", b"x", names[place - 1].upper(), b'"' + names[place], b"\xe9"))
    return rng.choice((b",", b";", b"|")).join(names) + b"\n" + rest


TEXT_DAMAGES = (cut, noise, inserted, no_header, comment, other_encoding, other_value, other_columns)
PARQUET_DAMAGES = (cut, noise, inserted)


def damage(folder: Path, number: int, rng: random.Random) -> tuple[Path, str]:
    """Damages one file of the source. Returns the file and the kind of damage."""
    source, is_text = rng.choice(list(NAMES)), number % 3 != 0
    path = folder / source / ("part.csv" if is_text else "part.parquet")
    kind = rng.choice(TEXT_DAMAGES if is_text else PARQUET_DAMAGES)
    content = kind(path.read_bytes(), rng)
    if is_text and rng.random() < 0.15:
        path.unlink()
        path, content = path.with_name("part.csv.gz"), gzip.compress(content)
        if rng.random() < 0.5:
            content = noise(content, rng)
    path.write_bytes(content)
    return path, kind.__name__


def shown(atlas: Atlas, printed: str) -> list[str]:
    """Returns the places outside the warehouse where a planted id can be read."""
    places = ["output"] if PLANTED in atlas.log or PLANTED in printed else []
    return places + files_with(atlas.output)


def files_with(output: Path) -> list[str]:
    """Returns the files of an output directory that have a planted id, but for the private warehouse."""
    return [
        str(path.relative_to(output))
        for path in output.rglob("*")
        if path.is_file() and path.name != "warehouse.duckdb" and PLANTED.encode() in path.read_bytes()
    ]


def run_case(number: int, seed: int, *, build: bool = True) -> tuple[str, str]:
    """Runs one case. Returns (outcome, what is wrong with it or ''). build: go on to dbt where the scan finds no fault."""
    rng = random.Random(seed * 100_000 + number)
    with tempfile.TemporaryDirectory(prefix="campaign_") as folder:
        source = write_source(Path(folder) / "source")
        path, kind = damage(source, number, rng)
        case = f"case {number} ({kind}, {path.parent.name}/{path.name})"
        try:
            source_files.scan(source, Path(folder) / "copies")
        except InputError as error:
            text = str(error)
            wrong = (
                f"{case}: shows a value" if PLANTED in text else "" if path.name in text else f"{case}: no file named"
            )
            return "refused by the scan", wrong
        if not build:
            return "left to dbt", ""
        atlas = run_dbt(source, Path(folder) / "output", *READING, artifacts=True)
        if places := shown(atlas, ""):
            return "value shown", f"{case}: an id is in {', '.join(places)}"
        if not atlas.ok:
            known = path.name in atlas.log or "No usable year" in atlas.log
            return "refused by dbt", "" if known and "Traceback" not in atlas.log else f"{case}: {atlas.log[-700:]}"
        balance = (
            "select (select sum(line_count) from source.source_file_year where source = 'health_care' and load_year in (2021, 2022, 0)),"
            " (select count(*) from staging.stg_health_care)"
        )
        counted, read = atlas.query(balance)[0]
        return "read", "" if read <= counted else f"{case}: {read} lines read, {counted} counted"


def run_whole_case(number: int, seed: int) -> tuple[str, str]:
    """Runs one case as a whole build. Returns (outcome, what is wrong with it or '')."""
    rng = random.Random(seed * 100_000 + number)
    with tempfile.TemporaryDirectory(prefix="campaign_") as folder:
        output = Path(folder) / "output"
        source = write_source(Path(folder) / "source")
        path, kind = damage(source, number, rng)
        case = f"case {number} ({kind}, {path.parent.name}/{path.name})"
        done = subprocess.run(
            [sys.executable, "-m", "atlas", "build"],
            cwd=Path(__file__).parents[1],
            env={**os.environ, "ATLAS_SOURCE_DIR": str(source), "ATLAS_OUTPUT_DIR": str(output)},
            capture_output=True,
            text=True,
            check=False,
        )
        printed = done.stdout + done.stderr
        places = ["a message"] * (PLANTED in printed) + files_with(output)
        if done.returncode == 0:
            with duckdb.connect(str(output / "atlas.duckdb"), read_only=True) as public:
                places += [f"table {name}" for name in tables_with(public)]
        if places:
            return "value shown", f"{case}: an id is in {', '.join(places)}"
        if done.returncode == 0:
            return "published", ""
        refused = done.returncode == os.EX_DATAERR and "Traceback" not in printed and not (output / "release").exists()
        return "refused", "" if refused else f"{case}: exit code {done.returncode}: {printed[-700:]}"


def tables_with(public: duckdb.DuckDBPyConnection) -> list[str]:
    """Returns the tables of the public database that have a planted id in a column of texts."""
    found = []
    for (name,) in public.execute("select distinct table_name from duckdb_columns() where not internal").fetchall():
        row = f'(select cast(line as varchar) as line from "{name}" as line)'
        if public.execute(f"select count(*) from {row} where contains(line, '{PLANTED}')").fetchone()[0]:
            found.append(name)
    return found


def run(cases: int, seed: int, case: Callable[[int, int], tuple[str, str]]) -> tuple[Counter, list[str]]:
    """Runs cases 0 to `cases` - 1. Returns the number of cases by outcome, and the sentences of those that do not hold."""
    outcomes, wrong = Counter(), []
    for number in range(cases):
        outcome, fault = case(number, seed)
        outcomes[outcome] += 1
        wrong += [fault] if fault else []
    return outcomes, wrong


def main() -> int:
    """Runs the campaign. Returns 1 when a case does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--whole", action="store_true", help="each case is a whole build")
    arguments = parser.parse_args()
    outcomes, wrong = run(arguments.cases, arguments.seed, case=run_whole_case if arguments.whole else run_case)
    print("\n".join([*wrong, *(f"{count:5} {outcome}" for outcome, count in outcomes.most_common())]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
