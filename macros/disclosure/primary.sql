{# True for a group that is too small to publish: 1 to threshold - 1. 0 may be published (source: card).
   Argument: persons (SQL integer). Returns: boolean expression. #}
{% macro is_small_group(persons) -%}
    ({{ persons }} > 0 and {{ persons }} < {{ var('small_cell_threshold') }})
{%- endmacro %}

{# True where those of a denominator who are not in its numerator are a small group, and the variable protect_complement protects them: a share of 96 % of 28
   tells that one person had no act. Argument: headroom (SQL integer, how many are not in the numerator; null where the numerator has no limit).
   Returns: boolean expression. #}
{% macro is_small_complement(headroom) -%}
    {{ 'coalesce(' ~ is_small_group(headroom) ~ ', false)' if var('protect_complement') else 'false' }}
{%- endmacro %}
