{# Comments of all documented columns of a relation, in one statement. The adapter first asks which columns there are; here the contract of the model says
   so, and a description of a column that does not exist is an error that should be seen. Arguments: relation, column_dict (dbt's columns of a node).
   Returns: SQL. #}
{% macro duckdb__alter_column_comment(relation, column_dict) %}
    {%- for name, column in column_dict.items() if column.description %}
    comment on column {{ relation }}.{{ adapter.quote(name) if column.quote else name }} is {{ duckdb_escape_comment(column.description) }};
    {%- endfor %}
{% endmacro %}
