{# Gives back the memory in which the engine keeps what it has read, so that the memory of a build does not grow with the years that it has computed. Returns:
   nothing. Called between two years of a table or test. #}
{% macro free_cached_blocks() %}{{ return(adapter.dispatch('free_cached_blocks')()) }}{% endmacro %}
{% macro default__free_cached_blocks() %}{% endmacro %}

{# DuckDB keeps blocks of the warehouse until its memory limit is reached, and drops those that nobody uses when the limit is lowered. Only where one model
   runs at a time: the statement of another one would be refused memory in between. #}
{% macro duckdb__free_cached_blocks() %}
    {% if execute and target.threads == 1 %}
        {% set limit = run_query("select current_setting('memory_limit')").columns[0][0] %}
        {% do run_query("set memory_limit = '64MB'") %}
        {% do run_query("set memory_limit = '" ~ limit ~ "'") %}
    {% endif %}
{% endmacro %}
