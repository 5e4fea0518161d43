{# The schema of a node is exactly the one that the project names, without the target's schema in front.
   Arguments: custom_schema_name (text or none), node. Returns: text. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ target.schema if custom_schema_name is none else custom_schema_name | trim }}
{%- endmacro %}
