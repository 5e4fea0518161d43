{# Whether the grid of every published table is complete: a row a published year from the table's first year on, unit and combination of filters, without those
   below the smallest level of a filter (macro smallest_levels).
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

lookahead as (

    select * from {{ ref('int_postnatal_lookahead') }}
    where has_postnatal_lookahead

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
        1{% for filter in statistic.filters %} * (select count(*) from ({{ filter_values(filter, scheme) }}) as filter_value){% endfor %} as combinations,
        -- below the smallest level of a filter there is its total alone
        {%- set ended = smallest_levels(statistic.variable, statistic.place) %}
        {%- for level in levels_of_municipality() %}
            1{% for filter in statistic.filters if filter not in ended or level not in levels_below(ended[filter]) %} * (select count(*) from ({{ filter_values(filter, scheme) }}) as filter_value){% endfor %} as combinations_{{ level }}{{ ',' if not loop.last }}
        {%- endfor %}
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
            and (tested_year.reference_year in (select lookahead.reference_year from lookahead) or not declared.needs_lookahead)
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
            when level_count.row_count <> level_count.units * case level_count.geo_level
                {%- for level in levels_of_municipality() %}
                    when '{{ level }}' then declared.combinations_{{ level }}
                {%- endfor %}
                else declared.combinations
            end then 'missing combination of filters, or one below its smallest level'
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
