-- One row is a count of perinatal care by residence of a year of a three-year window, as that year's suppression left it, or the total of the window (no
-- reference_year), before its suppression. Remainders of the country are among them. Windows of a series all of whose years are published.
{{ config(meta = {'by_window': true, 'year_column': 'first_year'}) }}

with released as (

    select
        *,
        {{ first_year_of_window('reference_year') }} as first_year
    from {{ ref('released_cell') }}
    where
        series in ('{{ variables_of_windows() | join("', '") }}')
        and reference_year >= {{ families().perinatal.first_year }}
        and {{ in_years_to_build(first_year_of_window('reference_year')) }}

),

published_year as (

    select reference_year from {{ ref('int_reference_year') }}
    where is_published

),

woman as (

    select
        *,
        {{ first_year_of_window('reference_year') }} as first_year
    from {{ ref('int_three_year_woman') }}
    where {{ in_years_to_build(first_year_of_window('reference_year')) }}

),

unit as (

    select * from {{ ref('suppression_unit') }}

),

withheld as (

    select
        reference_year,
        series,
        geo_level,
        geo_code
    from {{ source('state', 'withheld_cell') }}
    where {{ var('small_cell_threshold') }} > 0

),

cell as (

    select released.* from released
    inner join published_year on released.reference_year = published_year.reference_year

),

-- a denominator that one numerator's row publishes is known
counted as (

    select
        first_year,
        reference_year,
        series,
        'deliveries' as denominator_series,
        geo_level,
        geo_code,
        {{ filter_columns() }},
        cases,
        persons,
        denominator,
        is_numerator_suppressed as is_hidden,
        is_numerator_withheld as is_withheld
    from cell
    union all
    select
        first_year,
        reference_year,
        'deliveries' as series,
        cast(null as string) as denominator_series,
        geo_level,
        geo_code,
        {{ filter_columns() }},
        max(denominator) as cases,
        max(denominator_persons) as persons,
        cast(null as bigint) as denominator,
        bool_and(is_denominator_suppressed) as is_hidden,
        bool_or(is_denominator_withheld) as is_withheld
    from cell
    where {{ is_total_of(numerator_filters()) }}
    group by first_year, reference_year, geo_level, geo_code, {{ filter_columns() }}

),

-- what the country holds beyond its regions
remainder as (

    select
        counted.first_year,
        counted.reference_year,
        counted.series,
        counted.denominator_series,
        unit.geo_level,
        unit.geo_code,
        {{ filter_columns('counted') }},
        {%- for number in ['cases', 'persons', 'denominator'] %}
            cast(sum(case when counted.geo_level = 'country' then counted.{{ number }} else -counted.{{ number }} end) as bigint) as {{ number }},
        {%- endfor %}
        true as is_hidden,
        false as is_withheld
    from counted
    inner join unit on unit.is_remainder and unit.geo_level = 'region'
    where counted.geo_level in ('country', 'region')
    group by
        counted.first_year,
        counted.reference_year,
        counted.series,
        counted.denominator_series,
        unit.geo_level,
        unit.geo_code,
        {{ filter_columns('counted') }}

),

yearly as (

    select
        *,
        is_hidden and not is_withheld as is_target,
        not is_hidden as is_settled
    from counted
    union all
    select
        *,
        {{ is_small_group('cases') }} or {{ is_small_group('persons') }} as is_target,
        false as is_settled
    from remainder

),

whole_series as (

    select
        first_year,
        series
    from yearly
    group by first_year, series
    having count(distinct reference_year) = {{ years_of_window() }}

),

-- a woman may have deliveries in several years: the different women of a unit are counted apart
woman_of_window as (

    select
        woman.first_year,
        woman.series,
        coalesce(unit.geo_level, woman.geo_level) as geo_level,
        coalesce(unit.geo_code, woman.geo_code) as geo_code,
        cast(sum(woman.women) as bigint) as women
    from woman
    left join unit
        on
            woman.geo_level = 'no_known_address'
            and unit.is_remainder
            and unit.geo_level = 'region'
    group by woman.first_year, woman.series, coalesce(unit.geo_level, woman.geo_level), coalesce(unit.geo_code, woman.geo_code)

),

summed as (

    select
        yearly.first_year,
        yearly.series,
        yearly.denominator_series,
        yearly.geo_level,
        yearly.geo_code,
        {{ filter_columns('yearly') }},
        cast(sum(yearly.cases) as bigint) as cases,
        cast(sum(yearly.denominator) as bigint) as denominator,
        bool_or(yearly.is_hidden) as has_hidden_year,
        bool_or(yearly.is_withheld) as has_withheld_year
    from yearly
    inner join whole_series
        on
            yearly.first_year = whole_series.first_year
            and yearly.series = whole_series.series
    where {{ is_total_of(suppression_filters(), 'yearly') }}
    group by
        yearly.first_year,
        yearly.series,
        yearly.denominator_series,
        yearly.geo_level,
        yearly.geo_code,
        {{ filter_columns('yearly') }}

),

whole as (

    select
        summed.*,
        coalesce(woman_of_window.women, 0) as persons,
        summed.has_withheld_year or withheld.series is not null as is_withheld
    from summed
    left join woman_of_window on {{ same_columns('summed', 'woman_of_window', ['first_year', 'series', 'geo_level', 'geo_code']) }}
    left join withheld
        on
            summed.first_year = withheld.reference_year
            and {{ series_of_window('summed.series') }} = withheld.series
            and {{ same_columns('summed', 'withheld', ['geo_level', 'geo_code']) }}

),

-- a window whose years are all published says nothing new: it is published
decided as (

    select
        first_year,
        reference_year,
        series,
        denominator_series,
        geo_level,
        geo_code,
        {{ filter_columns() }},
        cases,
        persons,
        denominator,
        false as is_window,
        is_hidden,
        is_target,
        is_settled
    from yearly
    union all
    select
        first_year,
        cast(null as integer) as reference_year,
        series,
        denominator_series,
        geo_level,
        geo_code,
        {{ filter_columns() }},
        cases,
        persons,
        denominator,
        true as is_window,
        is_withheld as is_hidden,
        {{ is_small_group('cases') }} or {{ is_small_group('persons') }} or {{ is_small_complement('denominator - cases') }} as is_target,
        not has_hidden_year as is_settled
    from whole

),

ranked as (

    select
        *,
        dense_rank() over (order by series) as series_id,
        dense_rank() over (order by {{ suppression_filters() | join(', ') }}) as column_id,
        coalesce(reference_year - first_year + 1, 0) as slot,
        {{ is_within_deliveries('series') }} as is_bounded
    from decided

),

numbered as (

    select
        ranked.*,
        unit.unit_id,
        unit.parent_unit_id,
        unit.is_remainder
    from ranked
    inner join unit
        on
            ranked.geo_level = unit.geo_level
            and ranked.geo_code = unit.geo_code

),

placed as (

    select
        *,
        (((first_year * 100 + series_id) * 10 + slot) * 100000 + unit_id) * 1000 + column_id as cell_id
    from numbered

),

related as (

    select
        placed.*,
        around.cell_id as denominator_id
    from placed
    left join placed as around
        on
            placed.denominator_series = around.series
            and {{ same_columns('placed', 'around', ['first_year', 'slot', 'unit_id'] + shared_filters()) }}
            and {{ is_total_of(numerator_filters(), 'around') }}

)

select * from related
