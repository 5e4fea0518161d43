{# The declaration of a mart. Argument: table (text). Returns: its meta.statistic; while dbt parses, when there is no graph, a declaration of the same shape.
   Raises a compiler error when the table declares nothing. #}
{% macro declared_statistic(table) %}
    {% if not execute %}{{ return(statistic_declaration('cube', imaging_variables()[0], 'share')) }}{% endif %}
    {% for row in statistics_in_graph() if row.code == table %}
        {{ return(row.statistic) }}
    {% endfor %}
    {{ exceptions.raise_compiler_error("The table '" ~ table ~ "' declares no meta.statistic; see macros/publication/declaration.sql.") }}
{% endmacro %}

{# Rows of published tables that contradict their own columns: status and nulls, value and its formula, ranges, numbers below the threshold.
   Returns: a query with item and failure_reason. #}
{% macro unsound_published_rows() %}
{%- set is_tested = in_years_to_test('reference_year') -%}
    {%- for table in published_tables() %}
    {%- set relation = ref(table) %}
    {%- set statistic = declared_statistic(table) %}
    {%- set per = statistic.per if statistic.per is not none else 1 %}
    select
        '{{ table }} ' || reference_year || ' ' || geo_level || ' ' || geo_code{% for filter in statistic.filters %} || ' ' || {{ filter }}{% endfor %} as item,
        case
            when reference_year < {{ statistic.first_year }} then 'year before the first year of the table'
            when status not in ('published', 'small_cell', 'empty') or status is null then 'unknown status'
            {%- if statistic.measure == 'count' %}
            when denominator is not null then 'a count with a denominator'
            when status = 'empty' then 'a count is never empty'
            when status = 'published' and (numerator is null or value is null or value <> numerator) then 'the value is not the count'
            {%- else %}
            when status = 'published' and (numerator is null or denominator is null or value is null) then 'published, but a number is missing'
            when status = 'published' and denominator = 0 then 'published, but the denominator is 0'
            when status = 'published' and abs(value * denominator - cast(numerator as double) * {{ per }}) > 1e-9 * (1 + value * denominator)
                then 'the value is not {{ per }} x numerator / denominator'
            when status = 'empty' and (numerator <> 0 or denominator <> 0 or value is not null or numerator is null or denominator is null)
                then 'empty, but the numbers are not 0, 0 and null'
            {%- endif %}
            {%- if statistic.measure == 'share' %}
            when value > {{ per }} then 'a share above {{ per }}'
            {%- endif %}
            when status = 'small_cell' and (numerator is not null or value is not null) then 'small cell with a numerator or value'
            when status <> 'published' and (lower_95 is not null or upper_95 is not null) then 'confidence limits of a value that is not published'
            when status = 'published' and (lower_95 is null) <> (upper_95 is null) then 'one confidence limit without the other'
            {%- if statistic.measure in ['share', 'count'] %}
            when status = 'published' and lower_95 is null then 'published, but a confidence limit is missing'
            {%- endif %}
            when lower_95 < 0 or lower_95 > value * (1 + 1e-12) or upper_95 < value * (1 - 1e-12) then 'the value is outside its confidence limits'
            when numerator < 0 or denominator < 0 or value < 0 then 'negative number'
            when numerator between 1 and {{ var('small_cell_threshold') }} - 1 then 'numerator below the threshold is published'
            when denominator between 1 and {{ var('small_cell_threshold') }} - 1 then 'denominator below the threshold is published'
        end as failure_reason
    from {{ relation }}
    where {{ is_tested }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{% endmacro %}
