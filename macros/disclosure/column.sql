{# The filters as select targets. Arguments: relation (alias, or none), prefix of the column names. Returns: text, one column a line. #}
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

{# The number of filters with a value other than 'total'. Returns: integer expression. #}
{% macro filter_depth() -%}
    {%- for filter in suppression_filters() -%}
        case when {{ filter }} <> 'total' then 1 else 0 end{{ ' + ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# True where a filter after `filter` in the tree has a value. Arguments: filter, relation (alias or none). Returns: boolean expression. #}
{% macro has_later_value(filter, relation=none) -%}
    {%- set filters = suppression_filters() -%}
    (
    {%- for later in filters[filters.index(filter) + 1:] -%}
        {{ relation ~ '.' if relation }}{{ later }} <> 'total' or {% endfor -%}
    false)
{%- endmacro %}

{# True where a combination of filters is in the tree of columns of its series: no filter that the series has is 'total' before one with a value.
   Expects has_<filter> columns. Returns: boolean expression. #}
{% macro is_tree_column() -%}
    not (
    {%- for filter in suppression_filters() -%}
        (has_{{ filter }} and {{ filter }} = 'total' and {{ has_later_value(filter) }}){{ '\n            or ' if not loop.last }}
    {%- endfor -%}
    )
{%- endmacro %}

{# True where `parent` is the parent column of `child`: 'total' in the last filter that has a value, the same elsewhere. Arguments: aliases.
   Returns: boolean expression. #}
{% macro is_parent_column(parent, child) -%}
    {%- for filter in suppression_filters() -%}
        {{ parent }}.{{ filter }} = case when {{ has_later_value(filter, child) }} then {{ child }}.{{ filter }} else 'total' end{{ '\n            and ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# True where `tree`, a column of the tree, is a summand of `margin`, a column outside it. Arguments: aliases. Returns: boolean expression. #}
{% macro is_summand(tree, margin) -%}
    {%- for filter in suppression_filters() -%}
        ({{ tree }}.{{ filter }} = {{ margin }}.{{ filter }}) <> ({{ margin }}.has_{{ filter }} and {{ margin }}.{{ filter }} = 'total' and {{ has_later_value(filter, margin) }})
        {{- '\n            and ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
