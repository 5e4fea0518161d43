{# The declaration of a mart. Argument: table (text). Returns: its meta.statistic; while dbt parses, when there is no graph, a declaration of the same shape.
   Raises a compiler error when the table declares nothing. #}
{% macro declared_statistic(table) %}
    {% if not execute %}{{ return(statistic_declaration('cube', imaging_variables()[0], 'share')) }}{% endif %}
    {% for row in statistics_in_graph() if row.code == table %}
        {{ return(row.statistic) }}
    {% endfor %}
    {{ exceptions.raise_compiler_error("The table '" ~ table ~ "' declares no meta.statistic; see macros/statistic_table.sql.") }}
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

{# Whether the grid of every published table is complete: a row a published year from the table's first year on, unit and combination of filters.
   Returns: a query with item and failure_reason. #}
{% macro incomplete_published_tables() %}
{%- set is_tested = in_years_to_test('reference_year') -%}
{#- the seeds that filter values need: dbt has to know them while it parses -#}
{%- for filter, definition in filter_definitions().items() if not definition.codes -%}{%- do ref(filter) -%}{%- endfor -%}
with published_year as (

    select * from {{ ref('int_reference_year') }}
    where is_published

),

tested_year as (

    select * from published_year
    where {{ is_tested }}

),

unit as (

    select * from {{ ref('geographic_unit') }}

),

declared as (

    {% for table in published_tables() -%}
    {%- set statistic = declared_statistic(table) -%}
    {%- set scheme = families()[statistic.family].scheme -%}
    select
        '{{ table }}' as table_name,
        {{ statistic.first_year }} as first_year,
        {{ statistic.variable == 'prenatal_acts' }} as needs_lookback,
        {{ statistic.variable == 'no_postnatal_midwife' }} as needs_lookahead,
        '{{ statistic.smallest_level }}' as smallest_level,
        1{% for filter in statistic.filters %} * (select count(*) from ({{ filter_values(filter, scheme) }}) as filter_value){% endfor %} as combinations
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

expected as (

    select
        declared.table_name,
        tested_year.reference_year,
        unit.geo_level,
        count(*) as units
    from declared
    inner join tested_year
        on
            declared.first_year <= tested_year.reference_year
            and (tested_year.has_prenatal_lookback or not declared.needs_lookback)
            and (tested_year.has_postnatal_lookahead or not declared.needs_lookahead)
    inner join unit on unit.geo_level = 'country' or (declared.smallest_level <> 'hospital' and unit.geo_level <> 'statistical_sector')
    group by declared.table_name, tested_year.reference_year, unit.geo_level

),

-- a year that must not be published is looked for in every build
counted as (

    {% for table in published_tables() -%}
    {%- set relation = ref(table) -%}
    {%- set filters = declared_statistic(table).filters -%}
    select
        '{{ table }}' as table_name,
        reference_year,
        geo_level,
        geo_code,
        count(*) as row_count,
        {{ 'count(distinct (' ~ (filters | join(', ')) ~ '))' if filters else '1' }} as distinct_rows
    from {{ relation }}
    where
        {{ is_tested }}
        or reference_year not in (select published_year.reference_year from published_year)
    group by reference_year, geo_level, geo_code
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

level_count as (

    select
        counted.table_name,
        counted.reference_year,
        counted.geo_level,
        count(*) as units,
        sum(counted.row_count) as row_count,
        sum(counted.distinct_rows) as distinct_rows,
        count(*) filter (where unit.geo_code is null) as unknown_units
    from counted
    left join unit
        on
            counted.geo_level = unit.geo_level
            and counted.geo_code = unit.geo_code
    group by counted.table_name, counted.reference_year, counted.geo_level

),

failure as (

    select
        declared.table_name || ' ' || coalesce(level_count.reference_year, expected.reference_year) || ' ' || coalesce(level_count.geo_level, expected.geo_level)
            as item,
        case
            when level_count.row_count is null then 'level without rows'
            when expected.units is null and level_count.geo_level <> declared.smallest_level then 'year or level that the table must not have'
            when level_count.unknown_units > 0 and level_count.geo_level <> 'hospital' then 'unit missing from geographic_unit'
            when level_count.distinct_rows <> level_count.row_count then 'duplicate row'
            when level_count.units <> expected.units then level_count.units || ' units instead of ' || expected.units
            when level_count.row_count <> level_count.units * declared.combinations then 'missing combination of filters'
        end as failure_reason
    from level_count
    full outer join expected
        on
            level_count.table_name = expected.table_name
            and level_count.reference_year = expected.reference_year
            and level_count.geo_level = expected.geo_level
    inner join declared on coalesce(level_count.table_name, expected.table_name) = declared.table_name

)

select * from failure
where failure_reason is not null
{% endmacro %}

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
