{# A table that is computed year by year: the years of this build are deleted and inserted again in one transaction, all others stay as they are.
   Config: year_column (default reference_year); scope, see years_to_build. The model's query must keep to those years itself
   (`in_years_to_build`), so that it reads no more than they need. On --full-refresh, or when the table is missing, it is created anew.
   dbt's incremental strategies were measured against this: they write every row twice, first to a temporary table. #}
{% materialization yearly, adapter = 'duckdb' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set year_column = config.get('year_column', 'reference_year') -%}
    {%- set years = years_to_build(config.require('scope')) -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% if existing_relation is none or existing_relation.is_view or should_full_refresh() %}
        {% if existing_relation is not none %}{% do adapter.drop_relation(existing_relation) %}{% endif %}
        {% call statement('main') %}{{ create_table_as(False, target_relation, sql) }}{% endcall %}
    {% else %}
        {% call statement('delete_years') %}
            delete from {{ target_relation }} where {{ year_column }} in ({{ years | join(', ') }})
        {% endcall %}
        {% call statement('main') %}
            insert into {{ target_relation }} by name ({{ sql }})
        {% endcall %}
    {% endif %}
    {% do persist_docs(target_relation, model) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
