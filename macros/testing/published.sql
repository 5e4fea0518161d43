{# The published tables that the tests read. dbt orders a test after the tables that it names while it parses, when it knows no graph: so they stand
   here by name, and `published_tables_are_tested` fails when a mart is missing from the list. Returns: list of names. #}
{% macro published_tables() %}
    {% set tables = [] %}
    {% for number in ['003', '004', '005', '006', '007', '008', '013', '014', '023', '024'] %}
        {% do tables.extend(['cube_013_' ~ number, 'stat_013_' ~ number]) %}
    {% endfor %}
    {{ return(tables + ['cube_007_001a_denom', 'cube_007_005a', 'cube_007_005b', 'cube_007_006a', 'cube_007_006b']) }}
{% endmacro %}

{# What a mart declares of itself. Argument: table (text). Returns: its meta.statistic; while dbt parses, when there is none, an example of the shape.
   Raises a compiler error when the table declares nothing. #}
{% macro declared_statistic(table) %}
    {% if not execute %}{{ return({'family': 'imaging', 'measure': 'share', 'variable': '', 'per': 100, 'filters': [], 'smallest_level': 'municipality', 'first_year': 0}) }}{% endif %}
    {% for node in graph.nodes.values() if node.resource_type == 'model' and node.name == table and node.config.meta.get('statistic') %}
        {{ return(node.config.meta.statistic) }}
    {% endfor %}
    {{ exceptions.raise_compiler_error("The table '" ~ table ~ "' declares no meta.statistic; see macros/statistic_table.sql.") }}
{% endmacro %}

{# Rows of published tables that contradict their own columns: status and nulls, value and its formula, ranges, numbers that are too small to show.
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
            when reference_year < {{ statistic.first_year }} then 'a year before the table starts'
            when status not in ('published', 'small_cell', 'empty') or status is null then 'a status that does not exist'
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
            when status = 'small_cell' and (numerator is not null or value is not null) then 'a small cell that shows its numerator or value'
            when numerator < 0 or denominator < 0 or value < 0 then 'a negative number'
            when numerator between 1 and {{ var('small_cell_threshold') }} - 1 then 'a numerator below the threshold is shown'
            when denominator between 1 and {{ var('small_cell_threshold') }} - 1 then 'a denominator below the threshold is shown'
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
{#- what the filters of a table need, which dbt has to know while it parses -#}
{%- do ref('age_category') -%}
{%- do ref('procedure_type') -%}
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
    {%- set scheme = 'decennial' if statistic.family == 'imaging' else 'maternal' -%}
    select
        '{{ table }}' as table_name,
        {{ statistic.first_year }} as first_year,
        {{ statistic.variable == 'prenatal_acts' }} as needs_lookback,
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
    inner join unit on unit.geo_level = 'country' or (declared.smallest_level <> 'hospital' and unit.geo_level <> 'statistical_sector')
    group by declared.table_name, tested_year.reference_year, unit.geo_level

),

-- a year that should not be there is looked for in every build
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
            when level_count.row_count is null then 'the level has no row'
            when expected.units is null and level_count.geo_level <> declared.smallest_level then 'a year or level that this table does not have'
            when level_count.unknown_units > 0 and level_count.geo_level <> 'hospital' then 'a unit that is not in geographic_unit'
            when level_count.distinct_rows <> level_count.row_count then 'a row stands there twice'
            when level_count.units <> expected.units then level_count.units || ' units instead of ' || expected.units
            when level_count.row_count <> level_count.units * declared.combinations then 'a combination of filters is missing'
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
   every type of act. Each is written down under its name, the filters that a table does not have as 'total'; where tables tell it differently, or one
   hides what another shows, the row fails. Returns: a query with item and failure_reason. #}
{% macro contradicting_published_rows() %}
{%- set is_tested = in_years_to_test('reference_year') -%}
{%- set filters = ['age_category', 'increased_reimbursement', 'procedure_type'] -%}
with published_number as (

    {% for table in published_tables() -%}
    {%- set relation = ref(table) -%}
    {%- set statistic = declared_statistic(table) -%}
    {%- set place = 'hospital' if statistic.smallest_level == 'hospital' else 'residence' -%}
    {%- set whole = ('beneficiaries' if statistic.family == 'imaging' else 'deliveries') ~ ' by ' ~ place -%}
    {%- set numbers = [('numerator', whole)] if statistic.measure == 'count' else [
        ('numerator', statistic.variable ~ ' ' ~ statistic.measure ~ ' by ' ~ place),
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
        {%- set is_split = filter in statistic.filters and not (column == 'denominator' and filter == 'procedure_type') %}
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
            when min(number) <> max(number) then 'one table says ' || min(number) || ', another ' || max(number)
            when count(number) not in (0, count(*)) then 'one table hides what another shows'
        end as failure_reason
    from published_number
    group by what, reference_year, geo_level, geo_code, {{ filters | join(', ') }}

)

select * from failure
where failure_reason is not null
{% endmacro %}
