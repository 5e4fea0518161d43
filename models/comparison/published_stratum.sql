-- One row is a published row of a statistic that is compared between areas: reference year, unit from country to municipality, age and type of act.
-- Reads published tables and seeds only: whatever is computed from it can be computed by any reader.
{{ config(materialized = 'view') }}

with stratum as (

    {% for statistic in comparable_statistics() %}
        select
            '{{ statistic.name }}' as statistic,
            '{{ statistic.measure }}' as measure,
            '{{ statistic.variable }}' as variable,
            {{ statistic.per or 1 }} as per,
            '{{ families()[statistic.family].scheme }}' as scheme,
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

),

marked as (

    select
        *,
        {{ is_total_of([filter_of_classes('age')]) }} as is_all_ages,
        {{ is_total_of(uncompared_filters()) }} as is_all_groups
    from stratum

)

select * from marked
