-- One row is a statistic, reference year, unit from country to municipality, type of act and standard population: its value as it would be with the age
-- structure of the standard, with confidence limits, beside the country.
{{ config(materialized = 'yearly') }}
{%- set unit = ['statistic', 'reference_year', 'geo_level', 'geo_code'] + compared_filters() %}
{%- set limits = ['lower_95', 'upper_95', 'lower_998', 'upper_998'] %}

with area as (

    select * from {{ ref('indirect_standardisation') }}
    where {{ in_years_to_build('reference_year') }}

),

direct as (

    select * from {{ ref('direct_standardisation') }}
    where {{ in_years_to_build('reference_year') }}

),

country as (

    select * from {{ ref('published_stratum') }}
    where
        geo_level = 'country'
        and is_all_ages
        and is_all_groups
        and {{ in_years_to_build('reference_year') }}

),

indirect as (

    select
        {%- for column in unit %}
            area.{{ column }},
        {%- endfor %}
        area.expected,
        area.observed / area.expected as ratio,
        {%- for limit in limits %}
            ({{ scaled_limit('area.observed', 'area.observed_' ~ limit, 'area.dispersion') }}) / area.expected as ratio_{{ limit }},
        {%- endfor %}
        country.value as country_value,
        area.dispersion
    from area
    inner join country on {{ same_columns('area', 'country', ['statistic', 'reference_year'] + compared_filters()) }}
    where area.status in ('published', 'few_events')

),

-- the row of the country's ages has the indirect values too; a row of another standard is there when it has a value
line as (

    select
        {{ unit | join(',\n        ') }},
        'country_of_year' as standard
    from area
    union all
    select
        {{ unit | join(',\n        ') }},
        standard
    from direct
    where standard <> 'country_of_year'

),

rate as (

    select
        {%- for column in unit %}
            line.{{ column }},
        {%- endfor %}
        line.standard,
        area.observed,
        indirect.expected,
        indirect.ratio,
        {%- for limit in limits %}
            indirect.ratio_{{ limit }},
        {%- endfor %}
        indirect.ratio * indirect.country_value as indirect_value,
        {%- for limit in limits %}
            indirect.ratio_{{ limit }} * indirect.country_value as indirect_{{ limit }},
        {%- endfor %}
        case when line.geo_level <> 'country' then {{ compared_with_one('indirect.ratio_lower_95', 'indirect.ratio_upper_95') }} end as compared_with_country,
        direct.value as direct_value,
        {%- for limit in limits %}
            direct.{{ limit }} as direct_{{ limit }},
        {%- endfor %}
        indirect.dispersion,
        cast(area.pooled_ages as integer) as pooled_ages,
        area.coverage,
        area.status
    from line
    inner join area on {{ same_columns('line', 'area', unit) }}
    left join indirect
        on
            line.standard = 'country_of_year'
            and {{ same_columns('line', 'indirect', unit) }}
    left join direct on {{ same_columns('line', 'direct', unit + ['standard']) }}

)

select * from rate
