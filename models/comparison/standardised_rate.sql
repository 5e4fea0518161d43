-- One row is a statistic, reference year, unit from country to municipality, type of act and standard population: its value as it would be with the age
-- structure of the standard, with confidence limits, beside the country.
{{ config(materialized = 'yearly') }}

with stratum as (

    select * from {{ ref('published_stratum') }}
    where
        increased_reimbursement = 'total'
        and {{ in_years_to_build('reference_year') }}

),

dispersion as (

    select * from {{ ref('dispersion') }}

),

exact_limit as (

    select * from {{ ref('poisson_limit') }}

),

standard_population as (

    select * from {{ ref('standard_population') }}

),

country as (

    select * from stratum
    where geo_level = 'country'

),

country_total as (

    select * from country
    where age_category = 'total'

),

-- a share counts persons, each once: its phi is 1
area as (

    select
        stratum.*,
        case when stratum.measure = 'share' then 1e0 else dispersion.phi end as phi,
        country_total.numerator as country_events,
        country_total.denominator as country_persons,
        country_total.value as country_value
    from stratum
    inner join country_total
        on
            stratum.statistic = country_total.statistic
            and stratum.reference_year = country_total.reference_year
            and stratum.procedure_type = country_total.procedure_type
    left join dispersion
        on
            stratum.variable = dispersion.variable
            and stratum.reference_year = dispersion.reference_year
            and stratum.procedure_type = dispersion.procedure_type
    where stratum.age_category = 'total'

),

-- an age in which both the area's persons and the country's rate are published
age as (

    select
        stratum.statistic,
        stratum.reference_year,
        stratum.geo_level,
        stratum.geo_code,
        stratum.procedure_type,
        stratum.scheme,
        stratum.age_category,
        stratum.per,
        stratum.numerator,
        stratum.denominator,
        country.numerator as country_events,
        country.denominator as country_persons,
        stratum.denominator is not null and country.numerator is not null and country.denominator is not null as is_usable,
        {{ expected_events('stratum.denominator', 'country.numerator', 'country.denominator') }} as expected,
        cast(country.numerator as double) / nullif(cast(country.denominator as double), 0) as country_rate
    from stratum
    inner join country
        on
            stratum.statistic = country.statistic
            and stratum.reference_year = country.reference_year
            and stratum.procedure_type = country.procedure_type
            and stratum.age_category = country.age_category
    where stratum.age_category <> 'total'

),

summed as (

    select
        statistic,
        reference_year,
        geo_level,
        geo_code,
        procedure_type,
        coalesce(cast(sum(denominator) filter (where is_usable) as bigint), 0) as persons,
        coalesce({{ exact_sum('expected', 'is_usable') }}, 0e0) as expected,
        coalesce({{ exact_sum('expected * country_rate', 'is_usable') }}, 0e0) as squared,
        coalesce(cast(sum(country_events) filter (where is_usable) as bigint), 0) as country_events,
        coalesce(cast(sum(country_persons) filter (where is_usable) as bigint), 0) as country_persons,
        count(*) filter (where not is_usable) as pooled_ages
    from age
    group by statistic, reference_year, geo_level, geo_code, procedure_type

),

-- persons of the other ages together, at the country's rate of those ages together
pooled as (

    select
        area.statistic,
        area.reference_year,
        area.geo_level,
        area.geo_code,
        area.procedure_type,
        area.per,
        area.phi,
        area.country_value,
        area.status,
        area.numerator as observed,
        area.denominator as persons,
        summed.persons as persons_in_published_ages,
        summed.pooled_ages,
        summed.expected as expected_in_published_ages,
        summed.squared as squared_in_published_ages,
        cast(area.denominator - summed.persons as double) as pooled_persons,
        cast(area.country_events - summed.country_events as double)
        / nullif(cast(area.country_persons - summed.country_persons as double), 0) as pooled_rate
    from area
    inner join summed
        on
            area.statistic = summed.statistic
            and area.reference_year = summed.reference_year
            and area.geo_level = summed.geo_level
            and area.geo_code = summed.geo_code
            and area.procedure_type = summed.procedure_type

),

totalled as (

    select
        *,
        case when pooled_persons = 0 then expected_in_published_ages else expected_in_published_ages + pooled_persons * pooled_rate end as expected,
        case when pooled_persons = 0 then squared_in_published_ages else squared_in_published_ages + pooled_persons * pooled_rate * pooled_rate end as squared,
        cast(persons_in_published_ages as double) / nullif(cast(persons as double), 0) as coverage
    from pooled

),

judged as (

    select
        totalled.statistic,
        totalled.reference_year,
        totalled.geo_level,
        totalled.geo_code,
        totalled.procedure_type,
        totalled.per,
        totalled.phi,
        totalled.country_value,
        totalled.observed,
        totalled.persons,
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

),

indirect as (

    select
        statistic,
        reference_year,
        geo_level,
        geo_code,
        procedure_type,
        observed,
        persons,
        expected,
        observed / expected as ratio,
        {%- for suffix in ['95', '998'] %}
            {%- for side in ['lower', 'upper'] %}
                ({{ scaled_limit('observed', 'observed_' ~ side ~ '_' ~ suffix, 'dispersion') }}) / expected as ratio_{{ side }}_{{ suffix }},
            {%- endfor %}
        {%- endfor %}
        country_value,
        dispersion
    from judged
    where status in ('published', 'few_events')

),

-- the two standards: the persons of the country in the reference year, and the European Standard Population in the same ages
weight as (

    select
        statistic,
        reference_year,
        procedure_type,
        age_category,
        'country_of_year' as standard,
        denominator as persons
    from country
    where age_category <> 'total'
    union all
    select
        country.statistic,
        country.reference_year,
        country.procedure_type,
        country.age_category,
        standard_population.standard,
        standard_population.persons
    from country
    inner join standard_population
        on
            country.scheme = standard_population.scheme
            and country.age_category = standard_population.age_category

),

standard as (

    select distinct
        statistic,
        reference_year,
        procedure_type,
        standard
    from weight

),

-- needs every age of the area: any age that is not published, or has no persons, leaves the sum without a value
weighted as (

    select
        age.statistic,
        age.reference_year,
        age.geo_level,
        age.geo_code,
        age.procedure_type,
        weight.standard,
        count(*) = count(age.numerator) and count(*) = count(nullif(age.denominator, 0)) and count(*) = count(weight.persons) as is_complete,
        {{ exact_sum('cast(weight.persons as double) * age.numerator / nullif(cast(age.denominator as double), 0)') }} as weighted_sum,
        {{ exact_sum(
            'cast(weight.persons as double) * weight.persons * greatest(area.phi - age.numerator / nullif(cast(age.denominator as double), 0), 0e0) * age.numerator'
            ~ ' / nullif(cast(age.denominator as double) * age.denominator, 0)'
        ) }} as weighted_variance,
        cast(sum(weight.persons) as double) as weights
    from age
    inner join area
        on
            age.statistic = area.statistic
            and age.reference_year = area.reference_year
            and age.geo_level = area.geo_level
            and age.geo_code = area.geo_code
            and age.procedure_type = area.procedure_type
    inner join weight
        on
            age.statistic = weight.statistic
            and age.reference_year = weight.reference_year
            and age.procedure_type = weight.procedure_type
            and age.age_category = weight.age_category
    where age.geo_level in ('country', 'region', 'province', 'arrondissement')
    group by age.statistic, age.reference_year, age.geo_level, age.geo_code, age.procedure_type, weight.standard

),

direct as (

    select
        weighted.statistic,
        weighted.reference_year,
        weighted.geo_level,
        weighted.geo_code,
        weighted.procedure_type,
        weighted.standard,
        judged.observed,
        judged.observed_lower_95,
        judged.observed_upper_95,
        judged.observed_lower_998,
        judged.observed_upper_998,
        judged.per * weighted.weighted_sum / weighted.weights as value,
        power(judged.per / weighted.weights, 2) * weighted.weighted_variance as variance
    from weighted
    inner join judged
        on
            weighted.statistic = judged.statistic
            and weighted.reference_year = judged.reference_year
            and weighted.geo_level = judged.geo_level
            and weighted.geo_code = judged.geo_code
            and weighted.procedure_type = judged.procedure_type
    where
        weighted.is_complete
        and judged.phi is not null
        and judged.status = 'published'

),

rate as (

    select
        judged.statistic,
        judged.reference_year,
        judged.geo_level,
        judged.geo_code,
        judged.procedure_type,
        standard.standard,
        judged.observed,
        indirect.expected,
        indirect.ratio,
        indirect.ratio_lower_95,
        indirect.ratio_upper_95,
        indirect.ratio_lower_998,
        indirect.ratio_upper_998,
        indirect.ratio * indirect.country_value as indirect_value,
        indirect.ratio_lower_95 * indirect.country_value as indirect_lower_95,
        indirect.ratio_upper_95 * indirect.country_value as indirect_upper_95,
        indirect.ratio_lower_998 * indirect.country_value as indirect_lower_998,
        indirect.ratio_upper_998 * indirect.country_value as indirect_upper_998,
        case when judged.geo_level <> 'country' then {{ compared_with_one('indirect.ratio_lower_95', 'indirect.ratio_upper_95') }} end as compared_with_country,
        direct.value as direct_value,
        {%- for suffix in ['95', '998'] %}
            {%- for side in ['lower', 'upper'] %}
                {{ dobson_limit('direct.value', 'direct.variance', 'direct.observed', 'direct.observed_' ~ side ~ '_' ~ suffix) }}
                    as direct_{{ side }}_{{ suffix }},
            {%- endfor %}
        {%- endfor %}
        indirect.dispersion,
        cast(judged.pooled_ages as integer) as pooled_ages,
        judged.coverage,
        judged.status
    from judged
    inner join standard
        on
            judged.statistic = standard.statistic
            and judged.reference_year = standard.reference_year
            and judged.procedure_type = standard.procedure_type
    left join indirect
        on
            standard.standard = 'country_of_year'
            and judged.statistic = indirect.statistic
            and judged.reference_year = indirect.reference_year
            and judged.geo_level = indirect.geo_level
            and judged.geo_code = indirect.geo_code
            and judged.procedure_type = indirect.procedure_type
    left join direct
        on
            standard.standard = direct.standard
            and judged.statistic = direct.statistic
            and judged.reference_year = direct.reference_year
            and judged.geo_level = direct.geo_level
            and judged.geo_code = direct.geo_code
            and judged.procedure_type = direct.procedure_type
    where standard.standard = 'country_of_year' or direct.value is not null

)

select * from rate
