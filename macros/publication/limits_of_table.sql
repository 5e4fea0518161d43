{# Adds the 95 % confidence limits of the values of a published table (docs/methods/comparison.md): Wilson for shares, Poisson for counts, Poisson scaled by
   the dispersion between persons for volumes and means. Arguments: name of the CTE to define; statistic (a declaration). Expects a CTE `published` with the
   columns of the table but the limits. Returns: CTEs, the last one `name`: those columns, and lower_95 and upper_95 (double, null unless published) before
   status. #}
{% macro with_limits(name, statistic) %}
{%- set types = numerator_filters() -%}
{% if statistic.measure in ['volume', 'mean'] -%}
-- the country's mean number per person, all ages together: the variance of a count is phi less this mean times that of a Poisson count
country_mean as (

    select
        reference_year,
        {%- for filter in types %}
        {{ filter if filter in statistic.filters else "'total' as " ~ filter }},
        {%- endfor %}
        value / {{ statistic.per }} as mean
    from published
    where
        geo_level = 'country'
        {%- for filter in statistic.filters | reject('in', types) %}
        and {{ filter }} = 'total'
        {%- endfor %}

),

spread as (

    select
        dispersion.reference_year,
        {%- for filter in types %}
        dispersion.{{ filter }},
        {%- endfor %}
        greatest(dispersion.phi - country_mean.mean, 0e0) as dispersion
    from {{ ref('dispersion') }} as dispersion
    inner join country_mean
        on
            dispersion.reference_year = country_mean.reference_year
            {%- for filter in types %}
            and dispersion.{{ filter }} = country_mean.{{ filter }}
            {%- endfor %}
    where dispersion.variable = '{{ statistic.variable }}' and dispersion.phi is not null and country_mean.mean is not null

),

{% endif -%}
{{ name }} as (

    select
        published.reference_year,
        published.geo_level,
        published.geo_code,
        {%- for filter in statistic.filters %}
        published.{{ filter }},
        {%- endfor %}
        published.numerator,
        published.denominator,
        published.value,
        {%- for side in ['lower', 'upper'] %}
        case
            when published.status = 'published'
                {%- if statistic.measure == 'share' %}
                then {{ limit_of_share(statistic.per, side, 'published.') }}
                {%- elif statistic.measure == 'count' %}
                then {{ poisson_limit('published.numerator', 'exact_limit.' ~ side ~ '_95', side) }}
                {%- else %}
                then
                    {{ statistic.per }} * ({{ scaled_limit('published.numerator', poisson_limit('published.numerator', 'exact_limit.' ~ side ~ '_95', side), 'spread.dispersion') }})
                    / published.denominator
                {%- endif %}
        end as {{ side }}_95,
        {%- endfor %}
        published.status
    from published
    {%- if statistic.measure != 'share' %}
    left join {{ ref('poisson_limit') }} as exact_limit on published.numerator = exact_limit.events
    {%- endif %}
    {%- if statistic.measure in ['volume', 'mean'] %}
    left join spread
        on
            published.reference_year = spread.reference_year
            {%- for filter in types %}
            and {{ 'published.' ~ filter if filter in statistic.filters else "'total'" }} = spread.{{ filter }}
            {%- endfor %}
    {%- endif %}

)
{%- endmacro %}

{# One 95 % limit of a published share. Arguments: per (number), side, prefix (alias of the relation and a dot, or nothing). Returns: double expression. #}
{% macro limit_of_share(per, side, prefix='') -%}
    {{ per }} * {{ wilson_limit(prefix ~ 'numerator', prefix ~ 'denominator', side) }}
{%- endmacro %}

{# The columns of a published table that follow from other columns of the same row. The public file does not store them: they are generated columns, and
   the release compares them with those of the build. Argument: statistic (a declaration). Returns: mapping of a column to its SQL expression. #}
{% macro derived_columns(statistic) %}
    {%- set derived = {} -%}
    {%- if statistic.per is not none -%}
        {%- do derived.update({'value': rate_per('numerator', 'denominator', statistic.per) | trim}) -%}
    {%- endif -%}
    {%- if statistic.measure == 'share' -%}
        {%- for side in ['lower', 'upper'] -%}
            {%- do derived.update({side ~ '_95': "case when status = 'published' then " ~ limit_of_share(statistic.per, side) ~ ' end'}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(derived) }}
{% endmacro %}
