{# on-run-start hook. Stops before any work when a variable is unknown or holds what it cannot hold; home of both: atlas/variables.py. Raises dbt's runtime
   error that names the variable, its value and what is allowed. #}
{% macro validate_variables() %}
    {% if execute and flags.WHICH in ['run', 'build'] %}
        {% do run_source_step('variables', {'values': invocation_args_dict.get('vars') or {}}) %}
    {% endif %}
{% endmacro %}
