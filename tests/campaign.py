"""Damages source files at random and checks what a build does with them: `python tests/campaign.py --cases 300 --seed 1`.

A case is a small source with one damaged file (`damages.py`). It passes when the scan or dbt stops with a message that names the file, or when the models that read the
source run, and staging reads no more claims than were counted. In both cases no planted person id is in the messages, the logs, dbt's artifacts, the list of files or the output.

With `--whole` each case is a whole `python -m atlas build`, some 15 s each. It is refused with exit code 65 and a message that names the file and the remedy and is no text of DuckDB or dbt, and publishes nothing; or it
publishes a release, in no file of which there is a planted id, compressed or not. Where its cells differ from those of the undamaged source, its counts say so: received, rejected, warned or named as not read;
unless the damage is a byte that leaves a possible value, which nobody can see.
`--show` prints the message of each case, for reading.

With `--kills` no file is damaged, and whole builds are killed (`kills.py`).

Prints a line for each case that does not hold, and the number of cases by outcome.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT / "tests" / "pytest"), str(PROJECT)]

import duckdb
import kills
from damages import NUMBERED, PLANTED, damage
from dbt_runs import Atlas, run_dbt

from atlas import source_files
from atlas.settings import InputError

READING = ("run", "--select", "path:models/load", "path:models/staging", "rejected_health_care", "int_claim_count")
NAMES = {name: list(source_files.contract(name)) for name in ("population", "health_care")}
LINES = 40  # of each source
# What the messages of DuckDB, dbt and Python look like.
RAW = re.compile(
    r"Traceback|\b[A-Z]\w+ (Error|Exception):|[A-Z]\w+ Error( in|$)|\bduckdb\.|\bLINE \d|compiled code|\.(py|sql)\b"
)
# What a message tells the operator to do.
REMEDY = re.compile(
    r"\b(Export|Transfer|Rename|Remove|Leave|Add|Give|Save|Move|Correct|Write|Set|export the file again|widen|Bring)\b"
)


def person_of(number: int, *, is_text: bool = True) -> str:
    """Returns a planted person id: it must not be seen."""
    return f"{PLANTED}{number:05d}" if is_text else str(NUMBERED + number)


def row_of(source: str, number: int, year: int, *, is_text: bool = True) -> list[str]:
    """Returns a line of a source: a person is on both lists, and has two claims."""
    person = person_of(number // 2, is_text=is_text)
    if source == "population":
        return [f"{year}-{'06-30' if number % 2 else '12-31'}", person, "1980", "2", "11001", "", "111"]
    return [person, f"{year}0315", "450015", "1", "1000", "130", "71000101"]


def write_source(
    folder: Path,
    year: int = 2022,
    compression: str = "uncompressed",
    *,
    is_text: bool = True,
    name: str = "part",
    lines: int = LINES,
) -> Path:
    """Writes two CSV and two Parquet files, one of each a source. Returns the folder. is_text: of the person ids. name: of the files. lines: of each source."""
    for source, names in NAMES.items():
        rows = [row_of(source, number, year, is_text=is_text) for number in range(lines)]
        place = folder / source
        place.mkdir(parents=True, exist_ok=True)
        text = "\n".join(",".join(row) for row in [names, *rows[: lines // 2]]) + "\n"
        (place / f"{name}.csv").write_text(text, encoding="utf-8")
        values = ", ".join("(" + ", ".join(f"'{value}'" for value in row) + ")" for row in rows[lines // 2 :])
        target = f"'{place}/{name}.parquet' (format parquet, compression {compression})"
        duckdb.sql(f"copy (from (values {values}) as line ({', '.join(names)})) to {target}")
    return folder


def shows_person(content: str | bytes) -> bool:
    """Returns whether a planted id is in a text."""
    text = content if isinstance(content, str) else content.decode("latin-1")
    return PLANTED in text or any(person_of(number, is_text=False) in text for number in range(LINES))


def files_with(output: Path) -> list[str]:
    """Returns the files of an output directory that have a planted id, also compressed, but for the private warehouse."""
    found = []
    for path in output.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.name not in ("warehouse.duckdb", "warehouse.duckdb.wal"):
            if any(map(shows_person, contents_of(path))):
                found.append(str(path.relative_to(output)))
    return found


def contents_of(path: Path) -> list[bytes | str]:
    """Returns the bytes of a file, and what it holds compressed: archives, gzip, Parquet, tables of DuckDB."""
    contents: list[bytes | str] = [path.read_bytes()]
    if path.suffix in (".xlsx", ".zip"):
        with zipfile.ZipFile(path) as archive:
            contents += [archive.read(name) for name in archive.namelist()]
    elif path.suffix == ".gz":
        contents.append(gzip.decompress(contents[0]))
    elif path.suffix == ".parquet":
        contents.append(rows_as_text(duckdb.connect(), f"'{path}'"))
    elif path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as public:
            names = "select distinct table_name from duckdb_columns() where not internal"
            contents += [rows_as_text(public, f'"{name}"') for (name,) in public.execute(names).fetchall()]
    return contents


def rows_as_text(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """Returns the different texts of rows that could have a planted id."""
    some = f"contains(line, '{PLANTED}') or contains(line, '{str(NUMBERED)[:6]}')"
    row = f"(select cast(line as varchar) as line from {table} as line)"
    return "\n".join(line for (line,) in connection.execute(f"select line from {row} where {some} limit 9").fetchall())


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
            return "refused by the scan", "".join(f"{case}: {fault}" for fault in faults_of(str(error), path))
        if not build:
            return "left to dbt", ""
        atlas = run_dbt(source, Path(folder) / "output", *READING, artifacts=True)
        places = ["output"] * shows_person(atlas.log) + files_with(atlas.output)
        if places:
            return "value shown", f"{case}: an id is in {', '.join(places)}"
        if not atlas.ok:
            known = path.name in atlas.log or "No usable year" in atlas.log
            return "refused by dbt", "" if known and "Traceback" not in atlas.log else f"{case}: {atlas.log[-700:]}"
        read, counted = lines_of(atlas)
        return "read", "" if read <= counted else f"{case}: {read} lines read, {counted} counted"


def lines_of(atlas: Atlas) -> tuple[int, int]:
    """Returns how many claims staging reads, and how many were counted."""
    return atlas.query(
        "select (select count(*) from staging.stg_health_care), (select sum(line_count) from source.source_file_year"
        " where source = 'health_care' and load_year in (2021, 2022, 0))"
    )[0]


def faults_of(message: str, path: Path) -> list[str]:
    """Returns what is wrong with a message about a damaged file."""
    faults = []
    if shows_person(message):
        faults.append("shows a person id")
    if path.name not in message and "No usable year" not in message:
        faults.append("names no file")
    if not REMEDY.search(message):
        faults.append("names no remedy")
    if raw := RAW.search(message):
        faults.append(f"is not written for the operator: {raw[0]}")
    return faults and ["; ".join(faults) + f": {message[-900:]}"]


def run_whole_case(number: int, seed: int, *, show: bool = False) -> tuple[str, str]:
    """Runs one case as a whole build. Returns (outcome, what is wrong with it or '')."""
    rng = random.Random(seed * 100_000 + number)
    is_text = number % 2 == 0
    with tempfile.TemporaryDirectory(prefix="campaign_") as folder:
        output = Path(folder) / "output"
        source = write_source(Path(folder) / "source", is_text=is_text)
        path, kind = damage(source, number, rng)
        case = f"case {number} of seed {seed} ({kind}, {path.parent.name}/{path.name})"
        done = build(source, output)
        printed = done.stdout + done.stderr
        if show:
            print(f"--- {case}: exit code {done.returncode}\n{printed}", flush=True)
        places = ["a message"] * shows_person(printed) + files_with(output)
        if places:
            return "value shown", f"{case}: an id is in {', '.join(places)}"
        if done.returncode == 0:
            word = spoken(json.loads((output / "build.json").read_text(encoding="utf-8")))
            with tempfile.TemporaryDirectory(prefix="campaign_") as other:
                cells, whole = cells_of(output), undamaged(Path(other), is_text=is_text)
            silent = cells != whole[0] and word == whole[1] and kind not in ("noise", "inserted")
            return "published", f"{case}: other numbers without a word" if silent else ""
        faults = faults_of(done.stderr, path)
        if done.returncode != os.EX_DATAERR:
            faults.append(f"exit code {done.returncode}: {printed[-700:]}")
        if (output / "release").exists():
            faults.append("something is published")
        return "refused", f"{case}: {'; '.join(faults)}" if faults else ""


def build(source: Path, output: Path) -> subprocess.CompletedProcess:
    """Runs a whole build. Returns the ended process with what it printed."""
    return subprocess.run(
        [sys.executable, "-m", "atlas", "build"],
        cwd=PROJECT,
        env={**os.environ, "ATLAS_SOURCE_DIR": str(source), "ATLAS_OUTPUT_DIR": str(output)},
        capture_output=True,
        text=True,
        check=False,
    )


UNDAMAGED: dict[bool, tuple[list, dict]] = {}


def undamaged(folder: Path, *, is_text: bool) -> tuple[list, dict]:
    """Returns cells and counts of the source without a damage, built once for each kind of person id."""
    if is_text not in UNDAMAGED:
        build(write_source(folder / "source", is_text=is_text), folder / "output")
        document = json.loads((folder / "output" / "build.json").read_text(encoding="utf-8"))
        UNDAMAGED[is_text] = cells_of(folder / "output"), spoken(document)
    return UNDAMAGED[is_text]


def spoken(document: dict) -> dict:
    """Returns what build.json says about the input."""
    keys = ("years", "incomplete_years", "unread_files", "rows", "warnings", "source_warnings")
    return {key: document[key] for key in keys}


def cells_of(output: Path) -> list[tuple]:
    """Returns the counts of a build before suppression."""
    with duckdb.connect(str(output / "warehouse.duckdb"), read_only=True) as private:
        tables = [
            name
            for (name,) in private.execute(
                "select table_name from duckdb_tables() where schema_name = 'intermediate' and table_name like 'int\\_%\\_cell' escape '\\' order by 1"
            ).fetchall()
        ]
        return [
            (name, *row)
            for name in tables
            for row in private.execute(f"select * from intermediate.{name} order by all").fetchall()
        ]


def run(cases: range, seed: int, case: Callable[[int, int], tuple[str, str]]) -> tuple[Counter, list[str]]:
    """Runs cases. Returns the number of cases by outcome, and the sentences of those that do not hold."""
    outcomes, wrong = Counter(), []
    for number in cases:
        outcome, fault = case(number, seed)
        outcomes[outcome] += 1
        if fault:
            print(fault, flush=True)
            wrong.append(fault)
    return outcomes, wrong


def main() -> int:
    """Runs the campaign. Returns 1 when a case does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--whole", action="store_true", help="each case is a whole build")
    parser.add_argument("--show", action="store_true", help="print what each whole build printed")
    parser.add_argument("--kills", type=int, default=0, help="kill this many whole builds instead")
    arguments = parser.parse_args()
    numbers = range(arguments.first, arguments.first + (arguments.kills or arguments.cases))
    if arguments.kills:
        with tempfile.TemporaryDirectory(prefix="campaign_") as folder:
            for year in (2022, 2023):
                write_source(Path(folder) / "source", year, name=f"part_{year}")
            case = partial(kills.run_case, folder=Path(folder), reference=kills.prepare(Path(folder)))
            outcomes, wrong = run(numbers, arguments.seed, case)
    else:
        case = partial(run_whole_case, show=arguments.show) if arguments.whole else run_case
        outcomes, wrong = run(numbers, arguments.seed, case)
    print("\n".join(f"{count:5} {outcome}" for outcome, count in outcomes.most_common()))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
