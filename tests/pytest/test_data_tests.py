"""Tests of the data tests: each is shown a warehouse with one thing wrong, and must find it.

The damage is done in a copy of a built warehouse, inside a transaction that is rolled back; the test's own compiled SQL reads it. A data test that
finds nothing here would never find anything.
"""

import shutil

import duckdb
import pytest

# The data test, what is wrong, and the SQL that makes it so. YEAR and LATER are years of the small source.
YEAR, LATER = 2022, 2023
DAMAGES = [
    (
        "nomenclature_is_consistent",
        "wrong check digit",
        "update seed.nomenclature_code set code = '450016' where code = '450015'",
    ),
    (
        "nomenclature_is_consistent",
        "pair that does not point back",
        "update seed.nomenclature_code set paired_code = null where code = '450026'",
    ),
    (
        "nomenclature_is_consistent",
        "pair of one setting",
        "update seed.nomenclature_code set setting = 'ambulatory' where code = '450026'",
    ),
    (
        "nomenclature_is_consistent",
        "list of the card cut short",
        "delete from seed.code_list_member where code in ('469932', '469943')",
    ),
    (
        "nomenclature_is_consistent",
        "variable of an unknown list",
        "update seed.imaging_variable set list_code = 'IMAG_X' where variable = 'IMAG_CT_N'",
    ),
    (
        "nomenclature_is_consistent",
        "cone beam is no CT",
        "update seed.nomenclature_code set category = 'cbct' where code in ('457855', '457866')",
    ),
    (
        "nomenclature_is_consistent",
        "unknown group",
        "update seed.provider_qualification set performer_group = 'doctor' where qualification = '930'",
    ),
    ("geography_is_consistent", "a municipality too few", "delete from seed.geo_municipality where nis_code = '11001'"),
    (
        "geography_is_consistent",
        "arrondissement of another time",
        "update seed.geo_arrondissement set valid_to = date '2018-12-31' where nis_code = '58000'",
    ),
    (
        "geography_is_consistent",
        "Brussels without a province",
        "update seed.geo_municipality set province_nis = '20001' where region_nis = '04000'",
    ),
    ("geography_is_consistent", "step left out", "delete from seed.geo_crosswalk where old_nis = '12030'"),
    (
        "geography_is_consistent",
        "carried onto two",
        "insert into seed.geo_crosswalk select '12030', '11001', date '2019-01-01', 'merger'",
    ),
    (
        "geography_is_consistent",
        "sector of nowhere",
        "update seed.geo_sector set nis_2021 = '99999' where sector_code = '11001A00-'",
    ),
    (
        "geography_is_consistent",
        "ranges that overlap",
        "update seed.residence_code set code_to = 996 where code_from = 995",
    ),
    (
        "geographic_unit_is_whole",
        "unit without its parent",
        "delete from reference.geographic_unit where geo_level = 'province' and geo_code = '21000'",
    ),
    (
        "rules_are_consistent",
        "age in two classes",
        "update seed.age_category set age_to = 20 where scheme = 'decennial' and age_from = 10",
    ),
    (
        "rules_are_consistent",
        "age in no class",
        "update seed.age_category set age_to = 18 where scheme = 'maternal' and age_from = 0",
    ),
    (
        "rules_are_consistent",
        "window longer than the search",
        "update seed.procedure_type set window_days = 300 where procedure_type = 'invasive'",
    ),
    (
        "rules_are_consistent",
        "priorities that tie",
        "update seed.delivery_type set priority = 2 where delivery_type = 'home'",
    ),
    (
        "rules_are_consistent",
        "variable without a column",
        "insert into seed.imaging_variable values ('IMAG_MRI_N', 'IMAG_CT')",
    ),
    (
        "rules_are_consistent",
        "column without a variable",
        "update seed.imaging_variable set variable = 'IMAG_XX_N' where variable = 'IMAG_THERA_N'",
    ),
    (
        "rules_are_consistent",
        "SQL that names nothing",
        "update seed.delivery_type set delivery_type = 'section' where delivery_type = 'caesarean'",
    ),
    (
        "people_rooms_hold_possible_rows",
        "sector elsewhere",
        "update intermediate.int_beneficiary set municipality_code = '11001' where sector_code is not null",
    ),
    ("people_rooms_hold_possible_rows", "too old", "update intermediate.int_beneficiary set age = 126"),
    (
        "people_rooms_hold_possible_rows",
        "deliveries 30 days apart",
        f"insert into intermediate.int_delivery by name select * replace (delivery_date + 30 as delivery_date) from intermediate.int_delivery where reference_year = {YEAR}",
    ),
    (
        "people_rooms_hold_possible_rows",
        "acts before no delivery",
        "update intermediate.int_prenatal_act set delivery_date = delivery_date + 1",
    ),
    (
        "every_line_is_accounted_for",
        "line lost",
        f"update quality.reconciliation set rows_in = rows_in + 1, difference = 1 where load_year = {YEAR}",
    ),
    (
        "int_imaging_cell_has_a_complete_grid",
        "row missing",
        "delete from intermediate.int_imaging_cell where geo_code = '11001' and age_category = '90+'",
    ),
    (
        "int_imaging_cell_has_a_complete_grid",
        "row twice",
        "insert into intermediate.int_imaging_cell select * from intermediate.int_imaging_cell where geo_code = '11001'",
    ),
    (
        "int_delivery_cell_has_a_complete_grid",
        "year missing",
        f"delete from intermediate.int_delivery_cell where reference_year = {YEAR}",
    ),
    (
        "int_prenatal_cell_has_a_complete_grid",
        "year without look-back",
        f"update source.int_reference_year set has_prenatal_lookback = false where reference_year = {YEAR}",
    ),
    (
        "int_hospital_delivery_cell_has_a_complete_grid",
        "country missing",
        "delete from intermediate.int_hospital_delivery_cell where geo_level = 'country'",
    ),
    (
        "int_hospital_prenatal_cell_has_a_complete_grid",
        "unknown type",
        "update intermediate.int_hospital_prenatal_cell set procedure_type = 'x' where procedure_type = 'invasive'",
    ),
    (
        "int_imaging_cell_adds_up",
        "total",
        "update intermediate.int_imaging_cell set exams = exams + 1 where geo_code = '01000' and age_category = 'total'",
    ),
    (
        "int_delivery_cell_adds_up",
        "province",
        "update intermediate.int_delivery_cell set deliveries = deliveries + 1 where geo_code = '10000' and geo_level = 'province'",
    ),
    (
        "int_prenatal_cell_adds_up",
        "type of act",
        "update intermediate.int_prenatal_cell set acts = acts + 1 where procedure_type = 'total'",
    ),
    (
        "belgium_is_its_regions_and_people_without_address",
        "people without an address lost",
        "update intermediate.int_imaging_cell set beneficiaries = beneficiaries - 1 where geo_level = 'country' and age_category in ('30-39', 'total')",
    ),
    (
        "belgium_is_its_regions_and_people_without_address",
        "a person twice",
        "insert into intermediate.int_beneficiary select * from intermediate.int_beneficiary where municipality_code is not null limit 1",
    ),
    (
        "cells_hold_possible_counts",
        "patients above beneficiaries",
        "update intermediate.int_imaging_cell set patients = beneficiaries + 1, exams = beneficiaries + 1",
    ),
    (
        "cells_hold_possible_counts",
        "caesareans above deliveries",
        "update intermediate.int_delivery_cell set caesareans = deliveries + 1",
    ),
    (
        "cells_hold_possible_counts",
        "women without a delivery",
        "update intermediate.int_prenatal_cell set act_women = act_women + 1000, acts = acts + 1000",
    ),
    (
        "sectors_and_hospitals_stay_within_their_whole",
        "sector above its municipality",
        "update intermediate.int_imaging_cell set beneficiaries = beneficiaries + 1000 where geo_level = 'statistical_sector'",
    ),
    (
        "sectors_and_hospitals_stay_within_their_whole",
        "hospitals",
        "update intermediate.int_hospital_delivery_cell set deliveries = deliveries + 1 where geo_level = 'country'",
    ),
    (
        "published_rows_are_sound",
        "value off",
        "update marts.cube_013_007 set value = value * 1.001 where status = 'published'",
    ),
    (
        "published_rows_are_sound",
        "small number shown",
        "update marts.stat_013_003 set numerator = 3, value = 300.0 / denominator where geo_level = 'country'",
    ),
    (
        "published_rows_are_sound",
        "small cell that speaks",
        "update marts.cube_013_003 set value = 1 where status = 'small_cell'",
    ),
    (
        "published_rows_are_sound",
        "count with a denominator",
        "update marts.cube_007_001a_denom set denominator = 1 where geo_level = 'country'",
    ),
    (
        "published_rows_are_sound",
        "empty that is not",
        "update marts.cube_013_003 set status = 'empty' where status = 'published' and geo_level = 'country'",
    ),
    (
        "published_tables_are_complete",
        "row missing",
        f"delete from marts.cube_007_005a where geo_code = '11001' and procedure_type = 'invasive' and reference_year = {LATER}",
    ),
    (
        "published_tables_are_complete",
        "row twice",
        "insert into marts.cube_007_006b select * from marts.cube_007_006b where geo_level = 'country'",
    ),
    (
        "published_tables_are_complete",
        "year that is not public",
        f"update source.int_reference_year set is_published = false where reference_year = {LATER}",
    ),
    (
        "published_tables_agree",
        "stat against cube",
        "update marts.stat_013_008 set numerator = numerator + 1 where geo_level = 'country'",
    ),
    (
        "published_tables_agree",
        "share against volume",
        "update marts.cube_013_004 set denominator = denominator + 1 where geo_level = 'country'",
    ),
    (
        "published_tables_agree",
        "hidden in one table only",
        "update marts.stat_013_003 set denominator = null where geo_level = 'country'",
    ),
    (
        "published_tables_agree",
        "mean against count",
        "update marts.cube_007_005a set denominator = denominator + 1 where geo_level = 'country'",
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
    return [dict(zip(names, row)) for row in relation.fetchall()]


@pytest.mark.parametrize("test", sorted({test for test, _, _ in DAMAGES}))
def test_finds_nothing_in_a_sound_warehouse(test, compiled, warehouse):
    assert found(warehouse, compiled[test]) == []


@pytest.mark.parametrize(
    ("test", "damage"), [pytest.param(test, sql, id=f"{test}-{what}") for test, what, sql in DAMAGES]
)
def test_finds_the_damage_and_says_what_it_is(test, damage, compiled, warehouse):
    warehouse.execute("begin")
    try:
        warehouse.execute(damage)
        failures = found(warehouse, compiled[test])
    finally:
        warehouse.execute("rollback")
    assert failures
    assert all(failure["failure_reason"] for failure in failures)
