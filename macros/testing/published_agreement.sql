{# The same number in several published tables: a stat and the total of its cube, all tables that divide by the same people or the same deliveries,
   every type of act. Each number is compared under its name, with 'total' for the filters that a table does not have; the row fails where tables differ, or
   where one table suppresses what another publishes. Returns: a query with item and failure_reason. #}
{% macro contradicting_published_rows() %}
{%- set is_tested = in_years_to_test('reference_year') -%}
{%- set filters = filter_definitions() | list -%}
with published_number as (

    {% for table in published_tables() -%}
    {%- set relation = ref(table) -%}
    {%- set statistic = declared_statistic(table) -%}
    {%- set whole = families()[statistic.family].denominator ~ ' by ' ~ statistic.place -%}
    {%- set numerator_filters = variables()[statistic.variable].numerator_filters or [] -%}
    {%- set numbers = [('numerator', whole)] if statistic.measure == 'count' else [
        ('numerator', statistic.variable ~ ' ' ~ statistic.measure ~ ' by ' ~ statistic.place),
        ('denominator', whole)
    ] -%}
    {%- set outer_loop = loop -%}
    {% for column, what in numbers -%}
    select
        '{{ what }}' as what,
        reference_year,
        geo_level,
        geo_code,
        {%- for filter in filters %}
        {%- set is_split = filter in statistic.filters and not (column == 'denominator' and filter in numerator_filters) %}
        {{ filter if is_split else "'total'" }} as {{ filter }},
        {%- endfor %}
        {{ column }} as number
    from {{ relation }}
    where {{ is_tested }}
    {{ 'union all' if not (loop.last and outer_loop.last) }}
    {% endfor %}
    {%- endfor %}

),

failure as (

    select
        what || ' ' || reference_year || ' ' || geo_level || ' ' || geo_code{% for filter in filters %} || ' ' || {{ filter }}{% endfor %} as item,
        case
            when min(number) <> max(number) then 'different numbers in two tables: ' || min(number) || ' and ' || max(number)
            when count(number) not in (0, count(*)) then 'suppressed in one table, published in another'
        end as failure_reason
    from published_number
    group by what, reference_year, geo_level, geo_code, {{ filters | join(', ') }}

)

select * from failure
where failure_reason is not null
{% endmacro %}
