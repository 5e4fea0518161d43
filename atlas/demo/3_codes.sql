-- Time: what a municipality is called on each list, and which nomenclature codes are in use, whose pregnancies matter.
-- Variables: seed_directory (text), first_year, last_year.

create or replace table calendar_year as
select year::integer as year from range(getvariable('first_year'), getvariable('last_year') + 1) as t (year);

-- One row a year whose pregnancies can bill something in those years, with the multipliers of its draw and of the year before.
create or replace table pregnancy_year as
select
    year::integer as year,
    scramble(year) % 2147483648 | 1 as multiplier,
    scramble(year - 1) % 2147483648 | 1 as earlier_multiplier
from range(getvariable('first_year') - 1, getvariable('last_year') + 2) as t (year);

-- One row a population list. Early: the date from which on some rows may already carry the code that a coming merger gives.
create or replace table list as
select year, 0 as list_number, make_date(year, 6, 30) as reference_date, make_date(year + 1, 6, 30) as early_date from calendar_year
union all
select year, 1 as list_number, make_date(year, 12, 31) as reference_date, make_date(year + 1, 1, 30) as early_date from calendar_year;

-- One row a place and list: the codes that a person who lives there is recorded with. A code of 2018 changes at most twice.
create or replace table place_on_list as
with change as (
    select old_nis, new_nis, effective_date::date as effective_date
    from read_csv(getvariable('seed_directory') || '/geography/geo_crosswalk.csv', header = true, all_varchar = true)
    where old_nis <> new_nis
)

select
    list.year,
    2 * place.place_number + list.list_number as list_place,
    coalesce(
        case when later.effective_date <= list.reference_date then later.new_nis end,
        case when earlier.effective_date <= list.reference_date then earlier.new_nis end,
        place.nis_2018
    )::integer as nis_code,
    coalesce(
        case when later.effective_date <= list.early_date then later.new_nis end,
        case when earlier.effective_date <= list.early_date then earlier.new_nis end,
        place.nis_2018
    )::integer as early_nis_code,
    place.sector_2021,
    place.sector_2011
from list
cross join place
left join change as earlier on place.nis_2018 = earlier.old_nis
left join change as later on earlier.new_nis = later.old_nis
order by list.year, list_place;

-- Codes of no list, beside the real ones of the nomenclature: numbers with a right check digit that represent all the nursing, laboratory and
-- pharmacy lines that a demo does not tell apart.
create or replace table unlisted_code as
with nomenclature as (
    select * from read_csv(getvariable('seed_directory') || '/nomenclature/nomenclature_code.csv', header = true, all_varchar = true)
),

listed as (
    select * from read_csv(getvariable('seed_directory') || '/nomenclature/code_list_member.csv', header = true, all_varchar = true)
),

invented as (
    select lpad((root * 10 + root % 7)::varchar, 6, '0') as code
    from (
        select unnest(range(42501, 42560, 2)) as root       -- nursing
        union all
        select unnest(range(54001, 54180, 2)) as root       -- laboratory
        union all
        select unnest(range(56001, 56040, 2)) as root       -- physiotherapy
        union all
        select unnest(range(101, 110)) as root              -- codes with leading zeros
    ) as roots
)

select
    code,
    case category when 'consultation' then 12.0 when 'flat_fee' then 3.0 else 0.3 end as weight,
    case category when 'consultation' then '004' when 'flat_fee' then '930' end as qualification
from nomenclature
where code not in (select code from listed) and paired_code is null or category in ('consultation', 'flat_fee', 'supplement', 'manipulation')
union all
select code, 1.0 as weight, null as qualification
from invented
where code not in (select code from nomenclature) and code not in (select code from listed);

-- One row a year, kind of service, quarter, setting and slot: which code is billed, by whom, for how much. 256 slots share out the codes by weight.
create or replace macro slots_per_kind() as 256;
create or replace macro pick_number(kind_number, quarter, is_inpatient, slot) as (
    kind_number * 2048 + quarter * 512 + is_inpatient::integer * 256 + slot::integer
);
create or replace table code_pick as
with nomenclature as (
    select *, setting = 'inpatient' as is_inpatient
    from read_csv(getvariable('seed_directory') || '/nomenclature/nomenclature_code.csv', header = true, all_varchar = true)
),

listed as (
    select * from read_csv(getvariable('seed_directory') || '/nomenclature/code_list_member.csv', header = true, all_varchar = true)
),

candidate as (
    select
        kind.kind_number, nomenclature.is_inpatient, nomenclature.code,
        -- Some kinds are billed by several professions, each by the codes of its article.
        case nomenclature.article when '17bis' then '930' when '9 a' then null when '9 b' then '004' else kind.qualification end as qualification,
        nomenclature.valid_from::date as valid_from, nomenclature.valid_to::date as valid_to,
        coalesce(
            code_weight.weight,
            1.0 / row_number() over (
                partition by kind.kind_number, nomenclature.is_inpatient
                order by nomenclature.label_en is null, nomenclature.article desc, nomenclature.code
            )
        ) as weight
    from service_kind as kind
    inner join nomenclature
        on
            (nomenclature.code like kind.code_prefix || '%' or kind.code_prefix is null)
            and (
                list_contains(kind.categories, nomenclature.category) and (kind.articles is null or list_contains(kind.articles, nomenclature.article))
                or nomenclature.code in (select listed.code from listed where listed.list_code = kind.list_code)
            )
    left join code_weight on nomenclature.code = code_weight.code
),

period as (
    select calendar_year.year, quarter::integer as quarter, make_date(calendar_year.year, (quarter * 3 + 2)::integer, 15) as middle
    from calendar_year
    cross join range(4) as t (quarter)
),

in_use as (
    select period.year, period.quarter, candidate.kind_number, candidate.is_inpatient, candidate.code, candidate.weight, candidate.qualification
    from candidate
    inner join period
        on coalesce(candidate.valid_from, period.middle) <= period.middle and coalesce(candidate.valid_to, period.middle) >= period.middle
    union all
    select period.year, period.quarter, 0 as kind_number, setting.is_inpatient, unlisted_code.code, unlisted_code.weight, unlisted_code.qualification
    from unlisted_code
    cross join period
    cross join (select unnest([false, true]) as is_inpatient) as setting
),

bounded as (
    select
        *,
        sum(weight) over (partition by year, kind_number, is_inpatient, quarter order by code) - weight as from_weight,
        sum(weight) over (partition by year, kind_number, is_inpatient, quarter order by code) as to_weight,
        sum(weight) over (partition by year, kind_number, is_inpatient, quarter) as total_weight
    from in_use
)

select
    bounded.year,
    pick_number(bounded.kind_number, bounded.quarter, bounded.is_inpatient, slot) as pick,
    -- One slot in 256 takes a code that exists at another time, where there is one.
    case
        when slot = 255 then coalesce(
            (
                select min(candidate.code)
                from candidate
                where
                    candidate.kind_number = bounded.kind_number and candidate.is_inpatient = bounded.is_inpatient
                    and (candidate.valid_from > make_date(bounded.year, 12, 31) or candidate.valid_to < make_date(bounded.year, 1, 1))
            ), bounded.code
        )
        else bounded.code
    end::integer as code,
    -- Three slots in 256 carry the qualification of another performer, thirteen none.
    case
        when slot % 100 = 50 then case when bounded.qualification = '930' then '480' when bounded.qualification is not null then '930' end
        when slot % 20 <> 7 then bounded.qualification
    end as qualification,
    (kind.amount_eurocents * (0.7 + 0.6 * share(scramble(bounded.code::bigint))))::integer as amount_eurocents
from bounded
inner join range(slots_per_kind()) as t (slot)
    on (slot + 0.5) / slots_per_kind() * total_weight >= from_weight and (slot + 0.5) / slots_per_kind() * total_weight < to_weight
inner join service_kind as kind on bounded.kind_number = kind.kind_number
order by bounded.year, pick;
