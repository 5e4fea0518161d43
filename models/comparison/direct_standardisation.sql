-- One row is a statistic, reference year, unit from country to arrondissement, type of act and standard population: the value as it would be with the ages
-- of the standard, where every age of the unit is published. Reads published tables, seeds and `dispersion` only.
{{ config(materialized = 'yearly') }}
{%- set unit = ['statistic', 'reference_year', 'geo_level', 'geo_code'] + compared_filters() %}
{%- set age_filter = filter_of_classes('age') %}
{%- set stratum_of_country = ['statistic', 'reference_year'] + compared_filters() + [age_filter] %}

with age as (

    select * from {{ ref('published_stratum') }}
    where
        is_all_groups
        and not is_all_ages
        and geo_level in ('country', 'region', 'province', 'arrondissement')
        and {{ in_years_to_build('reference_year') }}

),

area as (

    select * from {{ ref('indirect_standardisation') }}
    where
        status = 'published'
        and phi is not null
        and {{ in_years_to_build('reference_year') }}

),

standard_population as (

    select * from {{ ref('standard_population') }}

),

country as (

    select * from age
    where geo_level = 'country'

),

-- the two standards: the persons of the country in the reference year, and the European Standard Population in the same ages
weight as (

    select
        {{ stratum_of_country | join(',\n        ') }},
        'country_of_year' as standard,
        denominator as persons
    from country
    union all
    select
        {{ columns_of(stratum_of_country, 'country') }}
        standard_population.standard,
        standard_population.persons
    from country
    inner join standard_population on {{ same_columns('country', 'standard_population', ['scheme', age_filter]) }}

),

-- an age that is not published, or has no persons, leaves the sum without a value
weighted as (

    select
        {%- for column in unit %}
            age.{{ column }},
        {%- endfor %}
        weight.standard,
        count(*) = count(age.numerator) and count(*) = count(nullif(age.denominator, 0)) and count(*) = count(weight.persons) as is_complete,
        {{ exact_sum('cast(weight.persons as double) * age.numerator / nullif(cast(age.denominator as double), 0)') }} as weighted_sum,
        {{ exact_sum(
            'cast(weight.persons as double) * weight.persons * greatest(area.phi - age.numerator / nullif(cast(age.denominator as double), 0), 0e0) * age.numerator'
            ~ ' / nullif(cast(age.denominator as double) * age.denominator, 0)'
        ) }} as weighted_variance,
        cast(sum(weight.persons) as double) as weights
    from age
    inner join area on {{ same_columns('age', 'area', unit) }}
    inner join weight on {{ same_columns('age', 'weight', stratum_of_country) }}
    group by
        {%- for column in unit %}
            age.{{ column }},
        {%- endfor %}
        weight.standard

),

valued as (

    select
        area.*,
        weighted.standard,
        area.per * weighted.weighted_sum / weighted.weights as value,
        power(area.per / weighted.weights, 2) * weighted.weighted_variance as variance
    from weighted
    inner join area on {{ same_columns('weighted', 'area', unit) }}
    where weighted.is_complete

),

direct as (

    select
        {{ unit | join(',\n        ') }},
        standard,
        value,
    {%- for suffix in ['95', '998'] %}
    {%- for side in ['lower', 'upper'] %}
        {{ dobson_limit('value', 'variance', 'observed', 'observed_' ~ side ~ '_' ~ suffix) }}
            as {{ side }}_{{ suffix }}{{ ',' if not (loop.last and suffix == '998') }}
    {%- endfor %}
    {%- endfor %}
    from valued

)

select * from direct
