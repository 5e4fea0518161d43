{# How tables are read and written on Spark. #}

{# on-run-start hook. On Spark, what DuckDB wrote for this build appears under the names by which models read it. #}
{% macro show_exchange_to_spark() %}{{ return(adapter.dispatch('show_exchange_to_spark')()) }}{% endmacro %}
{% macro default__show_exchange_to_spark() %}{% endmacro %}
{% macro spark__show_exchange_to_spark() %}
    {% if execute and flags.WHICH in ['run', 'build'] %}
        {% set nodes = nodes_for_spark() %}
        {% for schema in nodes | map(attribute='schema') | unique %}{% do run_query("create schema if not exists " ~ schema) %}{% endfor %}
        {% for node in nodes %}
            {% do run_query("create or replace view " ~ node.schema ~ "." ~ node.alias ~ " as select * from "
                ~ parquet_files([exchange_folder() ~ '/in/' ~ node.name ~ '.parquet'])) %}
            {#- dbt has listed the relations before -#}
            {% do adapter.cache_added(api.Relation.create(database=node.database, schema=node.schema, identifier=node.alias, type='view')) %}
        {% endfor %}
    {% endif %}
{% endmacro %}

{# The rows of a query on the load plan. On Spark, where the plan does not change during a command and an answer takes up to a second, each query is asked once;
   dbt has no other place than `graph` for what one node leaves to the next. Argument: sql (a query). Returns: list of rows. #}
{% macro rows_of_plan(sql) %}{{ return(adapter.dispatch('rows_of_plan')(sql)) }}{% endmacro %}
{% macro default__rows_of_plan(sql) %}{{ return(run_query(sql).rows) }}{% endmacro %}
{% macro spark__rows_of_plan(sql) %}
    {% set answers = graph.setdefault('rows_of_plan', {}) %}
    {% if sql not in answers %}{% do answers.update({sql: run_query(sql).rows}) %}{% endif %}
    {{ return(answers[sql]) }}
{% endmacro %}

{# Parquet files with the same columns in the same order, as SQL after `from`. Argument: paths (list). Hadoop expands `*`, `?`, `[`, `{` in a path, and `,` in a
   list of paths; it takes a backslash before them in a path of its own, not in a list. #}
{% macro parquet_files(paths) %}
    {% set plain = [] %}
    {% set sources = [] %}
    {% for path in paths %}
        {% set escaped = modules.re.sub('([*?\\[\\]{},\\\\])', '\\\\\\1', path) %}
        {% if escaped == path %}{% do plain.append(path.lstrip('/')) %}{% else %}{% do sources.append(escaped) %}{% endif %}
    {% endfor %}
    {% if plain %}{% do sources.append('/' ~ (plain[0] if plain | length == 1 else '{' ~ (plain | join(',')) ~ '}')) %}{% endif %}
    {% set selects = [] %}
    {% for source in sources %}{% do selects.append('parquet.`' ~ env_var('ATLAS_SPARK_PATHS', 'file://') ~ source ~ '`') %}{% endfor %}
    {{ return(selects[0] if selects | length == 1 else '(select * from ' ~ (selects | join(' union all select * from ')) ~ ') as file') }}
{% endmacro %}

{# As on DuckDB (macros/materializations/yearly.sql), for all years of the build in one statement: partitions of one year, of which those of the plan are
   replaced, and those that the plan does not know (left by a warehouse that was removed) are dropped. A build that is stopped computes its years again. Rows
   that are no persons are also written for DuckDB. Raises a compiler error where the table is missing and the warehouse holds years that this build does not compute. #}
{% materialization yearly, adapter = 'spark' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set year_column = config.meta_get('year_column', 'reference_year') -%}
    {%- set planned = years_to_build() -%}
    {%- set untouched = planned_years('reason is null', model_relation('load_plan')) | reject('equalto', -1) | list -%}
    {%- set known = planned_years('true', model_relation('load_plan')) -%}
    {%- set present = [] -%}
    {%- if existing_relation is not none and not should_full_refresh() -%}
        {%- for row in run_query('show partitions ' ~ existing_relation).rows -%}{%- do present.append(row[0].split('=')[1] | int) -%}{%- endfor -%}
    {%- elif untouched and not should_full_refresh() -%}
        {%- do exceptions.raise_compiler_error("Spark has no table " ~ this ~ ", although the warehouse holds the years " ~ (untouched | join(', ')) ~ ". Build all years again with --full-refresh.") -%}
    {%- endif -%}
    {%- set remaining = present | reject('in', planned) | select('in', known) | list -%}

    {{ run_hooks(pre_hooks) }}
    {%- if remaining %}
        {%- for year in present if year not in remaining %}{% do run_query('alter table ' ~ target_relation ~ ' drop if exists partition (' ~ year_column ~ ' = ' ~ year ~ ')') %}{% endfor %}
        {% call statement('main') %}
            insert overwrite table {{ target_relation }} partition ({{ year_column }}) by name {{ sql }}
        {% endcall %}
    {%- else %}
        {% do run_query('drop table if exists ' ~ target_relation) %}
        {% call statement('main') %}
            create table {{ target_relation }} using parquet partitioned by ({{ year_column }}) as {{ sql }}
        {% endcall %}
    {%- endif %}
    {%- if 'person_level' not in model.tags %}
        {% do run_query("insert overwrite directory '" ~ env_var('ATLAS_SPARK_PATHS', 'file://') ~ exchange_folder() ~ "/out/" ~ model.name ~ "' using parquet select /*+ coalesce(1) */ * from " ~ target_relation) %}
    {%- endif %}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
