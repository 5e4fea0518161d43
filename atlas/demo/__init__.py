"""Writes a synthetic source: two population lists a year and reimbursed lines, laid out as the input contract asks.

The data is made by the SQL beside this file, which holds every assumption; this module only says which year and which
part of the country is next, so that memory stays small at any size. The result depends on scale, claims per person and
year alone: not on the threads, nor on which other years are made.

Written below the directory, one file of each name a part of the country:

- SYNTHETIC.txt: says that the data is synthetic, and its size.
- population/reference_date=YYYY-06-30/ and -12-31/: part-*, the two lists of a year.
- population/reference_date=YYYY-09-30/: part-*, a few people on a list of a wrong date, which no build may use.
- health_care/service_year=YYYY/: part-*, lines as first delivered; late-*, late lines and corrections; perinatal-*,
  lines around pregnancies.
- health_care/service_year=(first year - 1)/: perinatal-* only, the look-back that makes the first year's prenatal
  tables complete.

Parquet holds typed dates, in which no impossible day can stand: a bad service date is null there, and 30 February in
CSV.
"""

import shutil
import time
from functools import cache
from pathlib import Path

import duckdb

from atlas.lock import check_writable
from atlas.settings import PROJECT_DIR, InputError, Parser, memory_limit, thread_count
from atlas.sql import literal

FOLDER = Path(__file__).resolve().parent
NOTICE_FILE = "SYNTHETIC.txt"  # written first: a folder that holds it may be made again
PEOPLE = 13_700_000  # who lives at some time of the history, at scale 1
PEOPLE_PER_PART = 600_000
FIRST_YEAR, LAST_YEAR = 2006, 2026  # the years that the assumptions cover

# Text can say what a typed date cannot: the impossible dates that Parquet holds as null.
CLAIM_COLUMNS = {
    "parquet": """person_id as ss00010, service_date as ss00015, code as ss00020, cases as ss00050,
        amount_eurocents as ss00060, qualification as ss00065b, institution::integer as ss00075""",
    "csv": """person_id as ss00010,
        coalesce(strftime(service_date, '%Y%m%d'), getvariable('year') || '0230') as ss00015,
        lpad(code::varchar, 6, '0') as ss00020, cases as ss00050, amount_eurocents as ss00060,
        qualification as ss00065b, institution::integer as ss00075""",
}
COPY_OPTIONS = {"parquet": "(format parquet, compression snappy)", "csv": "(format csv, header)"}

NOTICE = """SYNTHETIC DATA

Made by `python -m atlas demo`: no row describes a real person, provider or hospital. National totals were tuned to be
near published Belgian figures; nothing below that level, and no relation between variables,
says anything about Belgium.
Residence and age are drawn from the population by municipality, age and sex on 1 January 2021.
Source: Statbel (CC BY 4.0).
scale: {scale}; claims of no code list a person and year: {claims_per_person}.
"""


def run(connection, file_name):
    """Runs one of the SQL files; its variables are set before."""
    connection.execute(sql(file_name))


@cache
def sql(file_name):
    """The text of a SQL file, read once, so that a change during a long run does not mix."""
    return (FOLDER / file_name).read_text(encoding="utf-8")


def write(connection, query, folder, name, file_format):
    """Writes the rows of a query as one file of the folder, in their order."""
    folder.mkdir(parents=True, exist_ok=True)
    connection.execute(f"copy ({query}) to {literal(folder / f'{name}.{file_format}')} {COPY_OPTIONS[file_format]}")


def clear(directory, year, is_look_back):
    """Removes what an earlier run wrote for the year, so that no file of another size stays behind."""
    if is_look_back:
        for path in (directory / "health_care" / f"service_year={year}").glob("perinatal-*"):
            path.unlink()
        return
    for folder in [
        *(directory / "population").glob(f"reference_date={year}-*"),
        directory / "health_care" / f"service_year={year}",
    ]:
        shutil.rmtree(folder, ignore_errors=True)


def make_part(connection, arguments, year, part, is_look_back):
    """Writes one part of a year's lists and lines; of the look-back year only the lines around pregnancies, all that
    the first year's statistics need.
    """
    population = arguments.directory / "population"
    claims = arguments.directory / "health_care" / f"service_year={year}"
    columns, file_format = CLAIM_COLUMNS[arguments.format], arguments.format
    connection.execute(f"set variable year = {year}")
    run(connection, "5_people_of_year.sql")
    run(connection, "6_claims.sql")
    write(
        connection,
        f"select {columns} from perinatal_line() order by line_number",
        claims,
        f"perinatal-{part:03}",
        file_format,
    )
    if is_look_back:
        return
    for number, day in [(0, f"{year}-06-30"), (1, f"{year}-12-31")]:
        write(
            connection,
            f"from population_list({number}, date '{day}')",
            population / f"reference_date={day}",
            f"part-{part:03}",
            file_format,
        )
    day = f"{year}-09-30"
    write(
        connection,
        f"from misdated_list(date '{day}')",
        population / f"reference_date={day}",
        f"part-{part:03}",
        file_format,
    )
    write(
        connection,
        f"select {columns} from claim_line(false) order by line_number",
        claims,
        f"part-{part:03}",
        file_format,
    )
    write(
        connection,
        f"select {columns} from claim_line(true) order by line_number",
        claims,
        f"late-{part:03}",
        file_format,
    )


def add_arguments(parser):
    """Adds the generator's options to a parser."""
    parser.add_argument("--directory", type=Path, required=True, help="where to write: the value for ATLAS_SOURCE_DIR")
    parser.add_argument("--scale", type=float, default=0.07, help="1 is all of Belgium (default 0.07)")
    parser.add_argument("--first-year", type=int, default=2021)
    parser.add_argument("--last-year", type=int, default=2024)
    parser.add_argument(
        "--claims-per-person",
        type=float,
        default=1.0,
        help="claims of no code list a person and year (default 1; 7 makes more than 100 million claims at scale 1)",
    )
    parser.add_argument("--format", choices=["parquet", "csv"], default="parquet")
    parser.add_argument("--memory-limit", default="4GB")
    parser.add_argument("--threads", type=int, help="default: all cores")


def parse(argv):
    """Returns the options of a list of arguments."""
    parser = Parser(prog="atlas demo")
    add_arguments(parser)
    return parser.parse_args(argv)


def generate(arguments):
    """Writes the source. Raises InputError when the options contradict each other or the directory holds something
    else.
    """
    if not FIRST_YEAR < arguments.first_year <= arguments.last_year <= LAST_YEAR:
        raise InputError(f"--first-year and --last-year must run forward within {FIRST_YEAR + 1} and {LAST_YEAR}.")
    if not 0 < arguments.scale <= 2 or not 0 <= arguments.claims_per_person <= 10:
        raise InputError("--scale must be above 0 and at most 2, --claims-per-person between 0 and 10.")
    memory_limit(arguments.memory_limit, "--memory-limit")
    if arguments.threads is not None:
        thread_count(str(arguments.threads), "--threads")
    values = {name: getattr(arguments, name) for name in ("scale", "claims_per_person")}
    notice, text = arguments.directory / NOTICE_FILE, NOTICE.format(**values)
    if arguments.directory.exists() and any(arguments.directory.iterdir()):
        if not notice.exists():
            raise InputError(
                f"{arguments.directory} holds files that this command did not make (no {NOTICE_FILE}): name an empty "
                "directory."
            )
        if notice.read_text(encoding="utf-8") != text:
            raise InputError(
                f"{arguments.directory} holds a synthetic source of another size (see its {NOTICE_FILE}), whose "
                "people are others: name another directory."
            )
    check_writable(arguments.directory, "directory of the synthetic source", "--directory")
    notice.write_text(text, encoding="utf-8")

    connection = duckdb.connect()
    connection.execute(f"set memory_limit = '{arguments.memory_limit}'")
    connection.execute(f"set temp_directory = {literal(arguments.directory / '.spill')}")
    connection.execute("set enable_progress_bar = false")
    if arguments.threads:
        connection.execute(f"set threads = {arguments.threads}")
    connection.execute(f"set variable seed_directory = {literal(PROJECT_DIR / 'seeds')}")
    connection.execute(f"set variable scale = {arguments.scale}::double")
    connection.execute(f"set variable claims_per_person = {arguments.claims_per_person}::double")
    parts = max(1, round(PEOPLE * arguments.scale / PEOPLE_PER_PART))
    connection.execute(f"set variable parts = {parts}")
    connection.execute(f"set variable first_year = {arguments.first_year - 1}")
    connection.execute(f"set variable last_year = {arguments.last_year}")
    for file_name in ["1_assumptions.sql", "2_country.sql", "3_codes.sql"]:
        run(connection, file_name)

    started = time.monotonic()
    years = range(arguments.first_year - 1, arguments.last_year + 1)
    for year in years:
        clear(arguments.directory, year, is_look_back=year < arguments.first_year)
    for part in range(parts):
        connection.execute(f"set variable part = {part}")
        run(connection, "4_people.sql")
        for year in years:
            make_part(connection, arguments, year, part, is_look_back=year < arguments.first_year)
        print(f"Synthetic source, part {part + 1} of {parts}: {time.monotonic() - started:.0f} s", flush=True)
    connection.close()
    shutil.rmtree(arguments.directory / ".spill", ignore_errors=True)
    print(
        f"Synthetic source of {arguments.first_year} to {arguments.last_year} at scale {arguments.scale:g} is in "
        f"{arguments.directory}"
    )
