-- One row is a published table, reference year and level: how many of its cells are published, empty or hidden, why, and the persons they stand for.
{{ config(materialized = 'yearly') }}

with statistic as (

    select
        code,
        family,
        measure,
        variable,
        coalesce(filters, '') as filters,
        smallest_level,
        first_year
    from {{ ref('int_statistic') }}

),

reference_year as (

    select reference_year from {{ ref('int_reference_year') }}
    where is_published

),

imaging as (

    select * from {{ ref('int_imaging_masked') }}
    where {{ in_years_to_build('reference_year') }}

),

delivery as (

    select * from {{ ref('int_delivery_masked') }}
    where {{ in_years_to_build('reference_year') }}

),

prenatal as (

    select * from {{ ref('int_prenatal_masked') }}
    where {{ in_years_to_build('reference_year') }}

),

hospital_delivery as (

    select * from {{ ref('int_hospital_delivery_masked') }}
    where {{ in_years_to_build('reference_year') }}

),

hospital_prenatal as (

    select * from {{ ref('int_hospital_prenatal_masked') }}
    where {{ in_years_to_build('reference_year') }}

),

-- the cells of every table, with the persons behind the numerator and those behind the denominator
table_cell as (

    select
        statistic.code,
        imaging.reference_year,
        imaging.geo_level,
        imaging.patients as persons,
        imaging.beneficiaries as denominator_persons,
        imaging.beneficiaries as denominator,
        imaging.is_denominator_masked or imaging.is_numerator_masked as is_masked
    from statistic
    inner join imaging on statistic.variable = imaging.variable
    where
        imaging.reference_year >= statistic.first_year
        and (statistic.filters <> '' or imaging.age_category = 'total')
        and (statistic.smallest_level = 'statistical_sector' or imaging.geo_level <> 'statistical_sector')
    union all
    select
        statistic.code,
        delivery.reference_year,
        delivery.geo_level,
        case when statistic.measure = 'count' then delivery.women else delivery.caesarean_women end as persons,
        delivery.women as denominator_persons,
        case when statistic.measure = 'count' then 1 else delivery.deliveries end as denominator,
        delivery.is_denominator_masked or (statistic.measure <> 'count' and delivery.is_caesarean_masked) as is_masked
    from statistic
    cross join delivery
    where
        statistic.variable in ('deliveries', 'caesareans')
        and statistic.smallest_level = 'municipality'
        and delivery.reference_year >= statistic.first_year
    union all
    select
        statistic.code,
        prenatal.reference_year,
        prenatal.geo_level,
        prenatal.act_women as persons,
        delivery.women as denominator_persons,
        prenatal.deliveries as denominator,
        prenatal.is_denominator_masked or prenatal.is_numerator_masked as is_masked
    from statistic
    cross join prenatal
    inner join delivery
        on
            prenatal.reference_year = delivery.reference_year
            and prenatal.geo_level = delivery.geo_level
            and prenatal.geo_code = delivery.geo_code
            and prenatal.age_category = delivery.age_category
            and prenatal.increased_reimbursement = delivery.increased_reimbursement
    where
        statistic.variable = 'prenatal_acts'
        and statistic.smallest_level = 'municipality'
        and prenatal.reference_year >= statistic.first_year
    union all
    select
        statistic.code,
        hospital_delivery.reference_year,
        hospital_delivery.geo_level,
        hospital_delivery.caesarean_women as persons,
        hospital_delivery.women as denominator_persons,
        hospital_delivery.deliveries as denominator,
        hospital_delivery.is_denominator_masked or hospital_delivery.is_caesarean_masked as is_masked
    from statistic
    cross join hospital_delivery
    where
        statistic.variable = 'caesareans'
        and statistic.smallest_level = 'hospital'
        and hospital_delivery.reference_year >= statistic.first_year
    union all
    select
        statistic.code,
        hospital_prenatal.reference_year,
        hospital_prenatal.geo_level,
        hospital_prenatal.act_women as persons,
        hospital_delivery.women as denominator_persons,
        hospital_prenatal.deliveries as denominator,
        hospital_prenatal.is_denominator_masked or hospital_prenatal.is_numerator_masked as is_masked
    from statistic
    cross join hospital_prenatal
    inner join hospital_delivery
        on
            hospital_prenatal.reference_year = hospital_delivery.reference_year
            and hospital_prenatal.geo_level = hospital_delivery.geo_level
            and hospital_prenatal.geo_code = hospital_delivery.geo_code
    where
        statistic.variable = 'prenatal_acts'
        and statistic.smallest_level = 'hospital'
        and hospital_prenatal.reference_year >= statistic.first_year

),

explained as (

    select
        table_cell.code,
        table_cell.reference_year,
        table_cell.geo_level,
        table_cell.persons,
        case
            when not table_cell.is_masked and table_cell.denominator = 0 then 'empty'
            when not table_cell.is_masked then 'published'
            when {{ is_small_group('table_cell.persons') }} or {{ is_small_group('table_cell.denominator_persons') }} then 'primary'
            else 'complementary'
        end as fate
    from table_cell
    inner join reference_year on table_cell.reference_year = reference_year.reference_year

),

counted as (

    select
        code,
        reference_year,
        geo_level,
        count(*) filter (where fate = 'published') as published_cells,
        count(*) filter (where fate = 'empty') as empty_cells,
        count(*) filter (where fate = 'primary') as primary_cells,
        count(*) filter (where fate = 'complementary') as complementary_cells,
        cast(coalesce(sum(persons) filter (where fate = 'published'), 0) as bigint) as published_persons,
        cast(coalesce(sum(persons) filter (where fate = 'primary'), 0) as bigint) as primary_persons,
        cast(coalesce(sum(persons) filter (where fate = 'complementary'), 0) as bigint) as complementary_persons
    from explained
    group by code, reference_year, geo_level

)

select * from counted
