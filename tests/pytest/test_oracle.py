"""Hand-computed cases for oracle.py, and the promise of adversarial.py that one seed means one set of data in every format."""

import csv
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import adversarial
import compare
import duckdb
import oracle
import pytest

SEEDS = adversarial.SEEDS
CAESAREAN, VAGINAL, HOME = "424104", "423010", "422656"
ULTRASOUND, INVASIVE, CARDIOTOCOGRAPHY = "460250", "432353", "424056"
RADIOLOGY = "450015"
D = date(2023, 5, 10)


@pytest.fixture(scope="module")
def lists():
    return oracle.CodeLists(SEEDS)


@pytest.fixture(scope="module")
def geography():
    return oracle.Geography(SEEDS, 2025)


def row(residence, sector=None, insurability="110", born=1980):
    return {"pp0025": residence, "pp0055": sector, "pp0030": insurability, "pp0015": born, "pp0020": 2}


def claims(*lines):
    return oracle.Source(claims=[oracle.Claim("p", day, code, cases, hospital) for day, code, cases, hospital in lines])


def days_after(*days):
    return [D + timedelta(days=day) for day in days]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (424104, "424104"),
        ("424104", "424104"),
        ("424105", None),
        (11, "000011"),
        (4241041, None),
        ("42A104", None),
        (None, None),
        ("", None),
    ],
)
def test_a_nomenclature_code_is_read_as_six_digits_or_nothing(value, code):
    assert oracle.as_nomenclature_code(value) == code


@pytest.mark.parametrize(
    ("value", "day"),
    [
        (20230510, D),
        ("20230510", D),
        ("2023-05-10", D),
        (D, D),
        (20230230, None),
        ("garbage", None),
        (None, None),
        (2023, None),
        ("2023-0510", None),
    ],
)
def test_a_service_date_is_read_in_every_form(value, day):
    assert oracle.as_date(value) == day


@pytest.mark.parametrize(
    ("value", "reading"),
    [
        (None, "unknown"),
        ("ABC", "unknown"),
        (99, "unknown"),
        (100, "abroad"),
        (994, "abroad"),
        (995, "unknown"),
        (998, "abroad"),
        (999, "unknown"),
        (1000, "unknown"),
        (11000, "unknown"),
        (54321, "unknown"),
        (93999, "unknown"),
        (94000, "unknown"),
        (11001, "11001"),
        ("11001", "11001"),
        (12030, "12041"),
        (44001, "44084"),
        (82003, "82039"),
        (82039, "82039"),
        (11007, "11002"),
        (55022, "58001"),
    ],
)
def test_a_residence_code_is_read_as_municipality_abroad_or_unknown(geography, value, reading):
    assert geography.read_residence(value) == reading


def test_older_vintages_have_their_own_municipalities():
    assert oracle.Geography(SEEDS, 2018).read_residence(12030) == "12030"
    assert oracle.Geography(SEEDS, 2019).read_residence(12030) == "12041"
    assert oracle.Geography(SEEDS, 2019).read_residence(82003) == "82003"
    with pytest.raises(oracle.CodeYoungerThanVintage, match="12041.*2018"):
        oracle.Geography(SEEDS, 2018).read_residence(12041)
    assert [len(oracle.Geography(SEEDS, vintage).municipalities) for vintage in (2018, 2019, 2025)] == [589, 581, 565]


def test_units_of_each_level_are_as_many_as_in_belgium(geography):
    levels = Counter(level for level, _ in geography.all_units())
    assert levels == {"country": 1, "region": 3, "province": 11, "arrondissement": 43, "municipality": 565}
    assert ("province", "21000") in geography.units_of("21004", None)


def test_residence_is_that_of_december_else_of_june(geography):
    def home(june, december):
        found = oracle.beneficiary(2023, june, december, geography)
        return found and (found.municipality, found.sector)

    sector = "11001A01-"
    assert home(row(11001, sector), row(11002, sector)) == ("11002", None)  # a sector of elsewhere
    assert home(row(11001, sector), row(999, "11002A00-")) == (
        "11001",
        sector,
    )  # unknown in December: row of June, with its sector
    assert home(row(11001, sector), row(11001, "nowhere")) == ("11001", None)  # the sector is not completed from June
    assert home(row(11001, sector), None) == ("11001", sector)
    assert home(row(11001), row(111)) is None  # abroad in December is known
    assert home(row(111), row(11001)) == ("11001", None)
    assert home(row(111), row(None)) is None
    assert home(row(None), row(11000)) == (None, None)
    assert home(None, row(44001, "44001A001")) == ("44084", "44001A001")


def test_reimbursement_and_age_follow_the_list_of_december(geography):
    def increased(june, december):
        return oracle.beneficiary(
            2023, row(11001, insurability=june), row(11001, insurability=december), geography
        ).increased_reimbursement

    assert [
        increased("111", "110"),
        increased("110", "111"),
        increased("111", None),
        increased("111", "11"),
        increased(None, "1111"),
    ] == ["no", "yes", "yes", "yes", "no"]
    assert oracle.beneficiary(2023, row(11001, born=1990), row(11001, born=1980), geography).age == 43
    assert [oracle.maternal_age(age) for age in (19, 20, 24, 25, 39, 40, 60)] == [
        "<20",
        "20-24",
        "20-24",
        "25-29",
        "35-39",
        "40+",
        "40+",
    ]
    assert [oracle.decennial_age(age) for age in (0, 9, 10, 89, 90, 125)] == [
        "0-9",
        "0-9",
        "10-19",
        "80-89",
        "90+",
        "90+",
    ]


def test_duplicates_keep_the_smallest_number_nulls_last():
    rows = [row(11001), row(9999, "b"), row(9999, "a", None), row(9999, "a", "110"), row("ABC", "A"), row(None)]
    assert min(rows, key=oracle.tie_break) is rows[3]


def test_exams_of_a_person_are_net_of_corrections_and_not_below_zero(lists):
    source = claims(
        (D, RADIOLOGY, 2, None),
        (D, RADIOLOGY, -1, None),
        (D, "000000", 5, None),
        (D.replace(year=2022), RADIOLOGY, -3, None),
    )
    assert oracle.imaging_use(source, lists) == {(2023, "IMAG_RAD"): {"p": 1}, (2022, "IMAG_RAD"): {"p": 0}}


@pytest.mark.parametrize(
    ("gaps", "kept"),
    [
        ((0,), (0,)),
        ((0, 30), (0,)),
        ((0, 31), (0, 31)),
        ((0, 30, 60, 90), (0,)),
        ((0, 30, 61), (0, 61)),
        ((0, 200), (0, 200)),
    ],
)
def test_claims_within_thirty_days_are_one_delivery(lists, gaps, kept):
    found = oracle.deliveries(claims(*((day, VAGINAL, 1, None) for day in days_after(*gaps))), lists)
    assert [delivery.day for delivery in found] == days_after(*kept)


def test_cancelled_claim_makes_no_chain(lists):
    first, cancelled, third = days_after(0, 20, 45)
    source = claims(
        (first, HOME, 1, None),
        (cancelled, VAGINAL, 1, None),
        (cancelled, VAGINAL, -1, None),
        (third, CAESAREAN, 1, None),
    )
    assert [delivery.day for delivery in oracle.deliveries(source, lists)] == [first, third]


def test_a_delivery_over_the_turn_of_the_year_counts_once(lists):
    source = claims((date(2022, 12, 28), VAGINAL, 1, None), (date(2023, 1, 5), CAESAREAN, 1, None))
    ((delivery),) = oracle.deliveries(source, lists)
    assert (delivery.day, delivery.kind) == (date(2022, 12, 28), "DELIVERY_VAGINAL_HOSPITAL")


def test_kind_and_hospital_of_a_day_follow_the_order_of_the_lists(lists):
    source = claims(
        (D, HOME, 1, 1), (D, VAGINAL, 1, 2), (D, CAESAREAN, 1, 11001), (D, CAESAREAN, 1, 9999), (D, CAESAREAN, 1, None)
    )
    ((delivery),) = oracle.deliveries(source, lists)
    assert (delivery.kind, delivery.hospital) == ("DELIVERY_CAESAREAN", 9999)


def test_hospital_of_a_cancelled_code_does_not_count(lists):
    source = claims((D, "424093", 1, 72), (D, "424093", -1, 72), (D, CAESAREAN, 1, 9999))
    assert [delivery.hospital for delivery in oracle.deliveries(source, lists)] == [9999]


def test_prenatal_acts_count_within_their_windows(lists):
    acts = [
        (D - timedelta(days=days), code, 1, None)
        for days in (-1, 0, 15, 16, 280, 281)
        for code in (ULTRASOUND, INVASIVE, CARDIOTOCOGRAPHY)
    ]
    ((delivery),) = oracle.deliveries(claims((D, HOME, 1, None), *acts), lists)
    assert delivery.acts == {"ultrasound": 4, "invasive": 4, "cardiotocography": 2, "total": 10}


def test_acts_belong_to_the_next_delivery(lists):
    first, second = days_after(0, 200)
    between, before = D + timedelta(days=1), D - timedelta(days=10)
    source = claims(
        (first, HOME, 1, None),
        (second, HOME, 1, None),
        (before, ULTRASOUND, 1, None),
        (between, ULTRASOUND, 3, None),
        (between, INVASIVE, -2, None),
    )
    assert [delivery.acts["total"] for delivery in oracle.deliveries(source, lists)] == [1, 3]


def test_years_are_built_that_have_lists_and_claims():
    def years(lists, claim_years, **narrowed):
        source = oracle.Source(
            population={("p", day): {} for day in lists},
            claims=[oracle.Claim("p", date(year, 1, 1), "000000", 1, None) for year in claim_years],
        )
        return oracle.years_built(source, narrowed.get("first"), narrowed.get("last"), narrowed.get("publication_date"))

    lists = [
        date(2020, 12, 31),
        *(date(year, month, day) for year in (2021, 2022, 2023) for month, day in ((6, 30), (12, 31))),
        date(2024, 6, 30),
    ]
    everything = range(2019, 2026)
    assert years(lists, everything) == [2021, 2022, 2023]
    assert years(lists, [2022, 2024]) == [2022]
    assert years(lists, [2021, 2023]) == [2021, 2023]
    assert years(lists, everything, first=2022, last=2030) == [2022, 2023]
    assert years(lists, everything, publication_date=date(2024, 10, 1)) == [2021, 2022]
    assert years(lists, everything, publication_date=date(2024, 9, 30)) == [2021]


def test_tables_of_a_small_country_are_those_by_hand(tmp_path):
    """Two years, four persons: everything that a reader can add up by hand."""
    population = [
        # reference_date, pp0010, pp0015, pp0020, pp0025, pp0055, pp0030
        *(
            (f"{year}{day}", "anna", 1995, 2, 11001, "11001A01-", "111")
            for year in (2022, 2023)
            for day in ("-06-30", "-12-31")
        ),
        ("2023-06-30", "anna", 1900, 2, 99999, "", "110"),  # duplicate, larger number: not kept
        ("2023-12-31", "bert", 1950, 1, 999, "", "110"),
        ("2023-12-31", "cleo", 1995, 2, 111, "", "110"),
        ("2023-06-30", "", 1995, 2, 11001, "", "110"),
    ]
    health_care = [
        # ss00010, ss00015, ss00020, ss00050, ss00060, ss00065b, ss00075
        ("anna", "20230510", CAESAREAN, 1, 0, "", 9999),
        ("anna", "20230510", ULTRASOUND, 2, 0, "", ""),
        ("anna", "20221231", ULTRASOUND, 1, 0, "", ""),
        ("bert", "20231231", RADIOLOGY, 3, 0, "", ""),
        ("cleo", "20230510", RADIOLOGY, 3, 0, "", ""),
        ("dora", "20230510", VAGINAL, 1, 0, "", 9999),
    ]
    for name, columns, rows in (
        ("population", adversarial.POPULATION_COLUMNS, population),
        ("health_care", adversarial.HEALTH_CARE_COLUMNS, health_care),
    ):
        (tmp_path / name).mkdir()
        with open(tmp_path / name / "all.csv", "w", newline="") as lines:
            csv.writer(lines).writerows([columns, *rows])

    tables = oracle.expected_tables(tmp_path, SEEDS)

    assert len(tables["cube_013_003"]) == 2 * (1 + 3 + 11 + 43 + 565) * 11
    assert len(tables["cube_007_005a"]) == (1 + 3 + 11 + 43 + 565) * 7 * 3 * 4  # 2022 has no look-back
    assert len(tables["cube_007_009a"]) == (1 + 3 + 11 + 43 + 565) * 7 * 3  # 2023 has no look-ahead
    # 460250 is an exam by a radiologist too (article 17bis).
    assert tables["cube_013_003"][2023, "country", "01000", "total"] == (2, 2, 100.0)
    assert tables["cube_013_004"][2023, "country", "01000", "70-79"] == (3, 1, 3000.0)
    assert tables["stat_013_004"][2023, "statistical_sector", "11001A01-"] == (2, 1, 2000.0)
    assert tables["stat_013_003"][2023, "municipality", "11002"] == (0, 0, None)
    assert (2022, "statistical_sector", "11001A01-") in tables["stat_013_013"]
    assert tables["cube_007_001a_denom"][2023, "municipality", "11001", "25-29", "yes"] == (1, None, 1.0)
    assert tables["cube_007_005a"][2023, "province", "10000", "total", "total", "ultrasound"] == (3, 1, 3.0)
    assert tables["cube_007_005b"][2023, "hospital", "9999", "total"] == (3, 1, 3.0)
    assert tables["cube_007_006b"] == {
        (2022, "country", "01000"): (0, 0, None),
        (2023, "country", "01000"): (1, 1, 100.0),
        (2023, "hospital", "9999"): (1, 1, 100.0),
    }


def test_a_contact_with_a_midwife_is_ambulatory_net_and_on_day_1_to_42(lists):
    midwife = "422796"

    def has_contact(after, *cases, hospital=None):
        day = D + timedelta(days=after)
        (delivery,) = oracle.deliveries(
            claims((D, VAGINAL, 1, 72), *((day, midwife, count, hospital) for count in cases)), lists
        )
        return delivery.has_contact

    assert [has_contact(after, 1) for after in (0, 1, 42, 43)] == [False, True, True, False]
    assert not has_contact(5, 1, -1) and has_contact(5, 2, -1) and not has_contact(5, 1, hospital=72)


def meaning(directory: Path):
    """What a source says once section 2 has read it."""
    source = oracle.read_source(directory)
    population = {key: oracle.tie_break(row) for key, row in source.population.items()}
    lines = Counter((claim.person, claim.day, claim.code, claim.cases, claim.institution) for claim in source.claims)
    return population, lines, source.dispositions


@pytest.mark.parametrize(
    "variant",
    [
        {"file_format": "parquet", "hive": True},
        {"file_format": "parquet", "code_type": "text", "date_type": "text", "hive": True, "column_in_file": True},
        {"file_format": "parquet", "date_type": "integer", "files": 1, "shuffled_columns": True},
        {"file_format": "csv"},
        {"file_format": "csv.gz", "hive": True, "date_type": "integer"},
        {"file_format": "csv", "hive": True, "column_in_file": True, "lost_zeros": True, "shuffled_columns": True},
    ],
)
def test_one_seed_means_one_set_of_data(tmp_path, variant):
    arguments = {"seed": 7, "persons": 120, "years": (2023, 2024)}
    plain = adversarial.write_source(tmp_path / "plain", **arguments)
    other = adversarial.write_source(tmp_path / "other", **arguments, **variant)
    assert meaning(plain) == meaning(other)


def test_compare_sees_every_kind_of_difference():
    """A comparison that cannot fail would prove nothing."""
    connection = duckdb.connect()
    connection.execute(
        "create table t (reference_year integer, geo_level text, geo_code text, numerator bigint, denominator bigint, value double, lower_95 double, upper_95 double, status text)"
    )
    right = [(2023, "region", "02000", 1, 4, 25.0, "published"), (2023, "region", "03000", 0, 0, None, "empty")]
    connection.executemany("insert into t values (?, ?, ?, ?, ?, ?, null, null, ?)", right)
    cells = {row[:3]: row[3:6] for row in right}

    def differences(change):
        connection.execute("begin")
        connection.execute(change)
        found = compare.compare_table(connection, "main", "t", (), cells)
        connection.execute("rollback")
        return found

    assert differences("select 1") == []
    assert differences("update t set numerator = null, denominator = null, value = null, status = 'small_cell'") == []
    for change in (
        "update t set numerator = 2 where geo_code = '02000'",
        "update t set denominator = 5 where geo_code = '02000'",
        "update t set value = 25.00001 where geo_code = '02000'",
        "update t set value = 0 where geo_code = '03000'",
        "update t set status = 'published' where geo_code = '03000'",
        "update t set status = 'small_cell' where geo_code = '02000'",
        "update t set geo_code = '04000' where geo_code = '02000'",
        "insert into t select * from t where geo_code = '02000'",
        "delete from t where geo_code = '02000'",
        "alter table t alter numerator type integer",
    ):
        assert differences(change), change
