{# The filters as select targets. Arguments: relation (alias, or none), prefix (text before the column names). Returns: text, one column a line. #}
{% macro filter_columns(relation=none, prefix='') -%}
    {%- for filter in suppression_filters() -%}
        {{ relation ~ '.' if relation }}{{ prefix }}{{ filter }}{{ ',\n        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# True where two relations have the same filters. Arguments: left, right (aliases). Returns: boolean expression. #}
{% macro same_filters(left, right) -%}
    {%- for filter in suppression_filters() -%}
        {{ left }}.{{ filter }} = {{ right }}.{{ filter }}{{ ' and ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
