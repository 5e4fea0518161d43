{# With ATLAS_ENGINE=spark two commands of dbt share the project: the models with the tag `spark` are computed by a command on Spark, all others by the command
   on DuckDB that starts it (model spark_table). No model is computed twice: on DuckDB, a model of Spark is a copy of its result, or nothing where its
   rows are those of persons (tag `person_level`). #}

{# True in the command on DuckDB that leaves the models of Spark to Spark. #}
{% macro is_beside_spark() %}{{ return(target.name == 'duckdb_and_spark') }}{% endmacro %}

{# True where the running model is one that this command leaves to Spark. #}
{% macro is_left_to_spark() %}{{ return(is_beside_spark() and 'spark' in model.tags) }}{% endmacro %}

{# dbt's id of the command that made the load plan: on Spark, that of the command on DuckDB. Returns: text. #}
{% macro planning_invocation() %}{{ return(env_var('ATLAS_SPARK_PLAN', '') if target.type == 'spark' else invocation_id) }}{% endmacro %}

{# The folder through which the two commands of one build pass tables as Parquet: in/ from DuckDB, out/ from Spark. Both see it under the same path. Returns: text. #}
{% macro exchange_folder() %}
    {{ return(env_var('ATLAS_SPARK_EXCHANGE', env_var('ATLAS_OUTPUT_DIR', 'output') ~ '/spark/exchange') ~ '/' ~ planning_invocation()) }}
{% endmacro %}

{# What Spark needs of DuckDB: the models and seeds that models and tests of Spark name and that are none of Spark themselves. Returns: list of nodes. #}
{% macro nodes_for_spark() %}
    {% set found = {} %}
    {% for node in graph.nodes.values() if 'spark' in node.tags %}
        {% for parent in node.depends_on.nodes if parent in graph.nodes and 'spark' not in graph.nodes[parent].tags and graph.nodes[parent].name != 'spark_table' %}
            {% do found.update({parent: graph.nodes[parent]}) %}
        {% endfor %}
    {% endfor %}
    {{ return(found.values() | sort(attribute='unique_id')) }}
{% endmacro %}

{# True when Spark has something to compute in this build. Without a new year or file, another threshold or text needs no Spark. #}
{% macro is_spark_due() %}
    {{ return(planned_years('reads_lists or reads_claims or follows_claims', model_relation('load_plan')) != [-1]) }}
{% endmacro %}

{# Hook of spark_table, on DuckDB. Writes what Spark needs, and runs dbt on Spark. Raises a compiler error that names a model which spark_table does not wait
   for, and dbt's runtime error with the messages of the command on Spark. #}
{% macro run_on_spark() %}
    {% if is_building() and is_spark_due() %}
        {% do run_source_step('exchange', {'folder': exchange_folder()}) %}
        {% for node in nodes_for_spark() %}
            {% if node.unique_id not in model.depends_on.nodes %}
                {% do exceptions.raise_compiler_error("spark_table must name " ~ node.name ~ ", which a model with the tag spark reads, in its list of dependencies.") %}
            {% endif %}
            {% do run_query("copy (select * from " ~ node.relation_name ~ ") to " ~ literal(exchange_folder() ~ '/in/' ~ node.name ~ '.parquet') ~ " (format parquet)") %}
        {% endfor %}
        {% do run_source_step('spark', {'folder': exchange_folder(), 'plan': invocation_id, 'variables': invocation_args_dict.get('vars') or {}, 'full_refresh': flags.FULL_REFRESH or false}) %}
    {% endif %}
{% endmacro %}

{# What Spark wrote, for the model spark_table. Returns: a query, columns name and file_count. #}
{% macro tables_of_spark() %}
    {% if not is_building() or not is_spark_due() %}{{ return("select cast(null as string) as name, cast(null as bigint) as file_count where false") }}{% endif %}
    {{ return("select split_part(file, '/', -2) as name, count(*) as file_count from glob(" ~ literal(pattern_of(exchange_folder()) ~ '/out/*/*.parquet') ~ ") group by all order by all") }}
{% endmacro %}

{# On DuckDB, the result of a model of Spark: the rows that Spark wrote, or no relation for one with persons. Where Spark had nothing to compute, the copy remains. Returns: list of relations. #}
{% macro take_over_from_spark() %}
    {% set target_relation = this.incorporate(type='table') %}
    {% if 'person_level' in model.tags or not is_spark_due() %}
        {% call noop_statement('main', 'ON SPARK') %}{% endcall %}
        {{ return([] if 'person_level' in model.tags else [target_relation]) }}
    {% endif %}
    {% call statement('main') %}
        create or replace table {{ target_relation }} as select * from read_parquet({{ literal(pattern_of(exchange_folder()) ~ '/out/' ~ model.name ~ '/*.parquet') }})
    {% endcall %}
    {% do persist_docs(target_relation, model) %}
    {% do adapter.commit() %}
    {{ return([target_relation]) }}
{% endmacro %}

{% materialization not_here, adapter = 'duckdb' %}
    {{ return({'relations': take_over_from_spark()}) }}
{% endmaterialization %}
