{# Adds the 95 % confidence limits of the values of a published table (docs/methods/comparison.md): Wilson for shares, Poisson for counts, Poisson scaled by
   the dispersion between persons for volumes and means. Arguments: name of the CTE to define; statistic (a declaration). Expects a CTE `published` with the
   columns of the table but the limits. Returns: CTEs, the last one `name`: those columns, and lower_95 and upper_95 (double, null unless published) before
   status. #}
{% macro with_limits(name, statistic) %}
{%- set types = numerator_filters() -%}
{% if statistic.measure in ['volume', 'mean'] -%}
{{ spread_of(statistic, 'published', ref('dispersion')) }},

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
                then {{ limit_of_value(statistic, side, 'published.', 'exact_limit.' ~ side ~ '_95', 'spread.dispersion') }}
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

{# The dispersion of a volume or mean: what its Poisson limits are scaled by. Arguments: statistic (a declaration); published, dispersion (relations: the
   table without limits, and the model `dispersion`). Returns: CTEs, the last one `spread`: reference_year, the filters of the numerator, dispersion (double). #}
{% macro spread_of(statistic, published, dispersion) -%}
{%- set types = numerator_filters() -%}
-- the country's mean number per person, all ages together: the variance of a count is phi less this mean times that of a Poisson count
country_mean as (

    select
        reference_year,
        {%- for filter in types %}
        {{ filter if filter in statistic.filters else "'total' as " ~ filter }},
        {%- endfor %}
        value / {{ statistic.per }} as mean
    from {{ published }}
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
    from {{ dispersion }} as dispersion
    inner join country_mean
        on
            dispersion.reference_year = country_mean.reference_year
            {%- for filter in types %}
            and dispersion.{{ filter }} = country_mean.{{ filter }}
            {%- endfor %}
    where dispersion.variable = '{{ statistic.variable }}' and dispersion.phi is not null and country_mean.mean is not null

)
{%- endmacro %}

{# One 95 % limit of a published value. Arguments: statistic (a declaration); side ('lower' or 'upper'); prefix (alias of the relation and a dot, or nothing); exact, dispersion (SQL
   doubles: the exact Poisson limit of fewer than 10 events, and the dispersion of a volume or mean). Returns: double expression. #}
{% macro limit_of_value(statistic, side, prefix, exact, dispersion) -%}
    {%- set limit = poisson_limit(prefix ~ 'numerator', exact, side) -%}
    {%- if statistic.measure == 'share' -%}
        {{ statistic.per }} * {{ wilson_limit(prefix ~ 'numerator', prefix ~ 'denominator', side) }}
    {%- elif statistic.measure == 'count' -%}
        {{ limit }}
    {%- else -%}
        {{ statistic.per }} * ({{ scaled_limit(prefix ~ 'numerator', limit, dispersion) }}) / {{ prefix }}denominator
    {%- endif -%}
{%- endmacro %}

{# The columns of a published table that follow from other columns of the same row. The public file does not store them: they are generated columns, and
   the release compares them with those of the build. Argument: statistic (a declaration). Returns: mapping of a column to its SQL expression, in which
   `$name` is a constant (derived_constants). #}
{% macro derived_columns(statistic) %}
    {%- set value = 'cast(numerator as double)' if statistic.per is none else rate_per('numerator', 'denominator', statistic.per) | trim -%}
    {%- set derived = {'value': value} -%}
    {%- for side in ['lower', 'upper'] -%}
        {%- do derived.update({side ~ '_95': "case when status = 'published' then " ~ limit_of_value(statistic, side, '', '$exact_' ~ side, '$dispersion') ~ ' end'}) -%}
    {%- endfor -%}
    {{ return(derived) }}
{% endmacro %}

{# The constants of derived_columns. A constant is a query: its last column is the value, in rows whose columns of the same names equal the others. dbt knows no
   relation but this one while it parses, so that the release replaces `{name}` by the relation of a model or seed. Arguments: statistic (a declaration), table (its name).
   Returns: mapping of a constant to its query; empty for a share. #}
{% macro derived_constants(statistic, table) %}
    {%- set constants = {} -%}
    {%- if statistic.measure != 'share' -%}
        {%- for side in ['lower', 'upper'] -%}
            {%- do constants.update({'exact_' ~ side: 'select events as numerator, ' ~ side ~ '_95 from {poisson_limit} order by events'}) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if statistic.measure in ['volume', 'mean'] -%}
        {%- set keys = ['reference_year'] + (numerator_filters() | select('in', statistic.filters) | list) -%}
        {%- set condition = numerator_filters() | reject('in', statistic.filters) | join(" = 'total' and ") -%}
        {%- do constants.update({'dispersion':
            'with ' ~ spread_of(statistic, '{' ~ table ~ '}', '{dispersion}') ~ ' select ' ~ (keys | join(', ')) ~ ', dispersion from spread'
            ~ (' where ' ~ condition ~ " = 'total'" if condition) ~ ' order by all'}) -%}
    {%- endif -%}
    {{ return(constants) }}
{% endmacro %}
