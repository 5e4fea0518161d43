{# The filters of the protected tables, in this order: those that split a numerator only, then those that it shares with its
   denominator. A table that lacks a filter has 'total' in it. Source: macros/lists.sql.
   Returns: list of column names. #}
{% macro suppression_filters() %}
    {{ return(numerator_filters() + shared_filters()) }}
{% endmacro %}

{# The filters that split denominators, of every family and place. Returns: list of column names. #}
{% macro shared_filters() %}
    {% set found = [] %}
    {% for family in families().values() %}
        {% for filters in family.filters.values() %}
            {% for filter in filters if filter not in found %}{% do found.append(filter) %}{% endfor %}
        {% endfor %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}

{# The filters of protected_count for cells that have only some of them. Arguments: filters (list of column names that the cells have),
   relation (alias, or none). Returns: select targets, one a line; 'total' for a filter that the cells lack. #}
{% macro filters_or_total(filters, relation=none) -%}
    {%- for filter in suppression_filters() -%}
        {% if filter in filters %}{{ relation ~ '.' if relation }}{{ filter }}{% else %}'total' as {{ filter }}{% endif %}{{ ',\n        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# The columns of protected_count that add up over units. Returns: list of column names. #}
{% macro additive_counts() %}
    {{ return(['cases', 'volume', 'denominator', 'persons', 'denominator_persons', 'headroom']) }}
{% endmacro %}

{# The levels whose units do not cover their parent: persons without a known address are in no region, persons without a known sector in no sector. Everybody
   can subtract, so that what is left, the remainder, is a cell of the suppression. Its unit is a pseudo-unit of the level, <code of the parent>_<value of this mapping>.
   Returns: mapping of a level to text. #}
{% macro remainder_levels() %}
    {{ return({'region': 'no_known_address', 'statistical_sector': 'no_known_sector'}) }}
{% endmacro %}

{# The name of a series by place: cells by residence have that of the variable. Arguments: variable (text), place ('residence' or 'hospital'). Returns: text. #}
{% macro place_series(variable, place) %}{{ return(variable if place == 'residence' else place ~ '_' ~ variable) }}{% endmacro %}
