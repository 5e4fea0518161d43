{# The columns of a new table with their constraints, as dbt writes them. The primary key of a table by year is left out: it is stated for dbt's tools and for the
   release, which checks it, and DuckDB would keep some 125 bytes a row to enforce it. Returns: SQL. #}
{% macro duckdb__get_table_columns_and_constraints() %}
    {%- set parts = adapter.render_raw_columns_constraints(raw_columns=model.columns) -%}
    {%- if model.config.materialized != 'yearly' -%}{% set parts = parts + adapter.render_raw_model_constraints(raw_constraints=model.constraints) %}{%- endif -%}
    ({{ parts | join(', ') }})
{% endmacro %}
