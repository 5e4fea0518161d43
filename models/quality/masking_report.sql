-- One row is a published table, reference year and level: how many of its cells are published, empty or suppressed, why, and the persons in their numerators.
{{ config(materialized = 'yearly', group = 'disclosure') }}

with statistic as (

    select
        *,
        measure = 'count' as is_count,
        -- the deliveries of a table of counts are the denominator of the caesareans
        case when place = 'hospital' then 'hospital_' else '' end || case when variable = 'deliveries' then 'caesareans' else variable end as series
    from {{ ref('int_statistic') }}

),

cell as (

    select * from {{ ref('released_cell') }}
    where {{ in_years_to_build('reference_year') }}

),

decided as (

    select
        statistic.code,
        cell.reference_year,
        cell.geo_level,
        case when statistic.is_count then cell.denominator_persons else cell.persons end as persons,
        case
            when not cell.is_denominator_suppressed and (statistic.is_count or not cell.is_numerator_suppressed)
                then case when cell.denominator = 0 and not statistic.is_count then 'empty' else 'published' end
            when {{ is_small_group('cell.denominator_persons') }} or (not statistic.is_count and {{ is_small_group('cell.persons') }}) then 'primary'
            else 'secondary'
        end as decision
    from statistic
    inner join cell
        on
            statistic.series = cell.series
            and statistic.first_year <= cell.reference_year
            and (statistic.filters <> '' or ({{ is_total_of(suppression_filters(), 'cell') }}))
            and (statistic.smallest_level = 'statistical_sector' or cell.geo_level <> 'statistical_sector')

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
    from decided
    group by code, reference_year, geo_level

)

select * from counted
