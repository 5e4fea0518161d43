{#
  Which dbt command changed the warehouse last, so that a release can tell a complete build from half of one. What the command did is in dbt's own artifacts
  (run_results.json, manifest.json); the table `quality.build_run` says which artifacts belong to the warehouse. It has one row:

  invocation_id  dbt's id of the command; the artifacts of this build carry the same in metadata.invocation_id
  command        build, run, seed, snapshot or retry: the commands that change data. `dbt test`, `compile` and `docs` only read and leave the row as it is.
  status         running (or killed) until the last hook; then complete: every node that ran succeeded; or failed: one failed or was skipped
  target_path    the absolute directory of the artifacts: $DBT_TARGET_PATH, else the project's target/. `make build` sets $ATLAS_OUTPUT_DIR/target.
  dbt_version    text
  variables      JSON of the variables that decide what is published

  Contract with the release: status is complete, command is build, the two artifacts below target_path carry this invocation_id. Whether every model, seed and
  test ran, which tables are public (access: public), their keys and declarations are read from the artifacts. When a later dbt command has overwritten
  run_results.json (a `dbt test`, say), the ids differ, and the release asks for a new build.
#}

{# Commands that change data. #}
{% macro is_recorded_command() %}
  {% do return(execute and target.type == 'duckdb' and flags.WHICH in ['build', 'run', 'seed', 'snapshot', 'retry']) %}
{% endmacro %}

{# Returns the variables that decide what is published, as {name: value}. #}
{% macro recorded_variables() %}
  {% set values = {} %}
  {% for name in [
    'geography_vintage', 'small_cell_threshold', 'complementary_masking', 'publication_date', 'first_reference_year', 'last_reference_year', 'performer_from'
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

{# on-run-start hook. Returns SQL that records a started command, or nothing for one that only reads. #}
{% macro record_build_start() %}
  {% if is_recorded_command() %}
    create schema if not exists quality;
    create or replace table quality.build_run as
    select
      {{ literal(invocation_id) }} as invocation_id, {{ literal(flags.WHICH) }} as command, 'running' as status, {{ literal(target_path()) }} as target_path,
      {{ literal(dbt_version) }} as dbt_version, {{ literal(tojson(recorded_variables(), sort_keys=true)) }} as variables;
  {% endif %}
{% endmacro %}

{# on-run-end hook. Argument: results, dbt's list of results. Returns SQL that sets the status of the command. #}
{% macro record_build_end(results) %}
  {% if is_recorded_command() %}
    {% set failed = [] %}
    {% for result in results if result.status | string | lower not in ['success', 'pass', 'warn', 'no-op'] %}{% do failed.append(result.node.name) %}{% endfor %}
    update quality.build_run set status = '{{ 'failed' if failed else 'complete' }}' where invocation_id = {{ literal(invocation_id) }};
  {% endif %}
{% endmacro %}
