{# The parts of a cell table add up to their whole: the values of a filter to its total, in every unit; and units to the unit that contains them, from
   municipality to region, for every combination of filters. The country also has people without a known address, which is a data test of its own.
   Arguments
     model      relation: the cell table
     measures   list of integer columns
     family     text: the filters of the family are columns of the table (macros/lists.sql)
     variable   text: so are the filters that split the numerator of this variable only
     keys       list of further columns, without a total (the imaging variable)
     not_over   mapping of a filter to the measures that do not add up over it (a woman with two types of act is one woman of the total)
   Returns: failing rows with item and failure_reason. #}
{% test adds_up(model, measures, family, variable=none, keys=[], not_over={}) %}
{%- set filters = variable_filters(variable) if variable else family_filters(family) %}
{%- set grain = keys + filters %}
with cell as (

    select * from {{ model }}
    where {{ in_years_to_test('reference_year') }}

),

unit as (

    select * from {{ ref('geographic_unit') }}

),

{% for filter in filters -%}
{%- set others = ['reference_year', 'geo_level', 'geo_code'] + (grain | reject('equalto', filter) | list) -%}
over_{{ filter }} as (

    select
        {{ others | join(" || ' ' || ") }} as item,
        'the values of {{ filter }} do not add up to its total' as failure_reason
    from cell
    where geo_level <> 'statistical_sector'
    group by {{ others | join(', ') }}
    having
        {%- for measure in measures | reject('in', not_over.get(filter, [])) %}
        {{ 'or ' if not loop.first }}{{ total_less_parts(filter, 'total', measure) }} <> 0
        {%- endfor %}

),

{% endfor -%}
children as (

    select
        cell.reference_year,
        unit.parent_level,
        unit.parent_code,
        {%- for column in grain %}
        cell.{{ column }},
        {%- endfor %}
        {%- for measure in measures %}
        sum(cell.{{ measure }}) as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from cell
    inner join unit
        on
            cell.geo_level = unit.geo_level
            and cell.geo_code = unit.geo_code
    where unit.geo_level in ('{{ levels_of_municipality()[2:] | join("', '") }}')
    group by cell.reference_year, unit.parent_level, unit.parent_code{% for column in grain %}, cell.{{ column }}{% endfor %}

),

over_units as (

    select
        cell.reference_year || ' ' || cell.geo_level || ' ' || cell.geo_code{% for column in grain %} || ' ' || cell.{{ column }}{% endfor %} as item,
        'the units within it do not add up to it' as failure_reason
    from cell
    left join children
        on
            cell.reference_year = children.reference_year
            and cell.geo_level = children.parent_level
            and cell.geo_code = children.parent_code
            {%- for column in grain %}
            and cell.{{ column }} = children.{{ column }}
            {%- endfor %}
    where
        cell.geo_level in ('{{ levels_of_municipality()[1:-1] | join("', '") }}')
        and (
            children.parent_code is null
            {%- for measure in measures %}
            or cell.{{ measure }} <> children.{{ measure }}
            {%- endfor %}
        )

),

failure as (

    select * from over_units
    {%- for filter in filters %}
    union all
    select * from over_{{ filter }}
    {%- endfor %}

)

select * from failure
{% endtest %}
