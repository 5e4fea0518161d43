{# Gives back the memory in which the engine keeps what it has read, so that the memory of a build does not grow with the years that it has computed. Returns:
   nothing. Called before each model, between its years and after each year of a data test. #}
{% macro free_cached_blocks() %}{{ return(adapter.dispatch('free_cached_blocks')()) }}{% endmacro %}
{% macro default__free_cached_blocks() %}{% endmacro %}

{# DuckDB keeps blocks of the warehouse until its memory limit is reached. Only where one model runs at a time: the statement of another one would be refused
   memory in between. #}
{% macro duckdb__free_cached_blocks() %}
    {% if execute and target.threads == 1 %}{% do run_source_step('free') %}{% endif %}
{% endmacro %}
