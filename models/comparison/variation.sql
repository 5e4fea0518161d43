-- One row is a statistic, reference year, type of act and level (arrondissement, municipality): how much the standardised values of its areas differ.
-- The level country holds, for perinatal statistics, the ratio of women with and without increased reimbursement.
{{ config(materialized = 'yearly') }}
{%- set group = ['statistic', 'reference_year'] + compared_filters() + ['geo_level'] %}
{%- set last_variance = 'variance_' ~ empirical_bayes_steps() %}

with rate as (

    select * from {{ ref('standardised_rate') }}
    where
        standard = 'country_of_year'
        and geo_level in ('arrondissement', 'municipality')
        and {{ in_years_to_build('reference_year') }}

),

country as (

    select * from {{ ref('published_stratum') }}
    where
        geo_level = 'country'
        and is_all_ages
        and {{ in_years_to_build('reference_year') }}

),

counted as (

    select
        {{ group | join(',\n        ') }},
        count(*) as units
    from rate
    where status <> 'empty'
    group by {{ group | join(', ') }}

),

-- areas with few expected events vary by chance alone and would decide the unweighted measures
area as (

    select
        {{ group | join(',\n        ') }},
        cast(observed as double) as observed,
        expected,
        ratio,
        indirect_value,
        dispersion
    from rate
    where ratio is not null and expected >= {{ var('least_expected_events') }}

),

described as (

    select
        {{ group | join(',\n        ') }},
        count(*) as units_used,
        min(indirect_value) as minimum,
        {%- for name, share in [('p05', '0.05'), ('p25', '0.25'), ('median', '0.5'), ('p75', '0.75'), ('p95', '0.95')] %}
            {{ percentile('indirect_value', share) }} as {{ name }},
        {%- endfor %}
        max(indirect_value) as maximum,
        max(ratio) / nullif(min(ratio), 0) as extremal_quotient,
        {{ exact_sum('ratio') }} / count(*) as mean_ratio,
        {{ exact_sum('expected * ratio') }} / {{ exact_sum('expected') }} as weighted_mean_ratio,
        {{ systematic_component('observed', 'expected', 'dispersion') }} as scv,
        {{ systematic_component('observed', 'expected') }} as scv_poisson,
        {{ exact_sum('power(observed - expected, 2) / nullif(dispersion * expected, 0)') }} as chi_square
    from area
    group by {{ group | join(', ') }}

),

spread as (

    select
        {{ columns_of(group, 'area') }}
        100 * sqrt({{ exact_sum('power(area.ratio - described.mean_ratio, 2)') }} / nullif(count(*) - 1, 0)) / nullif(max(described.mean_ratio), 0) as cv,
        100 * sqrt({{ exact_sum('area.expected * power(area.ratio - described.weighted_mean_ratio, 2)') }} / {{ exact_sum('area.expected') }})
        / nullif(max(described.weighted_mean_ratio), 0) as cv_weighted
    from area
    inner join described
        on {{ same_columns('area', 'described', group) }}
    group by {{ columns_of(group, 'area', trailing=false) }}

),

-- the iteration of the empirical-Bayes variance
variance_0 as (

    select
        {{ group | join(',\n        ') }},
        1e0 as variance
    from described

),

{% for step in range(empirical_bayes_steps()) -%}
    variance_{{ step + 1 }} as (

        select
            {{ group | join(',\n        ') }},
            {{ empirical_bayes_step('observed', 'expected', 'weight', 'max(variance)') }} as variance
        from (
            select
                area.*,
                before.variance,
                {{ empirical_bayes_weight('area.observed', 'area.expected', 'area.dispersion', 'before.variance') }} as weight
            from area
            inner join variance_{{ step }} as before
                on {{ same_columns('area', 'before', group) }}
        ) as weighted
        group by {{ group | join(', ') }}

    ),

{% endfor -%}
reimbursement as (

    select
        {{ columns_of(group) }}
        max(case when increased_reimbursement = 'yes' then value end)
        / nullif(max(case when increased_reimbursement = 'no' then value end), 0) as reimbursement_ratio
    from country
    where scheme = '{{ families().perinatal.scheme }}'
    group by {{ group | join(', ') }}

),

judged as (

    select
        counted.*,
        coalesce(described.units_used, 0) as units_used,
        case
            when
                coalesce(described.units_used, 0) < {{ var('least_units') }} or described.units_used < {{ var('least_share_of_units') }} * counted.units
                then 'too_few_units'
            else 'published'
        end as status
    from counted
    left join described
        on {{ same_columns('counted', 'described', group) }}

),

variation as (

    select
        {{ columns_of(group, 'judged') }}
        cast(judged.units as integer) as units,
        cast(judged.units_used as integer) as units_used,
        described.minimum,
        described.p05,
        described.p25,
        described.median,
        described.p75,
        described.p95,
        described.maximum,
        described.extremal_quotient,
        described.p95 / nullif(described.p05, 0) as quotient_05_95,
        spread.cv,
        spread.cv_weighted,
        described.scv,
        described.scv_poisson,
        case when described.chi_square is not null then {{ last_variance }}.variance end as eb_variance,
        described.chi_square,
        cast(judged.units_used - 1 as integer) as degrees_of_freedom,
        cast(null as double) as reimbursement_ratio,
        judged.status
    from judged
    left join described
        on
            judged.status = 'published'
            and {{ same_columns('judged', 'described', group) }}
    left join spread
        on
            judged.status = 'published'
            and {{ same_columns('judged', 'spread', group) }}
    left join {{ last_variance }}
        on
            judged.status = 'published'
            and {{ same_columns('judged', last_variance, group) }}
    union all
    select
        {{ columns_of(group) }}
        1 as units,
        1 as units_used,
        cast(null as double) as minimum,
        cast(null as double) as p05,
        cast(null as double) as p25,
        cast(null as double) as median,
        cast(null as double) as p75,
        cast(null as double) as p95,
        cast(null as double) as maximum,
        cast(null as double) as extremal_quotient,
        cast(null as double) as quotient_05_95,
        cast(null as double) as cv,
        cast(null as double) as cv_weighted,
        cast(null as double) as scv,
        cast(null as double) as scv_poisson,
        cast(null as double) as eb_variance,
        cast(null as double) as chi_square,
        cast(null as integer) as degrees_of_freedom,
        reimbursement_ratio,
        case when reimbursement_ratio is null then 'small_cell' else 'published' end as status
    from reimbursement

)

select * from variation
