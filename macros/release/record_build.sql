{#
  Which dbt command changed the warehouse last, so that a release can tell a complete build from half of one. What the command did is in dbt's own artifacts
  (run_results.json, manifest.json); the table `quality.build_run` says which artifacts belong to the warehouse. It has one row:

  invocation_id  dbt's id of the command; the artifacts of this build carry the same in metadata.invocation_id
  command        build, run, seed or snapshot: the commands that change data; of `dbt retry`, the command that it retries. `dbt test`, `compile` and `docs` only read and leave the row as it is.
  status         running (or killed) until the last hook; then complete: every node that ran succeeded; or failed: one failed or was skipped
  target_path    the absolute directory of the artifacts: $DBT_TARGET_PATH, else the project's target/. `make build` sets $ATLAS_OUTPUT_DIR/target.
  dbt_version    text
  variables      JSON of the variables that decide what is published
  macros         fingerprint of the macros that decide what is published
  succeeded      JSON {unique id: checksum}: the nodes that succeeded; with `dbt retry`, in the commands that it continues too

  `dbt retry` runs what failed and what was skipped for it. It continues the command before, with its load plan, when variables and macros are the same and
  that command was not killed. The release compares the checksums with the project, so that no table is of a text that has changed since.

  Contract with the release: status is complete, the two artifacts below target_path carry this invocation_id. Whether every model, seed and
  test ran, which tables are public (access: public), their keys and declarations are read from the artifacts. When a later dbt command has overwritten
  run_results.json (a `dbt test`, say), the ids differ, and the release asks for a new build.
#}

{# True in commands that change data. #}
{% macro is_recorded_command() %}
  {% do return(execute and target.type == 'duckdb' and flags.WHICH in ['build', 'run', 'seed', 'snapshot', 'retry']) %}
{% endmacro %}

{# Returns the variables that decide what is published, as {name: value}. #}
{% macro recorded_variables() %}
  {% set values = {} %}
  {% for name in [
    'geography_vintage', 'small_cell_threshold', 'complementary_masking', 'publication_date', 'first_reference_year', 'last_reference_year', 'performer_from',
    'protect_complement', 'smallest_levels'
  ] %}
    {% set value = var(name, none) %}
    {# an unquoted YAML date arrives as a date #}
    {% do values.update({name: value if value is none or value is number or value is boolean else value | string}) %}
  {% endfor %}
  {% do return(values) %}
{% endmacro %}

{# Returns the absolute path of dbt's target directory. #}
{% macro target_path() %}
  {% set path = (invocation_args_dict.get('target_path') or env_var('DBT_TARGET_PATH', '') or 'target') | string %}
  {% if path.startswith('/') %}{% do return(path) %}{% endif %}
  {% set project = (invocation_args_dict.get('project_dir') or '.') | string %}
  {% if not project.startswith('/') %}{% set project = env_var('PWD', '') ~ '/' ~ project %}{% endif %}
  {% do return(project.rstrip('/.') ~ '/' ~ path) %}
{% endmacro %}

{# Whether this command is `dbt retry`; dbt gives the hooks the name of the command that is retried. #}
{% macro is_retry() %}{{ return('retry' in (invocation_args_dict.get('invocation_command') or '').split(' ')) }}{% endmacro %}

{# What `dbt retry` continues: makes the load plan of the command before its own. Arguments: variables (JSON), macros (text), as recorded. Returns: JSON
   {unique id: checksum} of the nodes that succeeded; empty for any other command, and where nothing can be continued. #}
{% macro continued_nodes(variables, macros) %}
  {% set columns = "select count(*) from information_schema.columns where table_schema = 'quality' and table_name = 'build_run' and column_name = 'succeeded'" %}
  {% if not is_retry() or not run_query(columns).columns[0][0] %}{{ return('{}') }}{% endif %}
  {% set before = run_query(
    "select invocation_id, succeeded from quality.build_run where status <> 'running' and variables = " ~ literal(variables) ~ " and macros = " ~ literal(macros)).rows %}
  {% set plan = model_relation('load_plan') %}
  {% if before and adapter.get_relation(database=plan.database, schema=plan.schema, identifier=plan.identifier) %}
    {% do run_query("update " ~ plan ~ " set planned_by = " ~ literal(invocation_id) ~ " where planned_by = " ~ literal(before[0][0])) %}
  {% endif %}
  {{ return(before[0][1] if before else '{}') }}
{% endmacro %}

{# The nodes that succeeded in this command, and in those that it continues. Argument: results (dbt's list of results). Returns: {unique id: checksum}. #}
{% macro succeeded_nodes(results) %}
  {% set nodes = fromjson(run_query("select succeeded from quality.build_run").columns[0][0]) %}
  {% for result in results %}
    {% set unique_id = result.node.unique_id %}
    {% if result.status | string | lower not in ['success', 'pass', 'warn', 'no-op'] %}
      {% do nodes.pop(unique_id, none) %}
    {% elif unique_id in graph.nodes %}
      {% do nodes.update({unique_id: graph.nodes[unique_id].checksum.checksum}) %}
    {% endif %}
  {% endfor %}
  {{ return(nodes) }}
{% endmacro %}

{# on-run-start hook. Returns SQL that records a started command, or nothing for one that only reads. #}
{% macro record_build_start() %}
  {% if is_recorded_command() %}
    {% set variables = tojson(recorded_variables(), sort_keys=true) %}
    {% set macros = local_md5((macro_texts(later=false) + macro_texts(later=true)) | join(';')) %}
    {% set continued = continued_nodes(variables, macros) %}
    create schema if not exists quality;
    create or replace table quality.build_run as
    select
      {{ literal(invocation_id) }} as invocation_id, {{ literal(flags.WHICH) }} as command, 'running' as status, {{ literal(target_path()) }} as target_path,
      {{ literal(dbt_version) }} as dbt_version, {{ literal(variables) }} as variables, {{ literal(macros) }} as macros,
      {{ literal(continued) }} as succeeded;
  {% endif %}
{% endmacro %}

{# on-run-end hook. Argument: results (dbt's list of results). Returns SQL that sets the status of the command. #}
{% macro record_build_end(results) %}
  {% if is_recorded_command() %}
    {% set failed = [] %}
    {% for result in results if result.status | string | lower not in ['success', 'pass', 'warn', 'no-op'] %}{% do failed.append(result.node.name) %}{% endfor %}
    {% set succeeded = {} if flags.EMPTY or invocation_args_dict.get('sample') else succeeded_nodes(results) %}
    update quality.build_run set status = '{{ 'failed' if failed else 'complete' }}', succeeded = {{ literal(tojson(succeeded, sort_keys=true)) }}
    where invocation_id = {{ literal(invocation_id) }};
  {% endif %}
{% endmacro %}
