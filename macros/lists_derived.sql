{# What follows from the lists of lists.sql: ranks of levels, lists as rows, lists as a message names them. #}

{# The levels that contain a municipality, itself included. Returns: list of text, from the country down. #}
{% macro levels_of_municipality() %}
    {% set parents = {} %}
    {% for row in geographic_levels() %}{% do parents.update({row.level: row.parent}) %}{% endfor %}
    {% set path = ['municipality'] %}
    {% for _ in parents if parents[path[0]] %}{% do path.insert(0, parents[path[0]]) %}{% endfor %}
    {{ return(path) }}
{% endmacro %}

{# How many levels are above each level. Returns: mapping of a level to an integer, 0 for the country. #}
{% macro level_ranks() %}
    {% set ranks = {} %}
    {% for row in geographic_levels() %}
        {% do ranks.update({row.level: ranks[row.parent] + 1 if row.parent else 0}) %}
    {% endfor %}
    {{ return(ranks) }}
{% endmacro %}

{# The vintages as a message names them. Returns: text. #}
{% macro vintages_in_words() %}
    {% set words = [] %}
    {% for row in geography_vintages() %}{% do words.append(row.vintage ~ ' (' ~ row.municipalities ~ ' municipalities)') %}{% endfor %}
    {{ return((words[:-1] | join(', ')) ~ ' or ' ~ words[-1]) }}
{% endmacro %}

{# The filter whose values are classes of a column of int_beneficiary. Argument: column (text, 'age'). Returns: text.
   Raises a compiler error for a column without classes. #}
{% macro filter_of_classes(column) %}
    {% for filter, definition in filter_definitions().items() if definition.classes_of == column %}{{ return(filter) }}{% endfor %}
    {% do exceptions.raise_compiler_error("filter_definitions: no filter has classes of '" ~ column ~ "'.") %}
{% endmacro %}

{# The filters that split a numerator only, of all variables. Returns: list of text. #}
{% macro numerator_filters() %}
    {% set found = [] %}
    {% for variable in variables().values() %}
        {% for filter in variable.get('numerator_filters', []) if filter not in found %}{% do found.append(filter) %}{% endfor %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}

{# A list as rows. Argument: rows (list of mappings with the same keys; values are text, numbers, booleans or none).
   Returns: a query with one column a key; text as string, a missing value as null. #}
{% macro rows_of(rows) %}
    {%- for row in rows %}
    select
        {%- for column, value in row.items() %}
        {% if value is none %}cast(null as string){% elif value is string %}'{{ value | replace("'", "''") }}'{% else %}{{ value }}{% endif %} as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{% endmacro %}

{# The imaging variables with their code lists. Returns: a query; one row a variable, columns variable and list_code. #}
{% macro imaging_variable_rows() %}
    {%- set rows = [] -%}
    {%- for name in imaging_variables() -%}{%- do rows.append({'variable': name, 'list_code': variables()[name].list_code}) -%}{%- endfor -%}
    {{ rows_of(rows) }}
{% endmacro %}

{# The day of the published vintage; validate_variables has refused an unknown vintage before any model runs. Returns: SQL expression, date. #}
{% macro vintage_day() -%}
    {%- set published = geography_vintages() | selectattr('vintage', 'equalto', var('geography_vintage') | int) | first or geography_vintages() | last -%}
    date '{{ published.day }}'
{%- endmacro %}
