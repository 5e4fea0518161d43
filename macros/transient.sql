{# Configuration of a table that only the rest of the same build reads: its values are not compressed, which for millions of person ids costs more than
   writing and reading them. Returns: nothing; call it in the model's head. #}
{% macro written_uncompressed() %}
    {{ config(
        pre_hook = "{{ storage_compression('uncompressed') }}",
        post_hook = "{{ storage_compression('auto') }}"
    ) }}
{% endmacro %}

{# How DuckDB stores the columns that are written from here on; elsewhere nothing. Argument: method ('uncompressed' or 'auto'). #}
{% macro storage_compression(method) %}{{ return(adapter.dispatch('storage_compression')(method)) }}{% endmacro %}
{% macro default__storage_compression(method) %}{% endmacro %}
{% macro duckdb__storage_compression(method) %}set force_compression = '{{ method }}'{% endmacro %}
