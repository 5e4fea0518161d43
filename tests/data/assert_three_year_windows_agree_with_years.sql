-- The table of three-year windows has one row for each statistic, window and unit of which all years are published rows of the cube. Where the cube publishes
-- all three years, the window is published and is their sum; a suppressed window has no number.
{%- set key = ['statistic', 'first_year', 'geo_level', 'geo_code'] %}

with yearly as (

    {% for statistic in statistics_of_windows() %}
        select
            '{{ statistic.name }}' as statistic,
            {{ first_year_of_window('reference_year') }} as first_year,
            geo_level,
            geo_code,
            numerator,
            denominator,
            status
        from {{ ref(statistic.name) }}
        where {{ is_total_of(statistic.filters) }}
        {{ 'union all' if not loop.last }}
    {%- endfor %}

),

summed as (

    select
        {{ columns_of(key) }}
        cast(sum(numerator) as bigint) as numerator,
        cast(sum(denominator) as bigint) as denominator,
        bool_and(status <> 'small_cell') as is_published
    from yearly
    group by {{ key | join(', ') }}
    having count(*) = {{ years_of_window() }}

),

compared as (

    select
        coalesce(summed.statistic, stated.statistic) || ' ' || coalesce(summed.first_year, stated.first_year) || ' '
        || coalesce(summed.geo_level, stated.geo_level) || ' ' || coalesce(summed.geo_code, stated.geo_code) as item,
        case
            when stated.statistic is null then 'three years, but no window'
            when summed.statistic is null then 'a window without its three years'
            when summed.is_published and stated.status = 'small_cell' then 'all years are published, but not the window'
            when stated.status = 'small_cell' and (stated.numerator is not null or stated.value is not null) then 'suppressed, with a number'
            when
                summed.is_published
                and (stated.numerator <> summed.numerator or stated.denominator <> summed.denominator)
                then 'not the sum of its years'
            when stated.status = 'published' and (stated.numerator is null or stated.value is null) then 'published, but a number is missing'
        end as failure_reason
    from summed
    full outer join {{ ref('three_year_window') }} as stated on {{ same_columns('summed', 'stated', key) }}

)

select * from compared
where failure_reason is not null
