"""A second, independent computation of the published tables, to compare the warehouse with.

Plain Python that follows the definitions (their sections are cited) sentence by sentence and shares no code with the SQL models, so that a mistake in one of the two shows as a
difference. It reads the project's seeds for facts (code lists, geography), never for rules: windows, priorities, age categories, residence codes and the
measures are spelled out here a second time on purpose. Made for a few thousand persons; everything is kept in memory. Nothing is masked here: build the warehouse with
`small_cell_threshold: 0` before comparing (see compare.py).
"""

import csv
import gzip
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import product
from pathlib import Path

import duckdb

COUNTRY = "01000"

# Section 7: number of the pair of a cube and a stat -> source variable and measure.
IMAGING_STATISTICS = {
    "013_003": ("IMAG_RAD", "share"),
    "013_004": ("IMAG_RAD", "volume"),
    "013_005": ("IMAG_DENTIST", "share"),
    "013_006": ("IMAG_DENTIST", "volume"),
    "013_007": ("IMAG_SPEC", "share"),
    "013_008": ("IMAG_SPEC", "volume"),
    "013_013": ("IMAG_CT", "share"),
    "013_014": ("IMAG_CT", "volume"),
    "013_023": ("IMAG_THERA", "share"),
    "013_024": ("IMAG_THERA", "volume"),
}
IMAGING_LISTS = tuple(dict.fromkeys(name for name, _ in IMAGING_STATISTICS.values()))
BY_WHOM = {"radiologist": "IMAG_RAD", "dentist": "IMAG_DENTIST", "specialist": "IMAG_SPEC"}
# Section 6 (card): priority among deliveries of one day is the order of this list.
DELIVERY_LISTS = ("DELIVERY_CAESAREAN", "DELIVERY_VAGINAL_HOSPITAL", "DELIVERY_HOME")
CAESAREAN = "DELIVERY_CAESAREAN"
# Section 6 (card): type of act -> its list and how many days before the delivery it may lie.
PRENATAL_ACTS = {
    "ultrasound": ("PRENATAL_ULTRASOUND", 280),
    "invasive": ("PRENATAL_INVASIVE", 280),
    "cardiotocography": ("PRENATAL_CTG", 15),
}
SAME_DELIVERY_DAYS = 30
# No card: an ambulatory contact with a midwife on day 1 to 42 after the delivery.
MIDWIFE, POSTNATAL_DAYS = "MIDWIFE_POSTNATAL", range(1, 43)
OLDEST_AGE = 125

DECENNIAL_AGES = tuple(f"{low}-{low + 9}" for low in range(0, 90, 10)) + ("90+",)
MATERNAL_AGES = ("<20", "20-24", "25-29", "30-34", "35-39", "40+")

FIRST_YEAR = {"cube_013": 2015, "stat_013": 2006, "cube_007": 2006}
FIRST_SECTOR_YEAR = 2016

AGE, REIMBURSEMENT, TYPE = "age_category", "increased_reimbursement", "procedure_type"
FILTERS = {"cube_013": (AGE,), "stat_013": ()}
FILTERS_007 = {
    "cube_007_001a_denom": (AGE, REIMBURSEMENT),
    "cube_007_005a": (AGE, REIMBURSEMENT, TYPE),
    "cube_007_005b": (TYPE,),
    "cube_007_006a": (AGE, REIMBURSEMENT),
    "cube_007_006b": (),
    "cube_007_009a": (AGE, REIMBURSEMENT),
}


def table_filters() -> dict[str, tuple[str, ...]]:
    """The tables of section 7 and their filter columns, in order."""
    tables = {}
    for number in IMAGING_STATISTICS:
        for kind in ("cube", "stat"):
            tables[f"{kind}_{number}"] = FILTERS[f"{kind}_013"]
    return tables | FILTERS_007


class CodeYoungerThanVintage(Exception):
    """Section 4: a residence code that came after the vintage asked for cannot be carried back; the build has to stop."""


# ---------------------------------------------------------------------------------------------------------------------------------------
# Values as they arrive (section 1)
# ---------------------------------------------------------------------------------------------------------------------------------------


def as_text(value) -> str | None:
    """Text of any value; an empty text is no value (a CSV file cannot tell the two apart)."""
    if value is None or str(value) == "":
        return None
    return str(value)


def as_number(value) -> int | None:
    """Whole number of an integer or a text; a text that is no number is null (section 2)."""
    if value is None or isinstance(value, int):
        return value
    return int(value) if re.fullmatch(r"[+-]?[0-9]+", str(value)) else None


def as_date(value) -> date | None:
    """Calendar date of a date, of yyyymmdd as integer or text, or of the ISO text a CSV file holds for a date; else null."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    digits = re.fullmatch(r"([0-9]{4})(-?)([0-9]{2})\2([0-9]{2})", str(value))
    if not digits:
        return None
    try:
        return date(int(digits[1]), int(digits[3]), int(digits[4]))
    except ValueError:
        return None


def as_nomenclature_code(value) -> str | None:
    """Section 2: six digits after left-padding with zeros, the last one equal to the first five modulo 7; else null."""
    digits = "" if value is None else str(value)
    if not re.fullmatch(r"[0-9]{1,6}", digits):
        return None
    digits = digits.zfill(6)
    return digits if int(digits[:5]) % 7 == int(digits[5]) else None


def read_rows(directory: Path) -> list[dict]:
    """Every row of every Parquet, CSV and .csv.gz file below a directory; hive folders (`column=value/`) fill columns that the file itself lacks."""
    rows = []
    connection = duckdb.connect(config={"threads": 1})
    for path in sorted(p for p in Path(directory).rglob("*") if p.is_file()):
        folders = [part.split("=", 1) for part in path.relative_to(directory).parts[:-1] if "=" in part]
        partition = {name.lower(): None if value == "__HIVE_DEFAULT_PARTITION__" else value for name, value in folders}
        if path.name.endswith(".parquet"):
            relation = connection.execute("select * from read_parquet(?, hive_partitioning = false)", [str(path)])
            names = [column[0].lower() for column in relation.description]
            records = [dict(zip(names, values, strict=False)) for values in relation.fetchall()]
        elif path.name.endswith((".csv", ".csv.gz")):
            opener = gzip.open if path.name.endswith(".gz") else open
            with opener(path, "rt", encoding="utf-8", newline="") as lines:
                delimiter = ";" if ";" in lines.readline() else ","
                lines.seek(0)
                records = [
                    {k.lower(): v or None for k, v in row.items()} for row in csv.DictReader(lines, delimiter=delimiter)
                ]
        else:
            continue
        year = {"folder_year": partition.get("service_year")}
        rows.extend(partition | record | year for record in records)
    return rows


# ---------------------------------------------------------------------------------------------------------------------------------------
# Accepted and rejected rows (section 2)
# ---------------------------------------------------------------------------------------------------------------------------------------


@dataclass
class Claim:
    person: str
    day: date
    code: str
    cases: int
    institution: int | None
    qualification: str | None = None
    amount: int | None = None
    is_late: bool = False  # in the folder of another year


@dataclass
class Source:
    """Accepted rows of both sources, and how many rows had which disposition: `dispositions[source, year or None, reason or 'accepted']`."""

    population: dict[tuple[str, date], dict] = field(default_factory=dict)
    claims: list[Claim] = field(default_factory=list)
    dispositions: Counter = field(default_factory=Counter)


def population_reason(row: dict) -> str | None:
    """Section 2: the first reason, apart from `duplicate`, to reject a population row."""
    listed = as_date(row["reference_date"])
    born = as_number(row["pp0015"])
    if as_text(row["pp0010"]) is None:
        return "missing_person_id"
    if listed is None or (listed.month, listed.day) not in ((6, 30), (12, 31)):
        return "invalid_reference_date"
    if born is None or born > listed.year or listed.year - born > OLDEST_AGE:
        return "invalid_birth_year"
    return None


def tie_break(row: dict) -> tuple:
    """Section 2: order of duplicates; pp0025, pp0015 and pp0020 as numbers, the others as text, nulls last in each."""
    values = (
        as_number(row["pp0025"]),
        as_text(row["pp0055"]),
        as_text(row["pp0030"]),
        as_number(row["pp0015"]),
        as_number(row["pp0020"]),
    )
    return tuple((value is None, value) for value in values)


def claim_reason(row: dict) -> str | None:
    """Section 2: the first reason to reject a health care line."""
    if as_text(row["ss00010"]) is None:
        return "missing_person_id"
    if as_date(row["ss00015"]) is None:
        return "invalid_service_date"
    if as_nomenclature_code(row["ss00020"]) is None:
        return "invalid_nomenclature_code"
    if not as_number(row["ss00050"]):
        return "invalid_case_count"
    return None


def read_source(source_dir) -> Source:
    """Reads both sources and applies the rules of section 2."""
    source = Source()
    lists = defaultdict(list)
    for row in read_rows(Path(source_dir) / "population"):
        listed, reason = as_date(row["reference_date"]), population_reason(row)
        if reason:
            source.dispositions["population", listed and listed.year, reason] += 1
        else:
            lists[as_text(row["pp0010"]), listed].append(row)
    for key, rows in lists.items():
        source.population[key] = min(rows, key=tie_break)
        source.dispositions["population", key[1].year, "accepted"] += 1
        if len(rows) > 1:
            source.dispositions["population", key[1].year, "duplicate"] += len(rows) - 1
    for row in read_rows(Path(source_dir) / "health_care"):
        day, reason = as_date(row["ss00015"]), claim_reason(row)
        source.dispositions["health_care", day and day.year, reason or "accepted"] += 1
        if not reason:
            source.claims.append(
                Claim(
                    as_text(row["ss00010"]),
                    day,
                    as_nomenclature_code(row["ss00020"]),
                    as_number(row["ss00050"]),
                    as_number(row["ss00075"]),
                    as_text(row["ss00065b"]) and as_text(row["ss00065b"]).zfill(3),
                    as_number(row["ss00060"]),
                    row["folder_year"] not in (None, str(day.year)),
                )
            )
    return source


# ---------------------------------------------------------------------------------------------------------------------------------------
# Facts: code lists and geography
# ---------------------------------------------------------------------------------------------------------------------------------------


def read_seed(seeds_dir, name: str) -> list[dict]:
    """Rows of one seed, in any folder below the seeds folder."""
    (path,) = Path(seeds_dir).rglob(f"{name}.csv")
    with open(path, encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


class CodeLists:
    """Section 5: which lists a code belongs to on a date; a list row's dates are inclusive, null is open."""

    def __init__(self, seeds_dir):
        self.members = defaultdict(list)
        for row in read_seed(seeds_dir, "code_list_member"):
            self.members[row["code"]].append(
                (row["list_code"], as_date(row["valid_from"]) or date.min, as_date(row["valid_to"]) or date.max)
            )

    def of(self, code: str, day: date) -> set[str]:
        return {name for name, first, last in self.members.get(code, ()) if first <= day <= last}


class Geography:
    """Section 4: residence codes, the crosswalk to one vintage, and the units of that vintage."""

    def __init__(self, seeds_dir, vintage: int):
        self.vintage = vintage
        municipalities = {row["nis_code"]: row for row in read_seed(seeds_dir, "geo_municipality")}
        self.known_codes = set(municipalities)
        self.steps = {
            row["old_nis"]: row["new_nis"]
            for row in read_seed(seeds_dir, "geo_crosswalk")
            if row["old_nis"] != row["new_nis"] and as_date(row["effective_date"]) <= date(vintage, 1, 1)
        }
        day = date(vintage, 1, 1)
        self.municipalities = {
            code: row
            for code, row in municipalities.items()
            if as_date(row["valid_from"]) <= day <= as_date(row["valid_to"])
        }
        # A sector may be in several lists; it is known in each municipality that a list puts it in.
        self.sector_homes = defaultdict(set)
        for row in read_seed(seeds_dir, "geo_sector"):
            for column in ("nis_2011", "nis_2021"):
                home = self.carry_forward(row[column])
                if home in self.municipalities:
                    self.sector_homes[row["sector_code"]].add(home)

    def carry_forward(self, code: str) -> str:
        """Follows the crosswalk up to the vintage, as many steps as needed."""
        while code in self.steps:
            code = self.steps[code]
        return code

    def read_residence(self, value) -> str:
        """'unknown', 'abroad' or the municipality's code in the vintage (IMA's own rule for PP0025)."""
        number = as_number(value)
        if number is None or number < 100 or number in (995, 999) or number > 93999:
            return "unknown"
        if number < 1000:
            return "abroad"
        code = f"{number:05d}"
        if code not in self.known_codes:
            return "unknown"
        code = self.carry_forward(code)
        if code not in self.municipalities:
            raise CodeYoungerThanVintage(f"code {number} is younger than vintage {self.vintage}")
        return code

    def read_sector(self, value, municipality: str) -> str | None:
        """The sector, if a sector list puts it in this municipality; a sector code's first digits say nothing."""
        sector = as_text(value)
        return sector if municipality in self.sector_homes.get(sector, ()) else None

    def units_of(self, municipality: str | None, sector: str | None) -> list[tuple[str, str]]:
        """The units a person counts in; without known address, Belgium alone."""
        units = [("country", COUNTRY)]
        if municipality:
            row = self.municipalities[municipality]
            units += [
                ("region", row["region_nis"]),
                ("province", row["province_nis"]),
                ("arrondissement", row["arrondissement_nis"]),
                ("municipality", municipality),
            ]
        if sector:
            units.append(("statistical_sector", sector))
        return units

    def all_units(self) -> list[tuple[str, str]]:
        """Every unit of the vintage from country to municipality."""
        return sorted({unit for code in self.municipalities for unit in self.units_of(code, None)})


# ---------------------------------------------------------------------------------------------------------------------------------------
# People (sections 3 and 4)
# ---------------------------------------------------------------------------------------------------------------------------------------


@dataclass
class Beneficiary:
    age: int
    increased_reimbursement: str
    municipality: str | None
    sector: str | None


def beneficiary(year: int, june: dict | None, december: dict | None, geography: Geography) -> Beneficiary | None:
    """One person of one year from the rows of the two lists; None for a person who lives abroad on the date that decides."""
    newest_first = [row for row in (december, june) if row is not None]

    # Section 4: December where known, else June; abroad is a known answer. The sector comes from the same row.
    municipality = sector = None
    for row in newest_first:
        residence = geography.read_residence(row["pp0025"])
        if residence == "abroad":
            return None
        if residence != "unknown":
            municipality, sector = residence, geography.read_sector(row["pp0055"], residence)
            break

    # Section 3: the December row where the attribute is known, else June; an accepted row always has a year of birth.
    age = year - as_number(newest_first[0]["pp0015"])
    insurability = [as_text(row["pp0030"]) for row in newest_first]
    known = [code for code in insurability if code and re.fullmatch(r"[0-9]{3}", code)]
    increased = "yes" if known and known[0][-1] == "1" else "no"
    return Beneficiary(age, increased, municipality, sector)


def beneficiaries_of(year: int, source: Source, geography: Geography) -> dict[str, Beneficiary]:
    """Section 3: everybody with an accepted row of 30 June or 31 December of the year, without those abroad."""
    june_list, december_list = date(year, 6, 30), date(year, 12, 31)
    persons = {person for person, listed in source.population if listed in (june_list, december_list)}
    found = {}
    for person in persons:
        row = beneficiary(
            year, source.population.get((person, june_list)), source.population.get((person, december_list)), geography
        )
        if row:
            found[person] = row
    return found


def decennial_age(age: int) -> str:
    return DECENNIAL_AGES[min(age // 10, 9)]


def maternal_age(age: int) -> str:
    return MATERNAL_AGES[0] if age < 20 else MATERNAL_AGES[min((age - 15) // 5, 5)]


def years_with_claims(source: Source) -> set[int]:
    """Section 7: late lines count in their year, and are not the claims of a year when they are alone."""
    return {claim.day.year for claim in source.claims if not claim.is_late}


def years_followed(source: Source, code_lists: CodeLists) -> set[int]:
    """Years whose deliveries can be followed to the end of the postnatal window: the year after has claims, and a perinatal one on 11 February or later."""
    perinatal = {*DELIVERY_LISTS, MIDWIFE, *(name for name, _ in PRENATAL_ACTS.values())}
    seen = {
        claim.day.year - 1
        for claim in source.claims
        if (claim.day - date(claim.day.year - 1, 12, 31)).days >= max(POSTNATAL_DAYS)
        and code_lists.of(claim.code, claim.day) & perinatal
    }
    return seen & {year - 1 for year in years_with_claims(source)}


def years_built(source: Source, first: int | None, last: int | None, publication_date: date | None) -> list[int]:
    """Section 7: every year with both lists and claims, narrowed by the variables and the publication rule; a gap between them is not built."""
    lists = {listed for _, listed in source.population}
    claim_years = years_with_claims(source)
    complete = [year for year in claim_years if {date(year, 6, 30), date(year, 12, 31)} <= lists]
    low, high = first or 0, last or 9999
    if publication_date is not None:
        high = min(high, publication_date.year - (2 if publication_date.month >= 10 else 3))
    return sorted(year for year in complete if low <= year <= high)


# ---------------------------------------------------------------------------------------------------------------------------------------
# Imaging (section 5) and deliveries (section 6)
# ---------------------------------------------------------------------------------------------------------------------------------------


def imaging_use(
    source: Source, code_lists: CodeLists, performers: dict[str, str] | None = None
) -> dict[tuple[int, str], dict[str, int]]:
    """Exams per (year, list) and person: the sum of the case counts, corrections included, never below 0.

    performers: group by qualification. With it (`performer_from: qualification`), a known qualification says by whom.
    """
    exams = defaultdict(Counter)
    for claim in source.claims:
        lists = code_lists.of(claim.code, claim.day) & set(IMAGING_LISTS)
        group = (performers or {}).get(claim.qualification, "unknown")
        if group != "unknown" and lists & set(BY_WHOM.values()):
            lists = (lists - set(BY_WHOM.values())) | ({BY_WHOM[group]} if group in BY_WHOM else set())
        for name in lists:
            exams[claim.day.year, name][claim.person] += claim.cases
    return {key: {person: max(count, 0) for person, count in counts.items()} for key, counts in exams.items()}


def lines_without_reimbursement(source: Source, code_lists: CodeLists) -> Counter:
    """Section 2: by year, accepted lines of a list with positive cases and a reimbursed amount of zero or less."""
    return Counter(
        claim.day.year
        for claim in source.claims
        if claim.cases > 0 and claim.amount is not None and claim.amount <= 0 and code_lists.of(claim.code, claim.day)
    )


@dataclass
class Delivery:
    person: str
    day: date
    kind: str
    hospital: int | None
    acts: Counter = field(default_factory=Counter)
    has_contact: bool = False


def delivery_days(source: Source, code_lists: CodeLists) -> dict[str, list[Delivery]]:
    """Per person, in order of time, the days with a delivery claim (net cases of a code above 0), each with the kind that has priority.

    The hospital is the smallest on the lines of the day's claims of that kind; the lines of a code that was cancelled altogether are no claim.
    """
    net = Counter()
    institutions = defaultdict(set)
    for claim in source.claims:
        for kind in code_lists.of(claim.code, claim.day) & set(DELIVERY_LISTS):
            line = claim.person, claim.day, claim.code, kind
            net[line] += claim.cases
            if claim.institution is not None:
                institutions[line].add(claim.institution)
    kinds, hospitals = defaultdict(set), defaultdict(set)
    for line, cases in net.items():
        person, day, _, kind = line
        if cases > 0:
            kinds[person, day].add(kind)
            hospitals[person, day, kind] |= institutions[line]
    days = defaultdict(list)
    for person, day in sorted(kinds):
        kind = min(kinds[person, day], key=DELIVERY_LISTS.index)
        days[person].append(Delivery(person, day, kind, min(hospitals[person, day, kind], default=None)))
    return days


def deliveries(source: Source, code_lists: CodeLists) -> list[Delivery]:
    """Deliveries over the whole history, with their prenatal acts.

    A day that is 30 days or less after the previous delivery claim's day, kept or not, belongs to the same delivery.
    """
    kept = defaultdict(list)
    for person, days in delivery_days(source, code_lists).items():
        previous = None
        for candidate in days:
            if previous is None or candidate.day - previous > timedelta(days=SAME_DELIVERY_DAYS):
                kept[person].append(candidate)
            previous = candidate.day

    for claim in source.claims:
        lists = code_lists.of(claim.code, claim.day)
        for kind, (name, window) in PRENATAL_ACTS.items():
            if name in lists:
                following = [delivery for delivery in kept[claim.person] if delivery.day >= claim.day]
                if following and following[0].day - timedelta(days=window) <= claim.day:
                    following[0].acts[kind] += claim.cases

    contacts = Counter()
    for claim in source.claims:
        if claim.institution is None and MIDWIFE in code_lists.of(claim.code, claim.day):
            contacts[claim.person, claim.day, claim.code] += claim.cases
    for (person, day, _), cases in contacts.items():
        for delivery in kept[person] if cases > 0 and person in kept else ():
            delivery.has_contact |= (day - delivery.day).days in POSTNATAL_DAYS

    found = [delivery for person in kept for delivery in kept[person]]
    for delivery in found:
        for kind in delivery.acts:
            delivery.acts[kind] = max(delivery.acts[kind], 0)
        delivery.acts["total"] = sum(delivery.acts[kind] for kind in PRENATAL_ACTS)
    return found


# ---------------------------------------------------------------------------------------------------------------------------------------
# Tables (section 7)
# ---------------------------------------------------------------------------------------------------------------------------------------


def rate(numerator: int, denominator: int, per: int) -> tuple[int, int, float | None]:
    """Numerator, denominator and value = numerator / (denominator / per); no value for an empty cell."""
    return numerator, denominator, numerator * per / denominator if denominator else None


def imaging_tables(year, people, exams, geography, tables):
    """Adds one year of the 20 imaging tables."""
    persons, patients, volumes = Counter(), defaultdict(Counter), defaultdict(Counter)
    for person, row in people.items():
        counts = {name: exams.get((year, name), {}).get(person, 0) for name in IMAGING_LISTS}
        for cell in product(geography.units_of(row.municipality, row.sector), (decennial_age(row.age), "total")):
            persons[cell] += 1
            for name, count in counts.items():
                patients[name][cell] += count >= 1
                volumes[name][cell] += count
    units = geography.all_units()
    sectors = sorted({unit for unit, _ in persons if unit[0] == "statistical_sector"})
    for number, (name, measure) in IMAGING_STATISTICS.items():
        numerators, per = (patients[name], 100) if measure == "share" else (volumes[name], 1000)
        if year >= FIRST_YEAR["cube_013"]:
            for unit, age in product(units, (*DECENNIAL_AGES, "total")):
                tables[f"cube_{number}"][year, *unit, age] = rate(numerators[unit, age], persons[unit, age], per)
        if year >= FIRST_YEAR["stat_013"]:
            for unit in units + (sectors if year >= FIRST_SECTOR_YEAR else []):
                tables[f"stat_{number}"][year, *unit] = rate(numerators[unit, "total"], persons[unit, "total"], per)


def delivery_tables(year, people, all_deliveries, with_prenatal, with_postnatal, geography, tables):
    """Adds one year of the six tables on deliveries; those on prenatal acts only when the year before has claims, that on postnatal contacts only when those of the year after reach 11 February."""
    if year < FIRST_YEAR["cube_007"]:
        return
    number, caesareans, acts, without = Counter(), Counter(), Counter(), Counter()
    hospitals = set()
    for delivery in all_deliveries:
        row = people.get(delivery.person)
        if delivery.day.year != year or row is None:
            continue
        cells = list(
            product(
                geography.units_of(row.municipality, None),
                (maternal_age(row.age), "total"),
                (row.increased_reimbursement, "total"),
            )
        )
        if delivery.hospital is not None:
            hospital = ("hospital", str(delivery.hospital))
            hospitals.add(hospital)
            cells += [hospital, "all with a hospital"]
        for cell in cells:
            number[cell] += 1
            caesareans[cell] += delivery.kind == CAESAREAN
            without[cell] += not delivery.has_contact
            for kind in (*PRENATAL_ACTS, "total"):
                acts[cell, kind] += delivery.acts[kind]

    for unit, age, increased in product(geography.all_units(), (*MATERNAL_AGES, "total"), ("yes", "no", "total")):
        cell, key = (unit, age, increased), (year, *unit, age, increased)
        tables["cube_007_001a_denom"][key] = (number[cell], None, float(number[cell]))
        tables["cube_007_006a"][key] = rate(caesareans[cell], number[cell], 100)
        if with_postnatal:
            tables["cube_007_009a"][key] = rate(without[cell], number[cell], 100)
        if with_prenatal:
            for kind in (*PRENATAL_ACTS, "total"):
                tables["cube_007_005a"][*key, kind] = rate(acts[cell, kind], number[cell], 1)
    for unit in (("country", COUNTRY), *sorted(hospitals)):
        cell = "all with a hospital" if unit[0] == "country" else unit
        tables["cube_007_006b"][year, *unit] = rate(caesareans[cell], number[cell], 100)
        if with_prenatal:
            for kind in (*PRENATAL_ACTS, "total"):
                tables["cube_007_005b"][year, *unit, kind] = rate(acts[cell, kind], number[cell], 1)


def expected_tables(
    source_dir,
    seeds_dir,
    geography_vintage: int = 2025,
    first: int | None = None,
    last: int | None = None,
    publication_date: date | None = None,
    performer_from: str = "article",
) -> dict[str, dict[tuple, tuple[int, int | None, float | None]]]:
    """All tables, unmasked: table -> (reference_year, geo_level, geo_code, *filters) -> (numerator, denominator, value).

    `geography_vintage`, `first`, `last`, `publication_date` and `performer_from` are the project's variables of (nearly) these names.
    Raises CodeYoungerThanVintage where the build has to stop.
    """
    source, code_lists, geography = (
        read_source(source_dir),
        CodeLists(seeds_dir),
        Geography(seeds_dir, geography_vintage),
    )
    for row in source.population.values():
        geography.read_residence(row["pp0025"])
    groups = {row["qualification"]: row["performer_group"] for row in read_seed(seeds_dir, "provider_qualification")}
    exams = imaging_use(source, code_lists, groups if performer_from == "qualification" else None)
    all_deliveries = deliveries(source, code_lists)
    claim_years, followed = years_with_claims(source), years_followed(source, code_lists)
    tables = {name: {} for name in table_filters()}
    for year in years_built(source, first, last, publication_date):
        people = beneficiaries_of(year, source, geography)
        imaging_tables(year, people, exams, geography, tables)
        windows = (year - 1 in claim_years, year in followed)
        delivery_tables(year, people, all_deliveries, *windows, geography, tables)
    return tables
