-- One row is a statistic, reference year, unit from country to municipality and type of act: its events, those expected at the country's rates by age, and
-- whether its standardised values are published. Reads published tables, seeds and `dispersion` only.
{{ config(materialized = 'yearly') }}
{%- set unit = ['statistic', 'reference_year', 'geo_level', 'geo_code'] + compared_filters() %}
{%- set nation = ['statistic', 'reference_year'] + compared_filters() %}

with stratum as (

    select * from {{ ref('published_stratum') }}
    where
        is_all_groups
        and {{ in_years_to_build('reference_year') }}

),

dispersion as (

    select * from {{ ref('dispersion') }}

),

exact_limit as (

    select * from {{ ref('poisson_limit') }}

),

country as (

    select * from stratum
    where geo_level = 'country'

),

-- an age is usable when both the area's persons and the country's rate are published
age as (

    select
        stratum.*,
        country.numerator as country_events,
        country.denominator as country_persons,
        stratum.denominator is not null and country.numerator is not null and country.denominator is not null as is_usable,
        {{ expected_events('stratum.denominator', 'country.numerator', 'country.denominator') }} as expected,
        cast(country.numerator as double) / nullif(cast(country.denominator as double), 0) as country_rate
    from stratum
    inner join country on {{ same_columns('stratum', 'country', nation + [filter_of_classes('age')]) }}

),

-- persons of the other ages together are at the country's rate of those ages together; a share counts persons, each once: its phi is 1
summed as (

    select
        {{ unit | join(',\n        ') }},
        max(per) as per,
        max(variable) as variable,
        max(measure) as measure,
        max(status) filter (where is_all_ages) as status,
        max(numerator) filter (where is_all_ages) as observed,
        max(denominator) filter (where is_all_ages) as persons,
        max(country_events) filter (where is_all_ages) as country_events,
        max(country_persons) filter (where is_all_ages) as country_persons,
        coalesce(cast(sum(denominator) filter (where not is_all_ages and is_usable) as bigint), 0) as persons_in_ages,
        coalesce({{ exact_sum('expected', 'not is_all_ages and is_usable') }}, 0e0) as expected_in_ages,
        coalesce({{ exact_sum('expected * country_rate', 'not is_all_ages and is_usable') }}, 0e0) as squared_in_ages,
        coalesce(cast(sum(country_events) filter (where not is_all_ages and is_usable) as bigint), 0) as country_events_in_ages,
        coalesce(cast(sum(country_persons) filter (where not is_all_ages and is_usable) as bigint), 0) as country_persons_in_ages,
        count(*) filter (where not is_all_ages and not is_usable) as pooled_ages
    from age
    group by {{ unit | join(', ') }}

),

pooled as (

    select
        *,
        cast(persons - persons_in_ages as double) as pooled_persons,
        cast(country_events - country_events_in_ages as double) / nullif(cast(country_persons - country_persons_in_ages as double), 0) as pooled_rate
    from summed

),

totalled as (

    select
        pooled.*,
        case when pooled.measure = 'share' then 1e0 else dispersion.phi end as phi,
        case
            when pooled.pooled_persons = 0 then pooled.expected_in_ages
            else pooled.expected_in_ages + pooled.pooled_persons * pooled.pooled_rate
        end as expected,
        case
            when pooled.pooled_persons = 0 then pooled.squared_in_ages
            else pooled.squared_in_ages + pooled.pooled_persons * pooled.pooled_rate * pooled.pooled_rate
        end as squared,
        cast(pooled.persons_in_ages as double) / nullif(cast(pooled.persons as double), 0) as coverage
    from pooled
    left join dispersion on {{ same_columns('pooled', 'dispersion', ['variable', 'reference_year'] + compared_filters()) }}

),

judged as (

    select
        {%- for column in unit %}
            totalled.{{ column }},
        {%- endfor %}
        totalled.per,
        totalled.phi,
        totalled.observed,
        totalled.pooled_ages,
        totalled.coverage,
        nullif(totalled.expected, 0) as expected,
        {{ dispersion_of('totalled.phi', 'totalled.squared', 'totalled.expected') }} as dispersion,
        case
            when totalled.status <> 'published' then totalled.status
            when totalled.coverage < {{ var('least_standardisation_coverage') }} then 'few_strata'
            when totalled.observed < {{ var('least_standardisation_events') }} then 'few_events'
            else 'published'
        end as status,
    {%- for confidence, suffix in [(95, '95'), (99.8, '998')] %}
    {%- for side in ['lower', 'upper'] %}
        {{ poisson_limit('totalled.observed', 'exact_limit.' ~ side ~ '_' ~ suffix, side, confidence) }}
            as observed_{{ side }}_{{ suffix }}{{ ',' if not (loop.last and suffix == '998') }}
    {%- endfor %}
    {%- endfor %}
    from totalled
    left join exact_limit on totalled.observed = exact_limit.events

)

select * from judged
