{# The filters of the protected tables, in the order of their tree of columns: those that split a numerator only, then those that it shares with its
   denominator (total > procedure type > age > increased reimbursement). A table that lacks a filter has 'total' in it. Source: macros/lists.sql.
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

{# The filters of protected_count for cells that have only some of them. Arguments: filters (list of column names that the cells have), relation (alias, or none).
   Returns: select targets, one a line; 'total' for a filter that the cells lack. #}
{% macro filters_or_total(filters, relation=none) -%}
    {%- for filter in suppression_filters() -%}
        {% if filter in filters %}{{ relation ~ '.' if relation }}{{ filter }}{% else %}'total' as {{ filter }}{% endif %}{{ ',\n        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# The name of a series by place: cells by residence have that of the variable. Arguments: variable (text), place. Returns: text. #}
{% macro place_series(variable, place) %}{{ return(variable if place == 'residence' else place ~ '_' ~ variable) }}{% endmacro %}
