{# A cell table has one row a year, unit and combination of filters: every year that is built, every unit from country to municipality (or the country,
   by hospital), every value of every filter. Sectors and hospitals have rows where they have beneficiaries or deliveries.
   The right number of rows, no duplicate row and no unknown value together make a grid complete: cheaper than computing the grid again.
   Arguments
     model         relation: the cell table
     family        text: the filters of the family are columns of the table (macros/lists.sql)
     place         'residence' or 'hospital': hospital tables have the country and hospitals as units
     variable      text: so are the filters that split the numerator of this variable only
     keys          list of further columns: only `variable`, the imaging variable
     has_sectors   boolean: the table has statistical sectors, split by the keys only (their filters are 'total')
     window        'prenatal_lookback' or 'postnatal_lookahead': only years in which this window is complete
   Returns: failing rows with item and failure_reason. #}
{% test complete_grid(model, family, place='residence', variable=none, keys=[], has_sectors=false, window=none) %}
{%- set hospitals = place == 'hospital' %}
{%- set filters = (variable_filters(variable, place) if variable else family_filters(family, place)) + keys %}
{%- set values_of = {'variable': 'select imaging_variable.variable from (' ~ imaging_variable_rows() ~ ') as imaging_variable'} %}
{%- for filter in filters if filter != 'variable' %}
    {%- do values_of.update({filter: filter_values(filter, families()[family].scheme)}) %}
{%- endfor %}
with cell as (

    select * from {{ model }}
    where {{ in_years_to_test('reference_year') }}

),

reference_year as (

    select * from {{ ref('int_reference_year') }}
    where {{ in_years_to_test('reference_year') }}{{ ' and has_prenatal_lookback' if window == 'prenatal_lookback' }}

),

tested_year as (

    select * from reference_year
    {%- if window == 'postnatal_lookahead' %}
    where reference_year in (select lookahead.reference_year from {{ ref('int_postnatal_lookahead') }} as lookahead where lookahead.has_postnatal_lookahead)
    {%- endif %}

),

unit as (

    select * from {{ ref('geographic_unit') }}

),

level_count as (

    select
        reference_year,
        geo_level,
        count(*) as row_count,
        count(distinct geo_code) as units,
        count(distinct (geo_code{% for filter in filters %}, {{ filter }}{% endfor %})) as distinct_rows
    from cell
    group by reference_year, geo_level

),

expected_level as (

    select
        tested_year.reference_year,
        unit.geo_level,
        count(*) as units
    from tested_year
    cross join unit
    where {{ "unit.geo_level = 'country'" if hospitals else "unit.geo_level <> 'statistical_sector'" }}
    group by tested_year.reference_year, unit.geo_level

),

value_count as (

    select
        cast(1 as bigint)
        {%- for filter in filters %} * (select count(*) from ({{ values_of[filter] }}) as filter_value){% endfor %} as values_of_units,
        cast(1 as bigint)
        {%- for filter in keys %} * (select count(*) from ({{ values_of[filter] }}) as filter_value){% endfor %} as values_of_sectors

),

incomplete as (

    select
        coalesce(level_count.reference_year, expected_level.reference_year) || ' ' || coalesce(level_count.geo_level, expected_level.geo_level) as item,
        case
            when level_count.row_count is null then 'the level has no row'
            when tested_year.reference_year is null then 'the year is not built, or its window is not complete'
            when level_count.distinct_rows <> level_count.row_count then level_count.row_count - level_count.distinct_rows || ' duplicate rows'
            when level_count.units <> expected_level.units then level_count.units || ' units instead of ' || expected_level.units
            when
                level_count.row_count
                <> level_count.units * case when level_count.geo_level = 'statistical_sector' then values_of_sectors else values_of_units end
                then level_count.row_count || ' rows for ' || level_count.units || ' units: a combination of filters is missing'
        end as failure_reason
    from level_count
    full outer join expected_level
        on
            level_count.reference_year = expected_level.reference_year
            and level_count.geo_level = expected_level.geo_level
    left join tested_year on level_count.reference_year = tested_year.reference_year
    cross join value_count

),

unknown_unit as (

    select distinct
        cell.geo_level || ' ' || cell.geo_code as item,
        'the unit is not in geographic_unit' as failure_reason
    from cell
    left join unit
        on
            cell.geo_level = unit.geo_level
            and cell.geo_code = unit.geo_code
    where unit.geo_code is null{% if hospitals %} and cell.geo_level <> 'hospital'{% endif %}

),

{% for filter in filters -%}
unknown_{{ filter }} as (

    select distinct
        '{{ filter }} ' || coalesce({{ filter }}, 'null') as item,
        'the filter has no such value' as failure_reason
    from cell
    where {{ filter }} is null or {{ filter }} not in ({{ values_of[filter] }})

),

{% endfor -%}
failure as (

    select * from incomplete
    union all
    select * from unknown_unit
    {%- for filter in filters %}
    union all
    select * from unknown_{{ filter }}
    {%- endfor %}

)

select * from failure
where failure_reason is not null
{% endtest %}
