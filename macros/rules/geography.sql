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

{# The filters of beneficiaries as columns of a select list. Arguments: filters (list of text), person (text: the relation with the columns of
   int_beneficiary); where a filter is a class of a column, join_filter_classes has joined it. Returns: text, each column followed by a comma. #}
{% macro person_filter_columns(filters, person) -%}
    {%- for filter in filters -%}
        {{ filter ~ '_of_person' if filter_definitions()[filter].classes_of else person }}.{{ filter }},{{ '\n        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# The filters that are classes of a column of int_beneficiary, as joins. Arguments: filters (list of text), scheme (of the classes), person (text: the
   relation with the column). Returns: an inner join clause a filter with classes, on the seed named as the filter; none for other filters. #}
{% macro join_filter_classes(filters, scheme, person) -%}
    {%- for filter in filters if filter_definitions()[filter].classes_of -%}
    {%- set column = filter_definitions()[filter].classes_of %}
    inner join (
        select
            single_value.number as {{ column }},
            class.{{ filter }}
        from ({{ whole_numbers(var('oldest_age')) }}) as single_value
        inner join {{ ref(filter) }} as class
            on
                class.scheme = '{{ scheme }}'
                and single_value.number >= class.{{ column }}_from
                and single_value.number <= coalesce(class.{{ column }}_to, single_value.number)
    ) as {{ filter }}_of_person on {{ person }}.{{ column }} = {{ filter }}_of_person.{{ column }}
    {%- endfor -%}
{%- endmacro %}

{# Persons of a year at their residence of that year, with the filters of a family. Arguments: persons (text: a CTE with reference_year and person_id), filters
   (list of text), scheme (of the classes), columns (list of SQL expressions on `persons`). Expects a CTE `beneficiary` with the columns of int_beneficiary.
   Returns: a query; one row a row of `persons` who is a beneficiary of the year, with reference_year, municipality_code, the filters and the columns. #}
{% macro at_residence(persons, filters, scheme, columns) %}
    select
        {{ persons }}.reference_year,
        beneficiary.municipality_code,
        {{ person_filter_columns(filters, 'beneficiary') }}
        {{ columns | join(',\n        ') }}
    from {{ persons }}
    inner join beneficiary
        on
            {{ persons }}.reference_year = beneficiary.reference_year
            and {{ persons }}.person_id = beneficiary.person_id
    {{- join_filter_classes(filters, scheme, 'beneficiary') }}
{% endmacro %}

{# The values of a filter with their order and SDMX codes. Arguments: filter (text), scheme (text: needed for a filter with classes).
   Returns: a query; one row a value, the total last, columns named as the filter, sort_order (integer), sdmx_code (string).
   Raises a compiler error for an unknown filter. #}
{% macro filter_members(filter, scheme=none) %}
    {%- set definition = filter_definitions().get(filter) -%}
    {%- if definition is none -%}
        {{ exceptions.raise_compiler_error("filter_definitions: there is no filter '" ~ filter ~ "'; known are " ~ (filter_definitions() | join(', ')) ~ ".") }}
    {%- endif -%}
    {%- if definition.codes -%}
        {%- for code, sdmx_code in definition.codes.items() %}
        select '{{ code }}' as {{ filter }}, {{ loop.index }} as sort_order, '{{ sdmx_code }}' as sdmx_code
        union all
        {%- endfor %}
        select 'total' as {{ filter }}, {{ definition.codes | length + 1 }} as sort_order, '_T' as sdmx_code
    {%- else -%}
        {%- set members = ref(filter) ~ (" where scheme = '" ~ scheme ~ "'" if definition.classes_of else '') %}
        select {{ filter }}, sort_order, upper({{ filter }}) as sdmx_code from {{ members }}
        union all
        select 'total' as {{ filter }}, max(sort_order) + 1 as sort_order, '_T' as sdmx_code from {{ members }}
    {%- endif -%}
{% endmacro %}

{# The values of a filter, 'total' included. Arguments: those of filter_members. Returns: a query with one string column named as the filter. #}
{% macro filter_values(filter, scheme=none) -%}
    select filter_member.{{ filter }} from ({{ filter_members(filter, scheme) }}) as filter_member
{%- endmacro %}

{# Every combination of the values of some filters, as cross joins. Arguments: filters (list of text), scheme (of the classes, text).
   Returns: a cross join clause a filter, its relation named as the filter with _value. #}
{% macro cross_join_filters(filters, scheme=none) -%}
    {%- for filter in filters %}
    cross join ({{ filter_values(filter, scheme) }}) as {{ filter }}_value
    {%- endfor -%}
{%- endmacro %}

{# A column with its relation, where one is given. Arguments: column (text), relation (text or none). Returns: SQL expression. #}
{% macro qualified(column, relation) -%}
    {{ relation ~ '.' ~ column if relation else column }}
{%- endmacro %}

{# Some columns of a relation, for a select list or a grouping. Arguments: columns (list of text), relation (text or none).
   Returns: text, the columns separated by commas, each also followed by one where `trailing` (boolean) is true. #}
{% macro columns_of(columns, relation=none, trailing=true) -%}
    {%- for column in columns -%}
        {{ qualified(column, relation) }}{{ ',' if trailing or not loop.last }}{{ '\n        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# Whether two relations have the same year, unit and filters. Arguments: left, right (text: relations), columns (list of text: the filters and keys).
   Returns: boolean expression. #}
{% macro is_same_cell(left, right, columns=[]) -%}
    {%- for column in ['reference_year', 'geo_level', 'geo_code'] + columns -%}
        {{ 'and ' if not loop.first }}{{ left }}.{{ column }} = {{ right }}.{{ column }}{{ '\n            ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# Whether a row is the total of some filters. Arguments: filters (list of text), relation (text or none). Returns: boolean expression, true without filters. #}
{% macro is_total_of(filters, relation=none) -%}
    {%- for filter in filters -%}
        {{ 'and ' if not loop.first }}{{ qualified(filter, relation) }} = 'total'{{ ' ' if not loop.last }}
    {%- else -%}
        true
    {%- endfor -%}
{%- endmacro %}
