{#
  What dbt did to the warehouse, written down in the warehouse, so that a release can tell a whole build from half of one, whatever
  happened to dbt's `target/` folder since. Two hooks write two tables of the schema `quality`:

  build_run          one row is a dbt command that may have changed the warehouse: run_number (1, 2, ...), invocation_id, command,
                     status ('running' until the last hook, then 'complete', 'failed' or 'partial'), problem (null when complete),
                     nodes (how many ran), dbt_version, variables (JSON of the variables that decide what is published),
                     project_fingerprint (of everything but the data, as `make build` computes it; null where dbt was started by hand)
  publication_list   one row is a table that the newest build makes for the public: schema_name, table_name, materialized,
                     primary_key (JSON list, may be empty), statistic (JSON of the mart's declaration, null for a reference table)

  A killed dbt leaves its row at 'running'; a release refuses that as it refuses 'failed' and 'partial'.
#}

{# Schemas of which every table is public, and the commands that change data. `dbt test`, `compile` and `docs` only read: they leave no row. #}
{% macro public_schemas() %}{% do return(['marts', 'reference']) %}{% endmacro %}

{% macro is_recorded_command() %}
  {% do return(execute and target.type == 'duckdb' and flags.WHICH in ['build', 'run', 'seed', 'snapshot', 'retry']) %}
{% endmacro %}

{# Returns the variables that decide what is published, as {name: value}. #}
{% macro recorded_variables() %}
  {% set names = [
    'geography_vintage', 'small_cell_threshold', 'complementary_masking', 'publication_date', 'first_reference_year', 'last_reference_year'
  ] %}
  {% set values = {} %}
  {% for name in names %}
    {% set value = var(name, none) %}
    {# an unquoted YAML date arrives as a date #}
    {% do values.update({name: value if value is none or value is number or value is boolean else value | string}) %}
  {% endfor %}
  {% do return(values) %}
{% endmacro %}

{# value: text, number or none. Returns it as a SQL text literal, or null. #}
{% macro literal_or_null(value) %}
  {% do return('null' if value is none else literal(value)) %}
{% endmacro %}

{# on-run-start hook. Returns SQL that notes a started command, or nothing for one that only reads. #}
{% macro record_build_start() %}
  {% if is_recorded_command() %}
    create schema if not exists quality;
    create table if not exists quality.build_run (
      run_number integer, invocation_id text, command text, status text, problem text, nodes integer,
      dbt_version text, variables text, project_fingerprint text
    );
    alter table quality.build_run add column if not exists project_fingerprint text;
    insert into quality.build_run
    select
      coalesce(max(run_number), 0) + 1, {{ literal_or_null(invocation_id) }}, {{ literal_or_null(flags.WHICH) }}, 'running', null, null,
      {{ literal_or_null(dbt_version) }}, {{ literal_or_null(tojson(recorded_variables(), sort_keys=true)) }},
      {{ literal_or_null(env_var('ATLAS_PROJECT_FINGERPRINT', '') or none) }}
    from quality.build_run;
  {% endif %}
{% endmacro %}

{#
  on-run-end hook.
  results: dbt's list of results. Returns SQL that closes the row of this command and lists the public tables.
  'failed' when a node failed or was skipped; 'partial' when nothing failed, but a model, a seed or a test of severity error did not run
  (nodes_left_alone are no such case), or ran on empty inputs; else 'complete'.
#}
{% macro record_build_end(results) %}
  {% if is_recorded_command() %}
    {% set verdict = build_verdict(results) %}
    update quality.build_run
    set status = {{ literal_or_null(verdict.status) }}, problem = {{ literal_or_null(verdict.problem) }}, nodes = {{ results | length }}
    where invocation_id = {{ literal_or_null(invocation_id) }};
    create or replace table quality.publication_list (
      schema_name text, table_name text, materialized text, primary_key text, statistic text
    );
    {% for model in public_models() %}
    insert into quality.publication_list values (
      {{ literal_or_null(model.schema) }}, {{ literal_or_null(model.alias) }}, {{ literal_or_null(model.config.materialized) }},
      {{ literal_or_null(tojson(primary_key_of(model))) }},
      {{ literal_or_null(tojson(model.config.meta.statistic) if model.config.meta.statistic else none) }}
    );
    {% endfor %}
  {% endif %}
{% endmacro %}

{# Returns the models of the public schemas, in the order of their names. #}
{% macro public_models() %}
  {% do return(
    graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') | selectattr('schema', 'in', public_schemas()) | sort(attribute='alias') | list
  ) %}
{% endmacro %}

{# The nodes that this command left out because they stand as it would have made them: the dbt command before was a complete build of the same project
   (project_fingerprint), and nothing that they are made of has run or reads a source. Argument: results, dbt's list of results.
   Returns: a list of unique ids; empty when that does not hold for all that were left out. #}
{% macro nodes_left_alone(results) %}
  {% set before = run_query(
    "select count(*) from quality.build_run as before inner join quality.build_run as now on before.run_number = now.run_number - 1 where now.invocation_id = '" ~ invocation_id
    ~ "' and before.status = 'complete' and before.project_fingerprint = now.project_fingerprint") %}
  {% if before.columns[0][0] == 0 %}{% do return([]) %}{% endif %}
  {% set ran = results | map(attribute='node.unique_id') | list %}
  {% set left = [] %}
  {% for node in graph.nodes.values() if must_run(node) and node.unique_id not in ran %}{% do left.append(node.unique_id) %}{% endfor %}
  {% for unique_id in left %}
    {% for parent in graph.nodes[unique_id].depends_on.nodes if parent not in left %}{% do return([]) %}{% endfor %}
  {% endfor %}
  {% do return(left) %}
{% endmacro %}

{# results: dbt's list of results. Returns {status, problem}. #}
{% macro build_verdict(results) %}
  {% set bad = [] %}
  {% set done = nodes_left_alone(results) %}
  {% for result in results %}
    {% if result.status | string in ['success', 'pass', 'warn'] %}
      {% do done.append(result.node.unique_id) %}
    {% elif result.status | string != 'no-op' %}
      {% do bad.append(result.node.name ~ ' (' ~ result.status ~ ')') %}
    {% endif %}
  {% endfor %}
  {% set missing = [] %}
  {% for node in graph.nodes.values() if must_run(node) and node.unique_id not in done %}
    {% do missing.append(node.name) %}
  {% endfor %}
  {% if bad %}
    {% do return({'status': 'failed', 'problem': (bad | length) ~ ' failed or skipped: ' ~ (bad[:5] | join(', '))}) %}
  {% elif invocation_args_dict.get('empty') or invocation_args_dict.get('sample') %}
    {% do return({'status': 'partial', 'problem': 'it ran with --empty or --sample'}) %}
  {% elif missing %}
    {% do return({'status': 'partial', 'problem': (missing | length) ~ ' models, seeds or tests did not run: ' ~ (missing[:5] | join(', '))}) %}
  {% else %}
    {% do return({'status': 'complete', 'problem': none}) %}
  {% endif %}
{% endmacro %}

{# node: a node of the graph. True when a release needs it: a seed, a model that becomes a relation, a test whose failure is an error. #}
{% macro must_run(node) %}
  {% if node.resource_type == 'test' %}
    {% do return(node.config.severity | lower == 'error') %}
  {% endif %}
  {% do return(node.resource_type in ['model', 'seed', 'snapshot'] and node.config.materialized != 'ephemeral') %}
{% endmacro %}

{#
  model: a node of the graph. Returns the columns that identify a row: `meta.primary_key`, else a primary key of the contract, else the
  columns of the first test whose name starts with `unique`, else for a statistic its grain (definitions of the published tables), else [].
#}
{% macro primary_key_of(model) %}
  {% if model.config.meta.primary_key %}
    {% do return(model.config.meta.primary_key) %}
  {% endif %}
  {% for constraint in model.constraints if constraint.type == 'primary_key' %}
    {% do return(constraint.columns) %}
  {% endfor %}
  {% if model.config.meta.statistic %}
    {% do return(['reference_year', 'geo_level', 'geo_code'] + (model.config.meta.statistic.filters or [])) %}
  {% endif %}
  {% for test in graph.nodes.values() | selectattr('resource_type', 'equalto', 'test') | sort(attribute='unique_id')
      if test.attached_node == model.unique_id and test.test_metadata and test.test_metadata.name.startswith('unique') %}
    {% set arguments = test.test_metadata.kwargs %}
    {% do return(arguments.get('columns') or arguments.get('combination_of_columns') or [arguments.get('column_name')]) %}
  {% endfor %}
  {% do return([]) %}
{% endmacro %}
