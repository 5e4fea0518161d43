"""The yardstick: one DuckDB script that computes the cells of one year as an analyst would write it for this once.

`python hand.py SOURCE_DIR YEAR DATABASE`: five imaging variables, deliveries, prenatal acts and hospitals by the newest geography, totals included, from
hive-partitioned Parquet. It has no rejects, no warnings, no reconciliation, no masking, no tests, and knows one year only.

Tuned on a quarter of Belgium by processor time; docs/operations/performance.md says what was tried.
"""

import csv
import os
import sys
from pathlib import Path

import duckdb

VARIABLES = ("rad", "dentist", "spec", "ct", "thera")
SEEDS = Path(__file__).resolve().parents[2] / "seeds"


def seed(folder, name):
    with open(SEEDS / folder / f"{name}.csv", newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def municipalities_of_2025():
    """(any code, its municipality of 2025) pairs."""
    today = {
        row["nis_code"]
        for row in seed("geography", "geo_municipality")
        if row["valid_from"] <= "2025-01-01" <= row["valid_to"]
    }
    steps = {
        row["old_nis"]: row["new_nis"] for row in seed("geography", "geo_crosswalk") if row["old_nis"] != row["new_nis"]
    }
    pairs = []
    for row in seed("geography", "geo_municipality"):
        code = row["nis_code"]
        while code in steps and code not in today:
            code = steps[code]
        if code in today:
            pairs.append((int(row["nis_code"]), code))
    return pairs


def prepare(connection):
    """The small tables: codes with their lists, municipalities with their units, sectors."""
    connection.execute("create table residence (code integer, municipality text)")
    connection.executemany("insert into residence values (?, ?)", municipalities_of_2025())
    connection.execute(f"""
        create table member as
        select code::integer as code, bool_or(list_code = 'IMAG_RAD') as rad, bool_or(list_code = 'IMAG_DENTIST') as dentist, bool_or(list_code = 'IMAG_SPEC') as spec,
            bool_or(list_code = 'IMAG_CT') as ct, bool_or(list_code = 'IMAG_THERA') as thera,
            max(case list_code when 'DELIVERY_CAESAREAN' then 1 when 'DELIVERY_VAGINAL_HOSPITAL' then 2 when 'DELIVERY_HOME' then 3 end) as priority,
            max(case list_code when 'PRENATAL_ULTRASOUND' then 'ultrasound' when 'PRENATAL_INVASIVE' then 'invasive' when 'PRENATAL_CTG' then 'cardiotocography' end) as act
        from read_csv('{SEEDS}/nomenclature/code_list_member.csv', all_varchar = true) group by all;
        create table unit as
        with m as (select nis_code, arrondissement_nis, province_nis, region_nis from read_csv('{SEEDS}/geography/geo_municipality.csv', all_varchar = true) where '2025-01-01' between valid_from and valid_to)
        select nis_code as municipality, 'municipality' as geo_level, nis_code as geo_code from m union all select nis_code, 'arrondissement', arrondissement_nis from m
        union all select nis_code, 'province', province_nis from m union all select nis_code, 'region', region_nis from m
        union all select nis_code, 'country', '01000' from m union all select '', 'country', '01000';
        create table sector as
        select distinct sector_code, municipality
        from (select sector_code, unnest([nis_2011, nis_2021]) as nis from read_csv('{SEEDS}/geography/geo_sector.csv', all_varchar = true)) as listed
        inner join residence on try_cast(nis as integer) = code;
    """)


def people(connection, source, year):
    """Beneficiaries: one line a list, December before June. A person who is twice on a list is found by a hash, and only such persons are grouped."""
    for name, day in (("december", f"{year}-12-31"), ("june", f"{year}-06-30")):
        connection.execute(f"""
            create temp view {name}_line as
            select pp0010 as person, pp0025 as residence, pp0055 as sector, pp0030 as insurability, pp0015 as born, pp0020 as sex
            from read_parquet('{source}/population/reference_date={day}/*.parquet', hive_partitioning = false)
            where pp0010 is not null and pp0015 between {year} - 125 and {year};
            create temp table {name}_twice as select hash(person) as person_hash from {name}_line group by all having count(*) > 1;
            create temp view {name} as
            select person, residence, sector, insurability, born from {name}_line where hash(person) not in (from {name}_twice)
            union all
            select person, line[1], line[2], line[3], line[4]
            from (select person, min((residence, sector, insurability, born, sex)) as line from {name}_line where hash(person) in (from {name}_twice) group by person);
        """)
    connection.execute(f"""
        create temp table beneficiary as
        with known as (
            select person, d.residence as d_residence, d.sector as d_sector, d.insurability as d_insurability, j.residence as j_residence, j.sector as j_sector,
                j.insurability as j_insurability, coalesce(d.born, j.born) as born,
                coalesce(d.residence between 100 and 999 and d.residence not in (995, 999), false) or d.residence in (from residence select code) as december_known
            from december as d full outer join june as j using (person)
        ),
        placed as (
            select person, case when december_known then d_residence else j_residence end as code, case when december_known then d_sector else j_sector end as sector,
                {year} - born as age, case when length(d_insurability) = 3 then d_insurability when length(j_insurability) = 3 then j_insurability end as insurability
            from known
        )
        select person, residence.municipality, s.sector_code as sector, least(age // 10, 9) as decade, case when age < 20 then 0 when age >= 40 then 5 else age // 5 - 3 end as maternal,
            coalesce(insurability[3] = '1', false) as increased
        from placed left join residence using (code) left join sector as s on placed.sector = s.sector_code and residence.municipality = s.municipality
        where code is null or not (code between 100 and 999 and code not in (995, 999));
    """)


def imaging(connection, source, year):
    """The five variables a person, then cells by unit and age, and by sector."""
    measures = [
        "beneficiaries",
        *(f"{variable}_{measure}" for variable in VARIABLES for measure in ("patients", "exams")),
    ]
    sums = ", ".join(f"sum({measure}) as {measure}" for measure in measures)
    connection.execute(f"""
        create temp table used as
        select ss00010 as person, {", ".join(f"sum(ss00050 * cast({v} as integer)) as {v}" for v in VARIABLES)}
        from read_parquet('{source}/health_care/service_year={year}/*.parquet', hive_partitioning = false) inner join member on ss00020 = code
        where ss00010 is not null and ss00015 between date '{year}-01-01' and date '{year}-12-31' and ss00050 <> 0 and ({" or ".join(VARIABLES)})
        group by ss00010;
        create temp table smallest as
        select municipality, sector, decade, count(*) as beneficiaries,
            {", ".join(f"count(*) filter (where {v} > 0) as {v}_patients, sum({v}) filter (where {v} > 0) as {v}_exams" for v in VARIABLES)}
        from beneficiary left join used using (person) group by all;
        create table imaging_cell as
        select geo_level, geo_code, decade, {sums}
        from smallest inner join unit on coalesce(smallest.municipality, '') = unit.municipality group by geo_level, geo_code, cube (decade)
        union all
        select 'statistical_sector', sector, null, {sums} from smallest where sector is not null group by sector;
    """)


def perinatal(connection, source, year):
    """Deliveries, prenatal acts, and their cells by residence and by hospital."""
    connection.execute(f"""
        create temp table perinatal as
        select ss00010 as person, ss00015 as day, code, priority, act, ss00050 as cases, ss00075 as hospital
        from read_parquet(['{source}/health_care/service_year={year - 1}/*.parquet', '{source}/health_care/service_year={year}/*.parquet'], hive_partitioning = false)
        inner join member on ss00020 = code
        where ss00010 is not null and ss00015 is not null and ss00050 <> 0 and (priority is not null or act is not null);
        create temp table delivery as
        with claim as (select person, day, code, priority, min(hospital) as hospital from perinatal where priority is not null group by all having sum(cases) > 0),
        delivery_day as (
            select person, day, min(priority) as priority, min(hospital) as hospital
            from (from claim qualify priority = min(priority) over (partition by person, day)) as kept group by all
        )
        select * from delivery_day qualify coalesce(day - lag(day) over (partition by person order by day) > 30, true);
        create temp table prenatal as
        with act as (select person, day, act, sum(cases) as cases from perinatal where act is not null group by all),
        nearest as (
            select act.*, min(delivery.day) as delivery_day from act inner join delivery on act.person = delivery.person and delivery.day - act.day between 0 and 280 group by all
        )
        select person, delivery_day, act, sum(cases) as acts from nearest where delivery_day - day <= case act when 'cardiotocography' then 15 else 280 end group by all having sum(cases) > 0;
        create temp table attributed as
        select person, municipality, maternal, increased, hospital, priority, day from delivery inner join beneficiary using (person) where year(day) = {year};
        create table delivery_cell as
        select geo_level, geo_code, maternal, increased, count(*) as deliveries, count(*) filter (where priority = 1) as caesareans,
            count(distinct person) as women, count(distinct person) filter (where priority = 1) as caesarean_women
        from attributed inner join unit on coalesce(attributed.municipality, '') = unit.municipality group by geo_level, geo_code, cube (maternal, increased);
        create table prenatal_cell as
        select geo_level, geo_code, maternal, increased, act, sum(acts) as acts, count(distinct person) as women
        from prenatal inner join beneficiary using (person) inner join unit on coalesce(beneficiary.municipality, '') = unit.municipality
        where year(delivery_day) = {year} group by geo_level, geo_code, cube (maternal, increased, act);
        create table hospital_delivery_cell as
        select hospital, count(*) as deliveries, count(*) filter (where priority = 1) as caesareans, count(distinct person) as women
        from attributed where hospital is not null group by rollup (hospital);
        create table hospital_prenatal_cell as
        select hospital, act, sum(acts) as acts, count(distinct attributed.person) as women
        from prenatal inner join attributed on prenatal.person = attributed.person and prenatal.delivery_day = attributed.day where hospital is not null group by cube (hospital, act);
    """)


def main():
    source, year, database = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    connection = duckdb.connect(database)
    connection.execute(
        f"set memory_limit = '{os.environ.get('ATLAS_MEMORY_LIMIT', '4GB')}'; set threads = {os.environ.get('ATLAS_THREADS', '2')}"
    )
    connection.execute("set preserve_insertion_order = false; set enable_progress_bar = false")
    prepare(connection)
    people(connection, source, year)
    imaging(connection, source, year)
    perinatal(connection, source, year)


if __name__ == "__main__":
    main()
