{#
  The last dbt command that may have changed the warehouse, as one row of the table quality.build_run, so that a release finds its artifacts:

  invocation_id   of that command; run_results.json and manifest.json carry the same one
  which           the command: build, run, seed, snapshot or retry; those that only read (test, compile, docs) leave the row as it is
  status          'running' until the on-run-end hook, then 'complete', or 'failed' when a node failed or was skipped. A killed dbt leaves 'running'
  target_path     absolute path of the folder in which dbt writes the artifacts
  variables       JSON of the variables that decide what is published, with their defaults: the artifacts hold only those of the command line
#}

{# True when this command changes data. #}
{% macro is_recorded_command() %}
  {% do return(execute and flags.WHICH in ['build', 'run', 'seed', 'snapshot', 'retry']) %}
{% endmacro %}

{# Returns the variables that decide what is published, as JSON. #}
{% macro recorded_variables() %}
  {% set values = {} %}
  {% for name in ['geography_vintage', 'small_cell_threshold', 'complementary_masking', 'publication_date', 'first_reference_year', 'last_reference_year'] %}
    {% set value = var(name) %}
    {# an unquoted YAML date arrives as a date #}
    {% do values.update({name: value if value is none or value is number or value is boolean else value | string}) %}
  {% endfor %}
  {% do return(tojson(values, sort_keys=true)) %}
{% endmacro %}

{# on-run-start hook. Returns SQL that writes the row, or nothing for a command that only reads. #}
{% macro record_build_start() %}
  {% if is_recorded_command() %}
    {% set target_path = invocation_args_dict.get('target_path') or 'target' %}
    {% if not target_path.startswith('/') %}{% set target_path = invocation_args_dict['project_dir'] ~ '/' ~ target_path %}{% endif %}
    create schema if not exists quality;
    create or replace table quality.build_run as
    select
      {{ literal(invocation_id) }} as invocation_id, {{ literal(flags.WHICH) }} as which, 'running' as status,
      {{ literal(target_path) }} as target_path, {{ literal(recorded_variables()) }} as variables;
  {% endif %}
{% endmacro %}

{# on-run-end hook. Argument: results, dbt's list of results. Returns SQL that closes the row. #}
{% macro record_build_end(results) %}
  {% if is_recorded_command() %}
    {% set bad = results | map(attribute='status') | map('string') | reject('in', ['success', 'pass', 'warn', 'no-op']) | list %}
    update quality.build_run set status = '{{ 'failed' if bad else 'complete' }}' where invocation_id = {{ literal(invocation_id) }};
  {% endif %}
{% endmacro %}

{# Argument: results, dbt's list of results. True when every seed, model that becomes a relation and test of severity error ran without a failure:
   only then have all years passed their tests. A release reads the same from the artifacts (atlas/record.py). #}
{% macro ran_everything(results) %}
  {% set good = results | selectattr('status', 'in', ['success', 'pass', 'warn']) | map(attribute='node.unique_id') | list %}
  {% for node in graph.nodes.values() if node.unique_id not in good %}
    {% set is_relation = node.resource_type in ['model', 'seed', 'snapshot'] and node.config.materialized != 'ephemeral' %}
    {% if is_relation or (node.resource_type == 'test' and node.config.severity | lower == 'error') %}{% do return(false) %}{% endif %}
  {% endfor %}
  {% do return(true) %}
{% endmacro %}
