-- The stage: municipalities, sectors, hospitals and how many people of which age and sex live where. Read from the project's seeds.
-- Variables: seed_directory (text), scale (1 = all of Belgium).

-- One row a hospital, in the order of the municipalities' codes along which they are spread; sizes differ by a factor of about ten.
create or replace table hospital as
with numbered as (
    select
        n as hospital_number,
        99001 + n as institution,                                       -- no real institution has such a number
        exp(2.2 * share(draw(scramble(n), 1))) as size,
        0.08 * (share(draw(scramble(n), 2)) - 0.5) as caesarean_effect
    from range(104) as t (n)
)

select
    *,
    (sum(size) over (order by hospital_number) - size) / sum(size) over () as from_position,
    sum(size) over (order by hospital_number) / sum(size) over () as to_position
from numbered;

-- One row a place where people live: a sector of the list of 2021. Its municipality in 2018 is the code's prefix, for a sector keeps its code.
-- sector_2011 is the code of the older list: mostly the same; the first places of a municipality take the codes that this list alone had; null where
-- the sector is new.
create or replace table place as
with sector as (
    select * from read_csv(getvariable('seed_directory') || '/geography/geo_sector.csv', header = true, all_varchar = true)
),

current_sector as (
    select
        sector_code, nis_2011, nis_2021,
        row_number() over (partition by left(sector_code, 5) order by sector_code) as rank_in_municipality
    from sector
    where nis_2021 is not null
),

former_sector as (
    select
        sector_code, nis_2011,
        row_number() over (partition by nis_2011 order by sector_code) as rank_in_municipality
    from sector
    where nis_2021 is null
)

select
    (row_number() over (order by current_sector.nis_2021, current_sector.sector_code) - 1)::integer as place_number,
    current_sector.nis_2021 as nis_2019,
    left(current_sector.sector_code, 5) as nis_2018,
    current_sector.sector_code as sector_2021,
    coalesce(
        former_sector.sector_code,
        case when current_sector.nis_2011 is not null then current_sector.sector_code end
    ) as sector_2011
from current_sector
left join former_sector
    on
        left(current_sector.sector_code, 5) = former_sector.nis_2011
        and current_sector.rank_in_municipality = former_sector.rank_in_municipality
order by place_number;

-- One row a municipality of 2019: its places, its hospitals, how it differs.
create or replace table municipality as
with weight as (
    select nis_code, sum(male + female)::bigint as population
    from read_csv(getvariable('seed_directory') || '/demo/demo_population_age_sex.csv', header = true,
        types = {'nis_code': 'varchar', 'age_from': 'integer', 'male': 'integer', 'female': 'integer'})
    group by nis_code
),

located as (
    select
        weight.nis_code, weight.population, municipality.region_nis,
        (sum(weight.population) over (order by weight.nis_code) - weight.population / 2) / sum(weight.population) over () as position
    from weight
    inner join read_csv(getvariable('seed_directory') || '/geography/geo_municipality.csv', header = true, all_varchar = true) as municipality
        on weight.nis_code = municipality.nis_code
),

placed as (
    select nis_2019, min(place_number) as first_place, count(*)::integer as place_count from place group by nis_2019
),

hashed as (
    select *, scramble(nis_code::bigint) as key from located
)

select
    (row_number() over (order by hashed.nis_code) - 1)::integer as municipality_number,
    hashed.nis_code, hashed.region_nis, hashed.population, hashed.position, placed.first_place, placed.place_count,
    reimbursement.rate * (0.75 + 0.5 * share(draw(hashed.key, 1))) as increased_reimbursement_rate,
    region.factor * (0.93 + 0.14 * share(draw(hashed.key, 2))) as imaging_factor,
    hospital.hospital_number
from hashed
inner join placed on hashed.nis_code = placed.nis_2019
inner join entitled_share as reimbursement on hashed.region_nis = reimbursement.region_nis
inner join imaging_region as region on hashed.region_nis = region.region_nis
inner join hospital on hashed.position >= hospital.from_position and hashed.position < hospital.to_position
order by hashed.nis_code;

-- Where movers go: a municipality in proportion to its population, neighbours in code having neighbouring slots.
create or replace macro slot_count() as 10000;
create or replace table destination as
with bounded as (
    select
        *,
        sum(population) over (order by nis_code) - population as from_person,
        sum(population) over (order by nis_code) as to_person,
        sum(population) over () as country_population
    from municipality
)

select slot::integer as slot, bounded.municipality_number, bounded.first_place, bounded.place_count
from range(slot_count()) as t (slot)
inner join bounded
    on (slot + 0.5) * country_population / slot_count() >= from_person and (slot + 0.5) * country_population / slot_count() < to_person
order by slot;

-- One row a municipality, five-year age group at the start of weights_year, and sex: the numbers of the people who belong to it.
-- A group holds everybody who lives at some time after history_start_year: those of the weights, enlarged by those who died before, and the cohorts
-- that the weights do not know: born since (like the youngest group), and extinct by then (like the oldest).
create or replace table cell as
with weight as (
    select nis_code, age_from, unnest([1, 2]) as sex, unnest([male, female]) as population
    from read_csv(getvariable('seed_directory') || '/demo/demo_population_age_sex.csv', header = true,
        types = {'nis_code': 'varchar', 'age_from': 'integer', 'male': 'integer', 'female': 'integer'})
),

cohort as (
    select nis_code, sex, age_from, population::double as population from weight
    union all
    select nis_code, sex, unnest([-5, -10]) as age_from, population * 0.92 as population from weight where age_from = 0
    union all
    select nis_code, sex, 105 as age_from, population * 0.3 as population from weight where age_from = 95
),

enlarged as (
    select
        *,
        -- Deaths between the start of the history and the weights' date, by the middle age of the group.
        population * (1 + 0.25 * share_of_immigrants() * (age_from < 55)::integer) * exp(
            mortality_level(sex) / mortality_slope() * (
                exp(mortality_slope() * greatest(age_from + 2.5, 0))
                - exp(mortality_slope() * greatest(age_from + 2.5 - (weights_year() - history_start_year()), 0))
            )
        ) as people
    from cohort
),

counted as (
    select
        *,
        floor(getvariable('scale') * sum(people) over (order by nis_code, age_from, sex rows unbounded preceding))::bigint as to_person
    from enlarged
)

select
    coalesce(lag(counted.to_person) over (order by counted.nis_code, counted.age_from, counted.sex), 0) as from_person,
    counted.to_person,
    counted.sex::tinyint as sex,
    weights_year() - 1 - counted.age_from as last_birth_year,
    case when counted.age_from >= 95 then 8 else 5 end as birth_years,
    municipality.municipality_number,
    municipality.first_place,
    municipality.place_count,
    floor(municipality.position * slot_count())::integer as slot
from counted
inner join municipality on counted.nis_code = municipality.nis_code
order by from_person;
