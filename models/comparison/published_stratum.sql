-- One row is a published row of a statistic that is compared between areas: reference year, unit from country to municipality, age and type of act.
-- Where a cube ends above the municipality by age, the ages have the denominators of the table of deliveries, which is split by them, and no numerator.
-- Reads published tables and seeds only: whatever is computed from it can be computed by any reader.
{{ config(materialized = 'view') }}

with stratum as (

    {% for statistic in comparable_statistics() %}
        select
            {{ columns_of_statistic(statistic) }},
            reference_year,
            geo_level,
            geo_code,
            {{ filters_or_total(statistic.filters) }},
            numerator,
            denominator,
            value,
            status
        from {{ ref(statistic.name) }}
        {{ 'union all' if not loop.last }}
    {%- endfor %}
    {%- for statistic in comparable_statistics() if filter_of_classes('age') in smallest_levels(statistic.variable) %}
    {%- set counts = table_of_denominators(statistic.family) %}
        union all
        -- the values of the filters that split the numerator alone share the denominators
        select
            {{ columns_of_statistic(statistic) }},
            counted.reference_year,
            counted.geo_level,
            counted.geo_code,
            {%- for filter in suppression_filters() %}
                {{ "'total' as " if filter not in statistic.filters else 'own.' if filter in numerator_filters() else 'counted.' }}{{ filter }},
            {%- endfor %}
            cast(null as bigint) as numerator,
            counted.numerator as denominator,
            cast(null as double) as value,
            case when counted.numerator is null then 'small_cell' else 'published' end as status
        from {{ ref(counts) }} as counted
        inner join {{ ref(statistic.name) }} as own
            on
                counted.reference_year = own.reference_year
                and counted.geo_level = own.geo_level
                and counted.geo_code = own.geo_code
                and {{ is_total_of(shared_filters() | select('in', statistic.filters) | list, 'own') }}
        where
            counted.geo_level in ('{{ levels_below(smallest_levels(statistic.variable)[filter_of_classes('age')]) | join("', '") }}')
            and counted.{{ filter_of_classes('age') }} <> 'total'
            and {{ is_total_of(uncompared_filters() | select('in', statistic.filters) | list, 'counted') }}
    {%- endfor %}

),

marked as (

    select
        *,
        {{ is_total_of([filter_of_classes('age')]) }} as is_all_ages,
        {{ is_total_of(uncompared_filters()) }} as is_all_groups
    from stratum

)

select * from marked
