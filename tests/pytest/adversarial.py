"""Random sources that hit every rule and edge of the definitions, to compare the warehouse with oracle.py.

`write_source` draws the data first and writes it afterwards, so that one seed means the same data in every format.
People are concentrated in some forty municipalities and few hospitals, so that cells are not all zero.
"""

import argparse
import contextlib
import csv
import gzip
import json
import random
import tempfile
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path

import duckdb
from oracle import Geography, read_seed

SEEDS = Path(__file__).resolve().parents[2] / "seeds"

POPULATION_COLUMNS = ("reference_date", "pp0010", "pp0015", "pp0020", "pp0025", "pp0055", "pp0030")
HEALTH_CARE_COLUMNS = ("ss00010", "ss00015", "ss00020", "ss00050", "ss00060", "ss00065b", "ss00075")

# None = the cell is empty; 'ABC' is possible in a text column only and is null in an integer one. 1000, 9999, 11000, 54321 and 93999 are no municipality of any time.
UNKNOWN_RESIDENCES = (
    None,
    0,
    1,
    50,
    99,
    995,
    999,
    94000,
    99999,
    123456,
    -1,
    1000,
    1001,
    9999,
    11000,
    54321,
    93999,
    "ABC",
)
ABROAD_RESIDENCES = (100, 111, 129, 150, 994, 996, 998)
INCREASED = ("101", "111", "131", "001", "021")
NOT_INCREASED = ("110", "100", "120", "010", "012", "119")
UNKNOWN_INSURABILITY = (None, "11", "1", "1111", "A11", "11A", "XYZ")
HOSPITALS = (9999, 11001, 71000101, 71000102, 71000203, 710004, 72)
QUALIFICATIONS = (None, None, "930", "001", "340", "003", "301", "580", "130", "999")
# The lists that claims are drawn from, in the order of the draws. A list that is added later is not among them: its codes are drawn where they are in one of
# these or in none, so that the rows of a seed stay the same (tests/reference/frozen.csv).
DRAWN_LISTS = (
    "IMAG_RAD",
    "IMAG_DENTIST",
    "IMAG_SPEC",
    "IMAG_CT",
    "IMAG_THERA",
    "DELIVERY_CAESAREAN",
    "DELIVERY_VAGINAL_HOSPITAL",
    "DELIVERY_HOME",
    "PRENATAL_ULTRASOUND",
    "PRENATAL_INVASIVE",
    "PRENATAL_CTG",
)
YOUNGER_CODES = {"423776", "423791"}  # codes that joined the nomenclature later take no part in the draws
PSEUDO_CODES = ("000000", "101032", "460972", "999994", "102012", "590214")


def with_check_digit(root: int) -> str:
    """Six-digit code with the check digit that fits its first five digits."""
    return f"{root:05d}{root % 7}"


class Draw:
    """The logical rows of one seed; values are what a perfect column type would hold, or a text that no column type can read."""

    def __init__(self, seed, persons, years, newest_codes, seeds_dir):
        self.rng = random.Random(seed)
        self.years = list(years)
        self.population, self.claims = [], []
        members = defaultdict(list)
        for row in read_seed(seeds_dir, "code_list_member"):
            members[row["list_code"]].append(row["code"])
        self.lists = {name: members[name] for name in DRAWN_LISTS}
        # A list that is younger than tests/reference/frozen.csv has a generator of its own, so that the other rows of a seed stay the same.
        self.contact_rng = random.Random(f"{seed} contacts")
        self.midwife = members["MIDWIFE_POSTNATAL"]
        self.other_codes = sorted(
            {row["code"] for row in read_seed(seeds_dir, "nomenclature_code")}
            - {c for codes in self.lists.values() for c in codes}
            - YOUNGER_CODES
        )
        self.overlapping = sorted(set(self.lists["IMAG_CT"]) & set(self.lists["IMAG_RAD"])) or self.lists["IMAG_CT"]
        # A few codes only, so that one person meets one code several times.
        self.few = {name: self.rng.sample(sorted(codes), min(len(codes), 6)) for name, codes in self.lists.items()}
        self.choose_places(newest_codes, seeds_dir)
        self.persons = self.person_ids(persons)
        for index, person in enumerate(self.persons):
            self.add_person(index, person)
        self.add_strangers()
        self.add_unusable_rows()
        self.rng.shuffle(self.population)
        self.rng.shuffle(self.claims)
        self.add_contacts()

    def chance(self, probability):
        return self.rng.random() < probability

    # -- places ------------------------------------------------------------------------------------------------------------------------

    def choose_places(self, newest_codes, seeds_dir):
        """Forty municipalities of the newest vintage allowed, each with every older code of it and with sectors of all lists."""
        now = Geography(seeds_dir, newest_codes)
        codes, recoded = defaultdict(list), set(now.steps.values())
        for code in sorted(now.known_codes):
            if now.carry_forward(code) in now.municipalities:
                codes[now.carry_forward(code)].append(code)
        self.sectors = defaultdict(list)
        for sector, homes in sorted(now.sector_homes.items()):
            for home in sorted(homes):
                self.sectors[home].append(sector)
        merged = sorted(home for home in codes if home in recoded)
        plain = sorted(home for home in codes if home not in recoded)
        # Sectors whose first five digits are no longer their municipality.
        odd = [home for home in merged if any(sector[:5] != home for sector in self.sectors[home])]
        brussels = [home for home in plain if home.startswith("21")]
        self.places = (
            self.rng.sample(merged, min(14, len(merged)))
            + self.rng.sample(odd, min(6, len(odd)))
            + self.rng.sample(brussels, 4)
        )
        self.places += self.rng.sample(plain, 40 - len(self.places))
        self.codes = codes
        self.rng.shuffle(self.places)

    def place(self):
        return (
            self.places[min(int(self.rng.paretovariate(0.6)) - 1, len(self.places) - 1)]
            if self.chance(0.6)
            else self.rng.choice(self.places)
        )

    def residence(self, place):
        """Any code the place ever had or will have, whatever the date."""
        return int(self.rng.choice(self.codes[place]))

    def sector(self, place, code):
        """Mostly one of few sectors of the place; also one of elsewhere, an unknown one, one with a wrong prefix or none."""
        kind = self.rng.random()
        if kind < 0.62:
            return self.rng.choice(self.sectors[place][:6])
        if kind < 0.72:
            return self.rng.choice(self.sectors[place])
        if kind < 0.80:
            return self.rng.choice(self.sectors[self.rng.choice(self.places)])
        if kind < 0.90:
            return self.rng.choice(
                (f"{code:05d}ZZZZ", "XXXXXXXXX", f"{code:05d}", "99999A00-", f"{self.codes[place][0]}A999", "0")
            )
        return None

    # -- persons -----------------------------------------------------------------------------------------------------------------------

    def person_ids(self, persons):
        ids = [f"{self.rng.getrandbits(48):012x}" for _ in range(persons)]
        # Ids that differ only as text, and ids that a careless reader of text files spoils.
        strange = [
            "0000123",
            "123",
            "00123",
            "1e5",
            "100000",
            "NA",
            "NULL",
            "true",
            "a,b",
            'say "x"',
            "x;y",
            "2020-01-01",
            "élève",
            "ID 7",
        ]
        return [*strange, *ids][:persons]

    def insurability(self):
        return self.rng.choice(self.rng.choice((INCREASED, NOT_INCREASED, NOT_INCREASED, UNKNOWN_INSURABILITY)))

    def birth_year(self, fertile):
        first = self.years[0]
        return self.rng.randint(first - 45, first - 12) if fertile else self.rng.randint(first - 97, first - 1)

    def row(self, listed, person, born, sex, residence, sector, insurability):
        return dict(zip(POPULATION_COLUMNS, (listed, person, born, sex, residence, sector, insurability), strict=False))

    def known_row(self, listed, person, born, sex, place):
        code = self.residence(place)
        return self.row(listed, person, born, sex, code, self.sector(place, code), self.insurability())

    def add_person(self, index, person):
        fertile = index % 2 == 0
        sex = self.rng.choice((1, 2, 2, 2) if fertile else (1, 2))
        born, place = self.birth_year(fertile), self.place()
        for year in self.years:
            if born > year:
                continue
            rows = self.rows_of_year(year, person, born, sex, place)
            if self.chance(0.1):
                place = self.place()
            for row in rows:
                self.population.append(row)
                if self.chance(0.07):
                    self.population.extend(self.duplicates(row))
            if self.chance(0.62):
                self.add_imaging(person, year)
            if self.chance(0.15):
                self.add_noise(person, year)
        # Claims of years without lists: the look-back, and rebilling after the end.
        if self.chance(0.1):
            self.add_imaging(person, self.years[-1] + 1)
        if fertile and self.chance(0.45):
            self.add_deliveries(person)

    def rows_of_year(self, year, person, born, sex, place):
        """The person's rows of the two lists of a year, in one of the situations that section 4 tells apart."""
        lists = date(year, 6, 30), date(year, 12, 31)
        june, december = (self.known_row(day, person, born if born <= year else year, sex, place) for day in lists)
        other = self.known_row(lists[1], person, born, sex, self.rng.choice(self.places))
        situation = self.rng.random()
        if situation < 0.60:
            pass
        elif situation < 0.68:
            december = other
        elif situation < 0.75:
            # Unknown in December, with a sector that must not count.
            december["pp0025"] = self.rng.choice(UNKNOWN_RESIDENCES)
        elif situation < 0.78:
            june["pp0025"] = self.rng.choice(UNKNOWN_RESIDENCES)
        elif situation < 0.82:
            december = None
        elif situation < 0.85:
            june = None
        elif situation < 0.87:
            december["pp0025"] = self.rng.choice(ABROAD_RESIDENCES)
        elif situation < 0.89:
            june["pp0025"] = self.rng.choice(ABROAD_RESIDENCES)
        elif situation < 0.91:
            june["pp0025"], december["pp0025"] = self.rng.choice(ABROAD_RESIDENCES), self.rng.choice(UNKNOWN_RESIDENCES)
        elif situation < 0.92:
            june["pp0025"], december["pp0025"] = self.rng.choice(UNKNOWN_RESIDENCES), self.rng.choice(ABROAD_RESIDENCES)
        elif situation < 0.93:
            june["pp0025"] = december["pp0025"] = self.rng.choice(ABROAD_RESIDENCES)
        elif situation < 0.96:
            june["pp0025"], december["pp0025"] = (
                self.rng.choice(UNKNOWN_RESIDENCES),
                self.rng.choice(UNKNOWN_RESIDENCES),
            )
        elif situation < 0.97:
            june["pp0025"], december = self.rng.choice(ABROAD_RESIDENCES), None
        elif situation < 0.98:
            june["pp0025"], december = self.rng.choice(UNKNOWN_RESIDENCES), None
        else:
            june = december = None
        if december and self.chance(0.03):
            december["pp0015"] = born - 1
        if december and self.chance(0.10):
            december["pp0030"] = self.rng.choice(UNKNOWN_INSURABILITY)
        return [row for row in (june, december) if row]

    def duplicates(self, row):
        """One to three more rows of the same person and date that differ anywhere in the tuple of section 2, or nowhere."""
        copies = []
        for _ in range(self.rng.randint(1, 3)):
            copy = dict(row)
            for _ in range(self.rng.randint(0, 2)):
                column = self.rng.choice(("pp0025", "pp0025", "pp0055", "pp0030", "pp0015", "pp0020"))
                place = self.rng.choice(self.places)
                copy[column] = {
                    "pp0025": self.rng.choice((9999, 11001, 111, 999, None, "ABC", self.residence(place))),
                    "pp0055": self.sector(place, self.residence(place)),
                    "pp0030": self.rng.choice((*INCREASED, *NOT_INCREASED, *UNKNOWN_INSURABILITY)),
                    # A bad year is rejected before duplicates are looked for.
                    "pp0015": self.rng.choice((row["pp0015"] - 1, row["pp0015"], 1000, 9999, None, "born")),
                    "pp0020": self.rng.choice((1, 2, None, "F", 10)),
                }[column]
            copies.append(copy)
        return copies

    def add_strangers(self):
        """Claims of persons who are in no list, or in lists of other years only; sex and an age at the limit."""
        for number in range(12):
            stranger = f"stranger{number}"
            self.add_imaging(stranger, self.rng.choice(self.years))
            self.add_deliveries(stranger)
        for year in self.years:
            place = self.places[0]
            for listed in (date(year, 6, 30), date(year, 12, 31)):
                for name, born in (
                    ("oldest", year - 125),
                    ("too old", year - 126),
                    ("new born", year),
                    ("unborn", year + 1),
                    ("no year", None),
                    ("bad year", "19x0"),
                ):
                    self.population.append(self.known_row(listed, name, born, 2, place))
            for name in ("oldest", "too old", "new born", "unborn", "no year", "bad year"):
                self.add_imaging(name, year)

    def add_unusable_rows(self):
        """Rows to reject, with claims that would show if they were kept; and single lists of a year before and a year after the series."""
        for number in range(60):
            year = self.rng.choice(self.years)
            listed = self.rng.choice((date(year, 6, 30), date(year, 12, 31)))
            place = self.rng.choice(self.places)
            self.population.append(self.known_row(listed, self.rng.choice((None, "")), 1980, 1, place))
            bad_date = self.rng.choice(
                (
                    date(year, 6, 29),
                    date(year, 12, 30),
                    date(year, 7, 1),
                    date(year, 1, 1),
                    date(year, 12, 1),
                    "list",
                    None,
                )
            )
            self.population.append(self.known_row(bad_date, f"undated{number}", 1980, 2, place))
            self.add_imaging(f"undated{number}", year)
            # The December row of a person whose June row counts.
            person = self.rng.choice(self.persons)
            self.population.append(self.known_row(bad_date, person, 1980, 2, self.rng.choice(self.places)))
        for person in self.persons[:50]:
            self.population.append(self.known_row(date(self.years[0] - 1, 12, 31), person, 1990, 2, self.places[0]))
            self.population.append(self.known_row(date(self.years[-1] + 1, 6, 30), person, 1990, 2, self.places[0]))

    # -- claims ------------------------------------------------------------------------------------------------------------------------

    def claim(self, person, day, code, cases, institution=None):
        self.claims.append(
            dict(
                zip(
                    HEALTH_CARE_COLUMNS,
                    (
                        person,
                        day,
                        code,
                        cases,
                        self.rng.randint(-9999, 99999),
                        self.rng.choice(QUALIFICATIONS),
                        institution,
                    ),
                    strict=False,
                )
            )
        )

    def day_of(self, year):
        return date(year, 1, 1) + timedelta(
            days=self.rng.choice((0, 364, self.rng.randint(0, 364), self.rng.randint(0, 364), self.rng.randint(0, 364)))
        )

    def correct(self, person, day, code, cases, institution=None):
        """A line, and perhaps corrections: cancelled, partly cancelled, more than cancelled, cancelled twice, billed again."""
        self.claim(person, day, code, cases, institution)
        kind = self.rng.random()
        if kind < 0.08:
            self.claim(person, day, code, -cases, institution)
        elif kind < 0.10:
            self.claim(person, day, code, -1, institution)
        elif kind < 0.13:
            self.claim(person, day, code, -cases - 1, institution)
        elif kind < 0.15:
            self.claim(person, day, code, -cases, institution)
            self.claim(person, day, code, -cases, institution)
        elif kind < 0.17:
            self.claim(person, day, code, -cases, institution)
            self.claim(person, day, code, cases, institution)

    def add_imaging(self, person, year):
        for _ in range(self.rng.choice((1, 1, 2, 3))):
            name = self.rng.choice(
                (
                    "IMAG_RAD",
                    "IMAG_RAD",
                    "IMAG_RAD",
                    "IMAG_DENTIST",
                    "IMAG_DENTIST",
                    "IMAG_SPEC",
                    "IMAG_SPEC",
                    "IMAG_CT",
                    "IMAG_THERA",
                    "IMAG_THERA",
                )
            )
            codes = self.overlapping if name == "IMAG_CT" and self.chance(0.7) else self.lists[name]
            code = self.rng.choice(self.few[name] if self.chance(0.5) else codes)
            institution = self.rng.choice(HOSPITALS) if self.chance(0.2) else None
            self.correct(person, self.day_of(year), code, self.rng.choice((1, 1, 1, 1, 2, 3)), institution)

    def add_noise(self, person, year):
        """Lines that are valid but belong to no list, and lines to reject."""
        code, day = self.rng.choice(self.lists["IMAG_RAD"]), self.day_of(year)
        wrong = code[:5] + str((int(code[5]) + self.rng.randint(1, 9)) % 10)
        bad_day = self.rng.choice((None, f"{year}0230", f"{year}1301", f"{year}0631", "00000000", f"{year}", "soon"))
        for arguments in (
            (person, day, self.rng.choice(self.other_codes), 1),
            (person, day, self.rng.choice(PSEUDO_CODES), 1),
            (person, day, with_check_digit(self.rng.randint(0, 99999)), 1),
            (person, day, with_check_digit(self.rng.randint(0, 9999)), 1),
            (person, day, wrong, 1),
            (person, day, self.rng.choice((code + "0", "45A012", "XYZ", None, code[:5] + "7")), 1),
            (person, bad_day, code, 1),
            (person, day, code, self.rng.choice((0, None, "one"))),
            (self.rng.choice((None, "")), day, code, 1),
            (person, self.rng.choice((date(1999, 5, 5), date(2099, 5, 5))), code, 1),
        ):
            if self.chance(0.5):
                self.claim(*arguments)

    # -- deliveries --------------------------------------------------------------------------------------------------------------------

    def delivery(self, person, day, name, cases=1, institution=None, code=None):
        self.claim(person, day, code or self.rng.choice(self.lists[name]), cases, institution)

    def add_deliveries(self, person):
        """Delivery claims in one of many patterns of days, kinds, corrections and institutions, and acts around each of the days."""
        caesarean, vaginal, home = "DELIVERY_CAESAREAN", "DELIVERY_VAGINAL_HOSPITAL", "DELIVERY_HOME"
        kinds = (caesarean, vaginal, vaginal, vaginal, home)
        start = date(self.rng.choice([self.years[0] - 1, *self.years, *self.years]), 1, 1) + timedelta(
            days=self.rng.randint(0, 364)
        )
        institution = self.rng.choice((*HOSPITALS, None)) if self.chance(0.5) else self.rng.choice(HOSPITALS[:3])
        gaps = self.rng.choice(
            (
                (0,),
                (0,),
                (0,),
                (0, 30),
                (0, 31),
                (0, 29, 58, 89),
                (0, 30, 60, 91),
                (0, 31, 62),
                (0, 20, 45),
                (0, 200),
                (0, 281),
                (0, 280),
                (0, 15, 400),
                (0, 1),
            )
        )
        if self.chance(0.04):
            # A chain of more than a year is still one delivery.
            gaps = tuple(range(0, 30 * self.rng.randint(12, 27), 30))
        if self.chance(0.12):
            start, gaps = (
                date(self.rng.choice([self.years[0] - 1, *self.years[:-1]]), 12, 28),
                self.rng.choice(((0, 8), (0, 31), (0, 30), (0, 8, 39), (0, 4))),
            )
        days = [start + timedelta(days=gap) for gap in gaps]
        for day in days:
            pattern = self.rng.random()
            kind = self.rng.choice(kinds)
            if pattern < 0.45:
                self.delivery(person, day, kind, 1, None if kind == home and self.chance(0.8) else institution)
            elif pattern < 0.60:
                # Several kinds on one day, the one with priority perhaps without institution.
                for several in self.rng.sample((caesarean, vaginal, home), self.rng.choice((2, 3))):
                    self.delivery(person, day, several, self.rng.choice((1, 1, 2)), self.rng.choice((*HOSPITALS, None)))
            elif pattern < 0.68:
                # Several codes or lines of one kind in several institutions: the smallest number counts, as a number.
                for _ in range(3):
                    self.delivery(person, day, kind, 1, self.rng.choice((*HOSPITALS, None)))
            elif pattern < 0.76:
                # Cancelled: no delivery that day, unless another kind remains.
                code = self.rng.choice(self.lists[kind])
                self.delivery(person, day, kind, 1, institution, code)
                self.delivery(person, day, kind, self.rng.choice((-1, -1, -2)), institution, code)
                remaining = self.rng.choice([other for other in (caesarean, vaginal, home) if other != kind])
                if self.chance(0.5):
                    self.delivery(person, day, remaining, 1, self.rng.choice((*HOSPITALS, None)))
            elif pattern < 0.82:
                # Cancelled and billed again under another code of the same kind, or the same one; always the same institution.
                code = self.rng.choice(self.lists[kind])
                for cases, other in ((1, code), (-1, code), (1, self.rng.choice(self.lists[kind]))):
                    self.delivery(person, day, kind, cases, institution, other)
            elif pattern < 0.88:
                # A negative line of one code does not cancel another code of the day.
                codes = self.rng.sample(self.lists[kind], 2)
                self.delivery(person, day, kind, 1, institution, codes[0])
                self.delivery(person, day, kind, -1, institution, codes[1])
            elif pattern < 0.92:
                self.delivery(person, day, kind, 2, institution)
                self.delivery(person, day, kind, 0, institution)
                self.delivery(person, None, kind, 1, institution)
            elif pattern < 0.96:
                self.delivery(person, day, kind, 1, None)
            else:
                # A line of the kept kind that was cancelled, in the institution with the smallest number.
                codes = self.rng.sample(self.lists[kind], 2)
                self.delivery(person, day, kind, 1, 72, codes[0])
                self.delivery(person, day, kind, -1, 72, codes[0])
                self.delivery(person, day, kind, 1, 71000101, codes[1])
        for day in days:
            self.add_acts(person, day)

    def add_contacts(self):
        """Postnatal care of midwives around every delivery line: on the edges of the window, in hospital, corrected, cancelled, of strangers too."""
        rng = self.contact_rng
        lines = {code for name, codes in self.lists.items() if name.startswith("DELIVERY") for code in codes}
        years = {row["ss00015"].year for row in self.claims if isinstance(row["ss00015"], date)}
        days = [(row["ss00010"], row["ss00015"]) for row in self.claims if str(row["ss00020"]) in lines]
        for person, day in days:
            if not isinstance(day, date) or rng.random() < 0.4:
                continue
            for after in rng.sample((-1, 0, 1, 2, 5, 20, 41, 42, 43, 60), rng.choice((1, 1, 2))):
                if (day + timedelta(days=after)).year not in years:  # no further year of claims
                    continue
                code = rng.choice(self.midwife)
                cases = rng.choice(((1,), (1,), (1,), (2, -1), (1, -1), (-1,)))
                institution = rng.choice((None, None, None, 72))
                for case in cases:
                    line = (person, day + timedelta(days=after), code, case, rng.randint(-99, 9999), None, institution)
                    self.claims.insert(
                        rng.randint(0, len(self.claims)), dict(zip(HEALTH_CARE_COLUMNS, line, strict=True))
                    )

    def add_acts(self, person, day):
        for before in (
            0,
            1,
            14,
            15,
            16,
            100,
            279,
            280,
            281,
            -1,
            -5,
            self.rng.randint(0, 300),
            self.rng.randint(-40, 30),
        ):
            if self.chance(0.35):
                name = self.rng.choice(
                    ("PRENATAL_ULTRASOUND", "PRENATAL_ULTRASOUND", "PRENATAL_INVASIVE", "PRENATAL_CTG", "PRENATAL_CTG")
                )
                self.correct(
                    person,
                    day - timedelta(days=before),
                    self.rng.choice(self.lists[name]),
                    self.rng.choice((1, 1, 2, 3)),
                )


# ---------------------------------------------------------------------------------------------------------------------------------------
# Writing
# ---------------------------------------------------------------------------------------------------------------------------------------


def write_rows(connection, path, columns, rows, types):
    """One Parquet file with these column types, or one CSV file; a value that the type cannot hold is null in Parquet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.name.endswith(".parquet"):
        with tempfile.TemporaryDirectory() as folder:
            lines = Path(folder) / "rows.json"
            lines.write_text(
                "".join(
                    json.dumps({c: None if row[c] is None else str(row[c]) for c in columns}) + "\n" for row in rows
                ),
                encoding="utf-8",
            )
            casts = ", ".join(f"try_cast({c} as {types[c]}) as {c}" for c in columns)
            texts = ", ".join(f"'{c}': 'varchar'" for c in columns)
            connection.execute(
                f"copy (select {casts} from read_json('{lines}', format = 'newline_delimited', columns = {{{texts}}})) to '{path}' (format parquet)"
            )
        return
    opener = gzip.open if path.name.endswith(".gz") else open
    with opener(path, "wt", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(["" if row[c] is None else row[c] for c in columns] for row in rows)


def write_source(
    directory,
    seed: int,
    persons: int = 3000,
    years=(2021, 2022, 2023, 2024),
    file_format: str = "parquet",
    hive: bool = False,
    *,
    column_in_file: bool = False,
    code_type: str = "integer",
    date_type: str = "date",
    files: int = 3,
    look_back: bool = True,
    newest_codes: int = 2025,
    shuffled_columns: bool = False,
    lost_zeros: bool = False,
    seeds_dir=SEEDS,
) -> Path:
    """Writes `population/` and `health_care/` below `directory` and returns it.

    file_format  'parquet', 'csv' or 'csv.gz'
    hive         folders reference_date=.../ and service_year=.../, with the column inside the files too if `column_in_file`
    code_type    'integer' or 'text': Parquet type of pp0025, ss00020, ss00065b and ss00075; CSV files know no types
    date_type    'date', 'integer' or 'text' (both yyyymmdd) of ss00015; CSV: 'date' is ISO text, the others yyyymmdd
    look_back    whether claims of the year before the first year are there
    newest_codes no residence code younger than this vintage
    shuffled_columns  each file has its own order of columns, and one column more
    lost_zeros   codes as integers in a text file or text column too, where a leading zero is lost
    """
    directory = Path(directory)
    drawn = Draw(seed, persons, years, newest_codes, seeds_dir)
    layout = random.Random(seed)

    claims = [
        row
        for row in drawn.claims
        if look_back
        or not isinstance(row["ss00015"], date)
        or row["ss00015"].year >= drawn.years[0]
        or row["ss00015"].year < drawn.years[0] - 1
    ]
    population_types = {c: "varchar" for c in POPULATION_COLUMNS} | {
        "reference_date": "date",
        "pp0015": "integer",
        "pp0020": "integer",
    }
    health_care_types = {c: "varchar" for c in HEALTH_CARE_COLUMNS} | {
        "ss00050": "integer",
        "ss00060": "bigint",
        "ss00015": {"text": "varchar"}.get(date_type, date_type),
    }
    if code_type == "integer":
        population_types["pp0025"] = "integer"
        health_care_types |= {"ss00020": "integer", "ss00065b": "integer", "ss00075": "integer"}

    def as_written(row):
        row = dict(row)
        day = row["ss00015"]
        if isinstance(day, date) and date_type != "date":
            row["ss00015"] = f"{day:%Y%m%d}"
        if lost_zeros and row["ss00020"] and row["ss00020"].isdigit():
            row["ss00020"] = int(row["ss00020"])
        return row

    connection = duckdb.connect(config={"threads": 1})

    def write(source, columns, rows, types, partition, folder_of):
        groups = defaultdict(list)
        for row in rows:
            groups[f"{partition}={folder_of(row)}" if hive else ""].append(row)
        for folder, members in sorted(groups.items()):
            inside = [c for c in columns if not (hive and c == partition and not column_in_file)]
            pieces = max(1, min(files, len(members)))
            for piece in range(pieces):
                order, part = list(inside), members[piece::pieces]
                if shuffled_columns:
                    layout.shuffle(order)
                    order.insert(layout.randrange(len(order)), f"extra_{piece}")
                    part = [row | {f"extra_{piece}": layout.choice(("", "x", 3))} for row in part]
                write_rows(
                    connection,
                    directory / source / folder / f"part-{piece}.{file_format}",
                    order,
                    part,
                    defaultdict(lambda: "varchar", types),
                )

    def list_folder(row):
        return row["reference_date"] if isinstance(row["reference_date"], date) else "__HIVE_DEFAULT_PARTITION__"

    def year_folder(row):
        return row["ss00015"].year if isinstance(row["ss00015"], date) else "__HIVE_DEFAULT_PARTITION__"

    written = [(row, as_written(row)) for row in claims]
    folder_by_row = {id(after): year_folder(before) for before, after in written}
    write("population", POPULATION_COLUMNS, drawn.population, population_types, "reference_date", list_folder)
    write(
        "health_care",
        HEALTH_CARE_COLUMNS,
        [after for _, after in written],
        health_care_types,
        "service_year",
        lambda row: folder_by_row[id(row)],
    )
    connection.close()
    return directory


SHAPES = (  # of CSV files: ending, encoding, separator, pattern of dates, first line, quoting, decimals of numbers of cases
    ("csv", "utf-16", ";", "%d/%m/%Y", "sep=;\r\n", csv.QUOTE_MINIMAL, ",0"),
    ("csv.gz", "utf-8-sig", "\t", "%d-%m-%Y 00:00:00", "\n", csv.QUOTE_ALL, ""),
    ("csv", "cp1252", "|", "%Y%m%d", "", csv.QUOTE_ALL, ".00"),
)


def reshape_csv(directory) -> Path:
    """Writes every CSV file of a source anew, each in another shape that means the same, under a name with `[`. Returns the directory."""
    for number, file in enumerate(sorted(Path(directory).rglob("*.csv*"))):
        ending, encoding, separator, pattern, above, quoting, decimals = SHAPES[number % len(SHAPES)]
        opener = gzip.open if file.name.endswith(".gz") else open
        with opener(file, "rt", encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        for row in rows:
            for column in ("reference_date", "ss00015"):
                with contextlib.suppress(KeyError, ValueError):
                    row[column] = f"{date.fromisoformat(row[column]):{pattern}}"
            if row.get("ss00050", "").lstrip("-").isdigit():
                row["ss00050"] += decimals
        file.unlink()
        path = file.with_name(f"part[{number}].{ending}")
        with (gzip.open if ending == "csv.gz" else open)(path, "wt", encoding=encoding, newline="") as lines:
            lines.write(above)
            writer = csv.DictWriter(lines, list(rows[0]), delimiter=separator, quoting=quoting, lineterminator="\r\n")
            writer.writeheader()
            writer.writerows(rows)
    return Path(directory)


def main():
    parser = argparse.ArgumentParser(description="Write a random adversarial source.")
    parser.add_argument("directory")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--persons", type=int, default=3000)
    parser.add_argument("--years", default="2021-2024", help="first-last")
    parser.add_argument("--format", default="parquet", choices=("parquet", "csv", "csv.gz"))
    parser.add_argument("--hive", action="store_true")
    arguments = parser.parse_args()
    first, last = map(int, arguments.years.split("-"))
    write_source(
        arguments.directory, arguments.seed, arguments.persons, range(first, last + 1), arguments.format, arguments.hive
    )


if __name__ == "__main__":
    main()
