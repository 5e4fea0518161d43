{# Geography roll-up with totals: sums of counts by unit of residence from country to municipality, every filter's total included.
   Arguments
     relation    text: a CTE or table with reference_year, municipality_code (null: unknown address), the keys, the filters and the measures
     keys        list of text columns that stay as they are (a variable; a filter whose total is no sum)
     filters     list of text columns that get a row 'total'
     measures    list of integer columns to sum
     unit        text: the CTE or table that names the units of a municipality (int_unit_of_residence)
   Returns: a query; one row a reference_year, geo_level, geo_code, key and combination of filters ('total' included), measures as bigint. Only
   combinations that occur: a left join from the complete grid adds the zeros. A person without a known address counts at the Belgian level only (card). #}
{% macro roll_up(relation, keys, filters, measures, unit) %}
    select
        base.reference_year,
        unit.geo_level,
        unit.geo_code,
        {%- for key in keys %}
        base.{{ key }},
        {%- endfor %}
        {%- for filter in filters %}
        coalesce(base.{{ filter }}, 'total') as {{ filter }},
        {%- endfor %}
        {%- for measure in measures %}
        cast(sum(base.{{ measure }}) as bigint) as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ relation }} as base
    inner join {{ unit }} as unit on coalesce(base.municipality_code, '') = unit.municipality_code
    group by
        base.reference_year,
        unit.geo_level,
        unit.geo_code,
        {%- for key in keys %}
        base.{{ key }},
        {%- endfor %}
        cube (
            {%- for filter in filters %}
            base.{{ filter }}{{ ',' if not loop.last }}
            {%- endfor %}
        )
{% endmacro %}

{# The age class of a scheme that holds an age, as a join. Arguments: age (SQL integer), scheme ('decennial', 'maternal'), alias (text: the name under
   which age_category is joined). Returns: an inner join clause on the seed age_category. #}
{% macro join_age_category(age, scheme, alias) -%}
    inner join (
        select
            single_age.number as age,
            age_category.age_category
        from ({{ whole_numbers(var('oldest_age')) }}) as single_age
        inner join {{ ref('age_category') }} as age_category
            on
                age_category.scheme = '{{ scheme }}'
                and single_age.number >= age_category.age_from
                and single_age.number <= coalesce(age_category.age_to, single_age.number)
    ) as {{ alias }} on {{ age }} = {{ alias }}.age
{%- endmacro %}

{# The classes of a filter with its total. Arguments: filter (age_category, increased_reimbursement, procedure_type), scheme (of age_category).
   Returns: a query with one text column named as the filter. Raises a compiler error for another filter. #}
{% macro filter_values(filter, scheme=none) %}
    {%- if filter == 'age_category' -%}
        select age_category from {{ ref('age_category') }} where scheme = '{{ scheme }}' union all select 'total' as age_category
    {%- elif filter == 'increased_reimbursement' -%}
        select 'yes' as increased_reimbursement union all select 'no' as increased_reimbursement union all select 'total' as increased_reimbursement
    {%- elif filter == 'procedure_type' -%}
        select procedure_type from {{ ref('procedure_type') }} union all select 'total' as procedure_type
    {%- else -%}
        {{ exceptions.raise_compiler_error("filter_values: no filter '" ~ filter ~ "'; known are age_category, increased_reimbursement and procedure_type") }}
    {%- endif -%}
{% endmacro %}
