{# A table that is computed year by year: the years of this build are deleted and inserted again in one transaction, all others stay as they are.
   Config: year_column (default reference_year); scope, see years_to_build. The model's query must keep to those years itself
   (`in_years_to_build`), so that it reads no more than they need. A published table also loses the years that are no longer to be published.
   Where no other year is to be kept (the first build, --full-refresh, a changed rule), the table is made anew, so that its columns and comments may have changed too.
   dbt's incremental strategies were measured against this: they write every row twice, first to a temporary table. #}
{% materialization yearly, adapter = 'duckdb' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set year_column = config.get('year_column', 'reference_year') -%}
    {%- set scope = config.require('scope') -%}
    {%- set years = years_to_build(scope) -%}
    {%- set outdated = year_column ~ ' in (' ~ (years | join(', ')) ~ ')' -%}
    {%- if scope == 'published' and year_bounds(year_column) -%}
        {%- set outdated = outdated ~ ' or not (true ' ~ year_bounds(year_column) ~ ')' -%}
    {%- endif -%}
    {%- set is_made_anew = existing_relation is none or existing_relation.is_view or should_full_refresh() -%}
    {%- if not is_made_anew and years != [-1] -%}
        {%- set is_made_anew = run_query('select count(*) = 0 from ' ~ existing_relation ~ ' where not (' ~ outdated ~ ')').columns[0][0] -%}
    {%- endif -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main') %}
        {%- if is_made_anew %}
            {%- if existing_relation is not none %}drop {{ existing_relation.type }} {{ existing_relation }};{% endif %}
            {{ create_table_as(False, target_relation, sql) }}
        {%- else %}
            delete from {{ target_relation }} where {{ outdated }};
            {%- if years != [-1] %}
                {%- if config.get('contract').enforced %}{{ get_assert_columns_equivalent(sql) }}{% endif %}
                insert into {{ target_relation }} by name ({{ sql }});
            {%- endif %}
        {%- endif %}
    {% endcall %}
    {% if is_made_anew %}{% do persist_docs(target_relation, model) %}{% endif %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
