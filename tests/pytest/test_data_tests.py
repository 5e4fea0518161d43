"""Tests of the data tests: each is shown a warehouse with one thing wrong, and must find it.

The damage is done in a copy of a built warehouse, inside a transaction that is rolled back; the test's own compiled SQL reads it. A data test that
finds nothing here would never find anything.
"""

import shutil

import duckdb
import pytest

# The data test, what is wrong, words of the reason that it must give, and the SQL that makes it so. YEAR and LATER are years of the small source.
YEAR, LATER = 2022, 2023
DAMAGES = [
    (
        "assert_nomenclature_is_consistent",
        "wrong check digit",
        "modulo 7",
        "update seed.nomenclature_code set code = '450016' where code = '450015'",
    ),
    (
        "assert_nomenclature_is_consistent",
        "pair that does not point back",
        "does not point back",
        "update seed.nomenclature_code set paired_code = null where code = '450026'",
    ),
    (
        "assert_nomenclature_is_consistent",
        "pair of one setting",
        "the same setting",
        "update seed.nomenclature_code set setting = 'ambulatory' where code = '450026'",
    ),
    (
        "assert_nomenclature_is_consistent",
        "list of the card cut short",
        "the list 44",
        "delete from seed.code_list_member where code in ('469932', '469943')",
    ),
    (
        "assert_nomenclature_is_consistent",
        "cone beam is no CT",
        "are no CT",
        "update seed.nomenclature_code set category = 'cbct' where code in ('457855', '457866')",
    ),
    (
        "assert_nomenclature_is_consistent",
        "unknown group",
        "unknown performer_group",
        "update seed.provider_qualification set performer_group = 'doctor' where qualification = '930'",
    ),
    (
        "assert_nomenclature_is_consistent",
        "list that nothing counts",
        "no variable or type counts it",
        "insert into seed.code_list_member select 'IMAG_X', code, valid_from, valid_to, evidence, source from seed.code_list_member where list_code = 'IMAG_CT'",
    ),
    (
        "assert_geography_is_consistent",
        "a municipality too few",
        "has 580 municipalities, not 581",
        "delete from seed.geo_municipality where nis_code = '11001'",
    ),
    (
        "assert_geography_is_consistent",
        "arrondissement of another time",
        "0 rows for its arrondissement",
        "update seed.geo_arrondissement set valid_to = date '2018-12-31' where nis_code = '58000'",
    ),
    (
        "assert_geography_is_consistent",
        "Brussels without a province",
        "not that of its arrondissement",
        "update seed.geo_municipality set province_nis = '20001' where region_nis = '04000'",
    ),
    (
        "assert_geography_is_consistent",
        "step left out",
        "not in the vintage",
        "delete from seed.geo_crosswalk where old_nis = '12030'",
    ),
    (
        "assert_geography_is_consistent",
        "carried onto two",
        "carried onto 2",
        "insert into seed.geo_crosswalk select '12030', '11001', date '2019-01-01', 'merger'",
    ),
    (
        "assert_geography_is_consistent",
        "sector of nowhere",
        "99999, is unknown",
        "update seed.geo_sector set nis_2021 = '99999' where sector_code = '11001A00-'",
    ),
    (
        "assert_geography_is_consistent",
        "ranges that overlap",
        "overlaps with the range",
        "update seed.residence_code set code_to = 996 where code_from = 995",
    ),
    (
        "assert_geographic_units_match_vintage",
        "unit without its parent",
        "parent 21000 does not exist",
        "delete from reference.geographic_unit where geo_level = 'province' and geo_code = '21000'",
    ),
    (
        "assert_rules_are_consistent",
        "age in two categories",
        "in 2 categories",
        "update seed.age_category set age_to = 20 where scheme = 'decennial' and age_from = 10",
    ),
    (
        "assert_rules_are_consistent",
        "age in no category",
        "in 0 categories",
        "update seed.age_category set age_to = 18 where scheme = 'maternal' and age_from = 0",
    ),
    (
        "assert_rules_are_consistent",
        "window longer than a year",
        "longer than 365 days",
        "update seed.procedure_type set window_days = 366 where procedure_type = 'invasive'",
    ),
    (
        "assert_rules_are_consistent",
        "priorities that tie",
        "duplicate priority",
        "update seed.delivery_type set priority = 2 where delivery_type = 'home'",
    ),
    (
        "assert_rules_are_consistent",
        "SQL that names nothing",
        "unknown name in int_delivery_cell",
        "update seed.delivery_type set delivery_type = 'section' where delivery_type = 'caesarean'",
    ),
    (
        "assert_person_level_values_in_range",
        "sector elsewhere",
        "sector not in this municipality",
        "update intermediate.int_beneficiary set municipality_code = '11001' where sector_code is not null",
    ),
    (
        "assert_person_level_values_in_range",
        "too old",
        "above 125",
        "update intermediate.int_beneficiary set age = 126",
    ),
    (
        "assert_person_level_values_in_range",
        "deliveries 30 days apart",
        "within 30 days",
        f"insert into intermediate.int_delivery by name select * replace (delivery_date + 30 as delivery_date) from intermediate.int_delivery where reference_year = {YEAR}",
    ),
    (
        "assert_person_level_values_in_range",
        "acts before no delivery",
        "acts without a delivery",
        "update intermediate.int_prenatal_act set delivery_date = delivery_date + 1",
    ),
    (
        "assert_every_line_is_accounted_for",
        "line lost",
        "records in",
        f"update quality.reconciliation set rows_in = rows_in + 1, difference = 1 where load_year = {YEAR}",
    ),
    (
        "int_imaging_cell_has_a_complete_grid",
        "row missing",
        "a combination of filters is missing",
        "delete from intermediate.int_imaging_cell where geo_code = '11001' and age_category = '90+'",
    ),
    (
        "int_imaging_cell_has_a_complete_grid",
        "row twice",
        "duplicate rows",
        "insert into intermediate.int_imaging_cell select * from intermediate.int_imaging_cell where geo_code = '11001'",
    ),
    (
        "int_delivery_cell_has_a_complete_grid",
        "year missing",
        "the level has no row",
        f"delete from intermediate.int_delivery_cell where reference_year = {YEAR}",
    ),
    (
        "int_prenatal_cell_has_a_complete_grid",
        "year without look-back",
        "its window is not complete",
        f"update source.int_reference_year set has_prenatal_lookback = false where reference_year = {YEAR}",
    ),
    (
        "int_hospital_delivery_cell_has_a_complete_grid",
        "country missing",
        "the level has no row",
        "delete from intermediate.int_hospital_delivery_cell where geo_level = 'country'",
    ),
    (
        "int_hospital_prenatal_cell_has_a_complete_grid",
        "unknown type",
        "the filter has no such value",
        "update intermediate.int_hospital_prenatal_cell set procedure_type = 'x' where procedure_type = 'invasive'",
    ),
    (
        "int_imaging_cell_adds_up",
        "total",
        "age_category do not add up",
        "update intermediate.int_imaging_cell set exams = exams + 1 where geo_code = '01000' and age_category = 'total'",
    ),
    (
        "int_delivery_cell_adds_up",
        "province",
        "the units within it do not add up",
        "update intermediate.int_delivery_cell set deliveries = deliveries + 1 where geo_code = '10000' and geo_level = 'province'",
    ),
    (
        "int_prenatal_cell_adds_up",
        "type of act",
        "procedure_type do not add up",
        "update intermediate.int_prenatal_cell set acts = acts + 1 where procedure_type = 'total'",
    ),
    (
        "assert_country_equals_regions_plus_unknown_address",
        "people without an address lost",
        "Belgium less its regions",
        "update intermediate.int_imaging_cell set beneficiaries = beneficiaries - 1 where geo_level = 'country' and age_category in ('30-39', 'total')",
    ),
    (
        "assert_country_equals_regions_plus_unknown_address",
        "a person twice",
        "Belgium has",
        "insert into intermediate.int_beneficiary select * from intermediate.int_beneficiary where municipality_code is not null limit 1",
    ),
    (
        "assert_cell_counts_are_possible",
        "patients above beneficiaries",
        "more patients than beneficiaries",
        "update intermediate.int_imaging_cell set patients = beneficiaries + 1, exams = beneficiaries + 1",
    ),
    (
        "assert_cell_counts_are_possible",
        "caesareans above deliveries",
        "more caesareans than deliveries",
        "update intermediate.int_delivery_cell set caesareans = deliveries + 1",
    ),
    (
        "assert_cell_counts_are_possible",
        "women without a delivery",
        "more women with acts",
        "update intermediate.int_prenatal_cell set act_women = act_women + 1000, acts = acts + 1000",
    ),
    (
        "assert_sectors_and_hospitals_within_total",
        "sector above its municipality",
        "its sectors have more",
        "update intermediate.int_imaging_cell set beneficiaries = beneficiaries + 1000 where geo_level = 'statistical_sector'",
    ),
    (
        "assert_sectors_and_hospitals_within_total",
        "hospitals",
        "the hospitals do not add up",
        "update intermediate.int_hospital_delivery_cell set deliveries = deliveries + 1 where geo_level = 'country'",
    ),
    (
        "assert_published_rows_are_consistent",
        "value off",
        "is not 100 x numerator",
        "update marts.cube_013_007 set value = value * 1.001 where status = 'published'",
    ),
    (
        "assert_published_rows_are_consistent",
        "small number shown",
        "numerator below the threshold",
        "update marts.stat_013_003 set numerator = 3, value = 300.0 / denominator, lower_95 = 0, upper_95 = 100 where geo_level = 'country'",
    ),
    (
        "assert_published_rows_are_consistent",
        "small cell that speaks",
        "small cell with a numerator",
        "update marts.cube_013_003 set value = 1 where status = 'small_cell'",
    ),
    (
        "assert_published_rows_are_consistent",
        "count with a denominator",
        "a count with a denominator",
        "update marts.cube_007_001a_denom set denominator = 1 where geo_level = 'country'",
    ),
    (
        "assert_published_rows_are_consistent",
        "empty that is not",
        "empty, but the numbers",
        "update marts.cube_013_003 set status = 'empty' where status = 'published' and geo_level = 'country'",
    ),
    (
        "assert_published_tables_are_complete",
        "row missing",
        "missing combination",
        f"delete from marts.cube_007_005a where geo_code = '11001' and procedure_type = 'invasive' and reference_year = {LATER}",
    ),
    (
        "assert_published_tables_are_complete",
        "row twice",
        "duplicate row",
        "insert into marts.cube_007_006b select * from marts.cube_007_006b where geo_level = 'country'",
    ),
    (
        "assert_published_tables_are_complete",
        "year that is not public",
        "must not have",
        f"update source.int_reference_year set is_published = false where reference_year = {LATER}",
    ),
    (
        "assert_published_tables_agree",
        "stat against cube",
        "different numbers",
        "update marts.stat_013_008 set numerator = numerator + 1 where geo_level = 'country'",
    ),
    (
        "assert_published_tables_agree",
        "share against volume",
        "different numbers",
        "update marts.cube_013_004 set denominator = denominator + 1 where geo_level = 'country'",
    ),
    (
        "assert_published_tables_agree",
        "suppressed in one table only",
        "suppressed in one table",
        "update marts.stat_013_003 set denominator = null where geo_level = 'country'",
    ),
    (
        "assert_published_tables_agree",
        "mean against count",
        "different numbers",
        "update marts.cube_007_005a set denominator = denominator + 1 where geo_level = 'country'",
    ),
    (
        "assert_published_values_are_in_dimensions",
        "value without a label",
        "without a row in its dimension",
        "delete from reference.age_category where age_category = '40+'",
    ),
    (
        "assert_cards_are_complete",
        "no title",
        "empty field",
        "update reference.statistic set title = null where code = 'cube_013_007'",
    ),
    (
        "assert_cards_are_complete",
        "no card",
        "no row in table statistic",
        "delete from reference.statistic where language = 'fr'",
    ),
    (
        "assert_cards_are_complete",
        "placeholder",
        "unfilled placeholder",
        "update reference.statistic_remark set remark = 'After {no_such} days.' where remark_code = 'AGE'",
    ),
    (
        "assert_cards_are_complete",
        "column not described",
        "empty field",
        "update reference.statistic_column set description = '' where column_name = 'value' and language = 'nl'",
    ),
    (
        "assert_cards_are_complete",
        "no remark",
        "card without a remark",
        "delete from reference.statistic_remark where code = 'stat_013_014'",
    ),
    (
        "assert_texts_are_complete",
        "remark missing in a language",
        "missing or duplicate",
        "delete from seed.text where topic = 'remark' and key = 'ABROAD' and language = 'nl'",
    ),
    (
        "assert_texts_are_complete",
        "label twice",
        "missing or duplicate",
        "insert into seed.text select * from seed.text where topic = 'geo_level' and key = 'country' and language = 'fr'",
    ),
    (
        "assert_texts_are_complete",
        "remark on no card",
        "remark on no card",
        "delete from reference.statistic_remark where remark_code = 'AGE'",
    ),
    (
        "assert_texts_are_complete",
        "remark without a text",
        "remark without a text",
        "insert into seed.remark_scope values ('NO_SUCH', 99, 'card', 'all', 'all')",
    ),
    (
        "assert_texts_are_complete",
        "four keywords",
        "at most 3 keywords",
        "update intermediate.int_statistic set keywords = 'a;b;c;d' where code = 'cube_013_007'",
    ),
    (
        "assert_texts_are_complete",
        "keyword without a label",
        "keyword without a label",
        "update intermediate.int_card_part set label = null where part = 'keyword'",
    ),
    (
        "assert_related_statistics_have_titles",
        "unknown code",
        "no title in a language",
        "update reference.statistic_relation set related_title_fr = null where related_code = 'cube_007_003a'",
    ),
    (
        "assert_related_statistics_have_titles",
        "related to itself",
        "related to itself",
        "update reference.statistic_relation set related_code = code where code = 'cube_007_001a_denom'",
    ),
    (
        "assert_code_lists_have_evidence_and_labels",
        "no label",
        "without a label",
        "update reference.code_list set label_fr = null where list_code = 'IMAG_CT'",
    ),
    (
        "assert_code_lists_have_evidence_and_labels",
        "no evidence",
        "without evidence",
        "update reference.statistic_code set evidence = null where list_code = 'IMAG_CT'",
    ),
    (
        "assert_suppressed_cells_are_protected",
        "no secondary suppression",
        "published counts leave fewer values",
        "update intermediate.publishable_cell set is_numerator_suppressed = persons between 1 and 4 where not is_denominator_suppressed",
    ),
    (
        "assert_suppressed_cells_are_protected",
        "two counts of one table published after all",
        "published counts leave fewer values",
        """update intermediate.publishable_cell set is_numerator_suppressed = false
        where reference_year = 2023 and series = 'IMAG_CT_N' and geo_level = 'municipality' and persons >= 5 and not is_denominator_suppressed""",
    ),
    (
        "assert_suppressed_cells_are_protected",
        "regions published beside small remainders",
        "published counts leave fewer values",
        "update intermediate.publishable_cell set is_numerator_suppressed = false, is_denominator_suppressed = false where geo_level = 'region'",
    ),
    (
        "assert_three_year_windows_are_protected",
        "windows published after all",
        "years and windows leave fewer values",
        """update three_year.three_year_window as stated set numerator = cell.cases, denominator = cell.denominator
        from intermediate.publishable_three_year_cell as cell where stated.statistic = 'cube_007_006a' and cell.series = 'caesareans'
        and stated.first_year = cell.first_year and stated.geo_level = cell.geo_level and stated.geo_code = cell.geo_code""",
    ),
    (
        "assert_three_year_windows_are_protected",
        "suppressed cells without proof",
        "without proof",
        "update intermediate.suppressed_three_year_cell set proven_below = 2, proven_above = 2",
    ),
    (
        "assert_three_year_windows_are_protected",
        "no suppressed cell",
        "no cell of the suppression",
        "delete from intermediate.suppressed_three_year_cell",
    ),
    (
        "assert_three_year_windows_agree_with_years",
        "a window that is no sum",
        "not the sum of its years",
        "update three_year.three_year_window set numerator = numerator + 1 where geo_level = 'country'",
    ),
    (
        "assert_three_year_windows_agree_with_years",
        "a unit without window",
        "but no window",
        "delete from three_year.three_year_window where geo_level = 'region'",
    ),
    (
        "assert_three_year_windows_agree_with_years",
        "a suppressed window of published years",
        "but not the window",
        "update three_year.three_year_window set numerator = null, value = null, status = 'small_cell' where geo_level = 'country'",
    ),
    (
        "assert_suppression_decides_every_cell",
        "a small remainder that is not suppressed",
        "a small cell is not suppressed",
        "delete from intermediate.suppressed_cell where cell_id in (select cell_id from intermediate.protected_cell where is_remainder)",
    ),
    (
        "assert_code_lists_have_evidence_and_labels",
        "no codes",
        "statistic without a code list",
        "delete from reference.statistic_code where code = 'cube_013_013'",
    ),
]


@pytest.fixture(scope="module")
def compiled(masked) -> dict[str, str]:
    """The SQL of every data test, as dbt ran it on the small source."""
    return {path.stem: path.read_text() for path in (masked.output / "target" / "compiled").rglob("*.sql")}


@pytest.fixture(scope="module")
def warehouse(masked, tmp_path_factory):
    """A connection to a copy of the small warehouse, under the same name, because the compiled SQL says it."""
    copy = shutil.copy(masked.warehouse, tmp_path_factory.mktemp("damaged"))
    with duckdb.connect(str(copy)) as connection:
        yield connection


def found(warehouse, sql: str) -> list[dict]:
    """The failing rows of a data test."""
    relation = warehouse.execute(sql)
    names = [column[0] for column in relation.description]
    return [dict(zip(names, row, strict=False)) for row in relation.fetchall()]


@pytest.mark.parametrize("test", sorted({test for test, *_ in DAMAGES}))
def test_finds_nothing_in_a_sound_warehouse(test, compiled, warehouse):
    assert found(warehouse, compiled[test]) == []


@pytest.mark.parametrize(
    ("test", "reason", "damage"),
    [pytest.param(test, reason, sql, id=f"{test}-{what}") for test, what, reason, sql in DAMAGES],
)
def test_finds_the_damage_and_says_what_it_is(test, reason, damage, compiled, warehouse):
    warehouse.execute("begin")
    try:
        warehouse.execute(damage)
        failures = found(warehouse, compiled[test])
    finally:
        warehouse.execute("rollback")
    assert reason in "\n".join(failure["failure_reason"] for failure in failures)
