{# A table that is computed year by year, so that memory depends on one year: each year that load_plan names is deleted and inserted again in a transaction
   of its own, all others remain as they are. A build that is stopped leaves whole years in the table; the next build goes on there (build_progress).
   Config, under `meta`
     input, carries_forward   which years, see plan_condition; a table without `input` belongs to the publication and also loses the years that are not to be
                              published any more
     year_column              the column of the year, default reference_year
     keeps_other_years        default true; false for a table that holds the years of one build only
   The model's query keeps to those years by `in_years_to_build`, so that it reads no more than they need; its list of years is narrowed to one for each
   transaction. Raises a compiler error for a query without such a condition.
   Where no other year is to be kept (the first build, --full-refresh, a changed rule), the table is made anew, so that its columns and comments may have
   changed too. dbt's incremental strategies were measured against this: they write every row twice, first to a temporary table. #}
{% materialization yearly, adapter = 'duckdb' %}
    {%- if is_left_to_spark() -%}{{ return({'relations': take_over_from_spark()}) }}{%- endif -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set year_column = config.meta_get('year_column', 'reference_year') -%}
    {%- set planned = years_to_build() -%}
    {%- set done = years_done() if existing_relation is not none else [] -%}
    {%- set years = planned | reject('in', done) | list or [-1] -%}
    {%- set all_years = in_years('', planned) -%}
    {%- set all_days = in_days('', planned) -%}
    {%- set bounds = '' if config.meta_get('input') else year_bounds(year_column) -%}
    {%- set outdated = in_years(year_column, years) ~ (' or not (true ' ~ bounds ~ ')' if bounds else '') -%}
    {%- set is_made_anew = existing_relation is none or existing_relation.is_view or should_full_refresh() or not (done or config.meta_get('keeps_other_years', true)) -%}
    {%- if not is_made_anew and years != [-1] -%}
        {%- set is_made_anew = run_query('select count(*) = 0 from ' ~ existing_relation ~ ' where not (' ~ outdated ~ ')').columns[0][0] -%}
    {%- endif -%}
    {%- if planned | length > 1 and all_years not in sql -%}
        {% do exceptions.raise_compiler_error("The model " ~ model.name ~ " is materialized by year and must keep to the years with in_years_to_build.") %}
    {%- endif -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- for year in years %}
        {%- set sql_of_year = sql | replace(all_years, in_years('', [year])) | replace(all_days, in_days('', [year])) -%}
        {% call statement('main') %}
            {%- if is_made_anew and loop.first %}
                {%- if existing_relation is not none %}drop {{ existing_relation.type }} {{ existing_relation }};{% endif %}
                {{ create_table_as(False, target_relation, sql_of_year) }};
            {%- else %}
                {% if loop.first and bounds %}delete from {{ target_relation }} where not (true {{ bounds }});{% endif %}
                delete from {{ target_relation }} where {{ in_years(year_column, [year]) }};
                {%- if year != -1 %}
                    {%- if config.get('contract').enforced and loop.first %}{{ get_assert_columns_equivalent(sql_of_year) }}{% endif %}
                    insert into {{ target_relation }} by name ({{ sql_of_year }});
                {%- endif %}
            {%- endif %}
            {{ record_year_done(year) }}
        {% endcall %}
        {%- if not loop.last %}
            {% do adapter.commit() %}
            {% do free_cached_blocks() %}
            {% do log(this.identifier ~ ": year " ~ year ~ " done, " ~ (loop.length - loop.index) ~ " of " ~ (planned | length) ~ " years to do", info=true) %}
        {%- endif %}
    {%- endfor %}
    {% if is_made_anew %}{% do persist_docs(target_relation, model) %}{% endif %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
