-- One row is a published table, reference year and level: how many of its cells are published, empty or suppressed, why, and the persons in their numerators.
{{ config(materialized = 'yearly') }}

with statistic as (

    select
        *,
        -- the deliveries of a table of counts are the denominator of the caesareans
        case when place = 'hospital' then 'hospital_' else '' end || case when variable = 'deliveries' then 'caesareans' else variable end as series
    from {{ ref('int_statistic') }}

),

reference_year as (

    select reference_year from {{ ref('int_reference_year') }}
    where is_published

),

cell as (

    select * from {{ ref('publishable_cell') }}
    where {{ in_years_to_build('reference_year') }}

),

-- the cells of every table; a count has no numerator beside its denominator
table_cell as (

    select
        statistic.code,
        cell.reference_year,
        cell.geo_level,
        case when statistic.measure = 'count' then cell.denominator_persons else cell.persons end as persons,
        cell.denominator_persons,
        statistic.measure <> 'count' and cell.denominator = 0 as is_empty,
        cell.is_denominator_suppressed or (statistic.measure <> 'count' and cell.is_numerator_suppressed) as is_suppressed
    from statistic
    inner join cell
        on
            statistic.series = cell.series
            and statistic.first_year <= cell.reference_year
            and (statistic.filters <> '' or ({{ is_total_of(suppression_filters(), 'cell') }}))
            and (statistic.smallest_level = 'statistical_sector' or cell.geo_level <> 'statistical_sector')
    inner join reference_year on cell.reference_year = reference_year.reference_year

),

explained as (

    select
        *,
        case
            when not is_suppressed and is_empty then 'empty'
            when not is_suppressed then 'published'
            when {{ is_small_group('persons') }} or {{ is_small_group('denominator_persons') }} then 'primary'
            else 'secondary'
        end as decision
    from table_cell

),

counted as (

    select
        code,
        reference_year,
        geo_level,
        count(*) filter (where decision = 'published') as published_cells,
        count(*) filter (where decision = 'empty') as empty_cells,
        count(*) filter (where decision = 'primary') as primary_cells,
        count(*) filter (where decision = 'secondary') as secondary_cells,
        cast(coalesce(sum(persons) filter (where decision = 'published'), 0) as bigint) as published_persons,
        cast(coalesce(sum(persons) filter (where decision = 'primary'), 0) as bigint) as primary_persons,
        cast(coalesce(sum(persons) filter (where decision = 'secondary'), 0) as bigint) as secondary_persons
    from explained
    group by code, reference_year, geo_level

)

select * from counted
