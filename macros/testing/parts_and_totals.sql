{# What several data tests compare: parts with their total, and rows named by their filters. #}

{# A total less the sum of its parts. Arguments: column (text), total (text: the value of the column that is the total), measure (SQL number).
   Returns: SQL expression, a number, for a query grouped by the columns that stay; 0 when the parts add up to their total. #}
{% macro total_less_parts(column, total, measure) -%}
    sum(case when {{ column }} = '{{ total }}' then {{ measure }} else -{{ measure }} end)
{%- endmacro %}

{# The values of some columns of a row, as one text. Arguments: columns (list of text), relation (text or none). Returns: SQL expression, string, with a space in
   front of each value; the empty text without columns. #}
{% macro values_in_words(columns, relation=none) -%}
    ''{% for column in columns %} || ' ' || {{ qualified(column, relation) }}{% endfor %}
{%- endmacro %}

{# Whether a row is a part of every filter, that is the total of none. Arguments: filters (list of text), relation (text or none). Returns: boolean expression. #}
{% macro is_part_of(filters, relation=none) -%}
    {%- for filter in filters %}{{ ' and ' if not loop.first }}{{ qualified(filter, relation) }} <> 'total'{% else %}true{% endfor -%}
{%- endmacro %}

{# Whether a text is missing in a language. Argument: column (text: the columns are named column_nl, column_fr, ...). Returns: boolean expression. #}
{% macro is_missing_in_a_language(column) -%}
    {%- for language in languages() %}{{ ' or ' if not loop.first }}{{ column }}_{{ language }} is null{% endfor -%}
{%- endmacro %}
