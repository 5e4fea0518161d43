{# The levels below which a variable's cubes are not split by a filter: nearly all of these cells are small, and they would suppress totals. Declared in the
   lists `families` and `variables`; in force while anything is suppressed and the variable smallest_levels is true. Arguments: variable (text),
   place ('residence' or 'hospital').
   Returns: mapping of a filter to a level; empty where all filters go down to the smallest level of the cube. #}
{% macro smallest_levels(variable, place='residence') %}
    {% set found = {} %}
    {% if place == 'residence' and var('smallest_levels') and var('small_cell_threshold') | int > 0 %}
        {% do found.update(families()[variables()[variable].family].get('smallest_levels', {})) %}
        {% do found.update(variables()[variable].get('smallest_levels', {})) %}
    {% endif %}
    {{ return(found) }}
{% endmacro %}

{# The levels of residence below a level. Argument: level (text). Returns: list of text. Raises a compiler error for a level that is none of residence. #}
{% macro levels_below(level) %}
    {% set path = levels_of_municipality() + ['statistical_sector'] %}
    {% if level not in path %}
        {% do exceptions.raise_compiler_error("smallest_levels: there is no level of residence '" ~ level ~ "'; known are " ~ (path | join(', ')) ~ ".") %}
    {% endif %}
    {{ return(path[path.index(level) + 1:]) }}
{% endmacro %}

{# True for a cell that the smallest levels of its variable leave. Arguments: variable (text), place ('residence' or 'hospital'), relation (alias, or none).
   Returns: boolean expression. #}
{% macro is_within_smallest_levels(variable, place='residence', relation=none) -%}
    {%- set prefix = relation ~ '.' if relation else '' -%}
    {%- for filter, level in smallest_levels(variable, place).items() -%}
        ({{ prefix }}{{ filter }} = 'total' or {{ prefix }}geo_level not in ('{{ levels_below(level) | join("', '") }}')) and {# -#}
    {%- endfor -%}
    true
{%- endmacro %}

{# The filters that a cube does not have below a level (macro smallest_levels). Returns: a query; one row a code and filter, columns code, filter, geo_level. #}
{% macro ended_filters() -%}
    {%- for row in statistics_in_graph() %}
    {%- for filter, level in smallest_levels(row.statistic.variable, row.statistic.place).items() if filter in row.statistic.filters %}
    select '{{ row.code }}' as code, '{{ filter }}' as filter, '{{ level }}' as geo_level
    union all
    {%- endfor %}
    {%- endfor %}
    select cast(null as string) as code, cast(null as string) as filter, cast(null as string) as geo_level
    where 1 = 0
{%- endmacro %}

{# The filters that end above the smallest level of any variable's cube. Returns: list of text; empty with threshold 0. #}
{% macro ended_filter_names() %}
    {% set found = [] %}
    {% for variable in variables() %}
        {% for filter in smallest_levels(variable) if filter not in found %}{% do found.append(filter) %}{% endfor %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}
