{# A table that is computed whole: the old one is dropped and the new one made under its own name, in one transaction, so that a failed model leaves the
   old table. It replaces the adapter's materialization, which makes a second table, renames twice and asks five questions of the catalog about indexes and
   foreign keys: this project has none, and for a hundred small tables that took longer than computing them. Contracts, hooks and comments are as usual.
   Config: scope (may be missing), for a table that only serves the years of this build (years_to_build): when there are none, it is left as it is. #}
{% materialization table, adapter = 'duckdb' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set is_kept = config.get('scope') and existing_relation is not none and not should_full_refresh() and years_to_build(config.get('scope')) == [-1] -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main') %}
        {%- if is_kept %}
            select 0
        {%- else %}
            {%- if existing_relation is not none %}drop {{ existing_relation.type }} {{ existing_relation }};{% endif %}
            {{ create_table_as(False, target_relation, sql) }}
        {%- endif %}
    {% endcall %}
    {% do persist_docs(target_relation, model) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
