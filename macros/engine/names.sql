{# The schema of a node is exactly the one that the project names, without the target's schema in front.
   Arguments: custom_schema_name (text or none), node (dbt's). Returns: text. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ target.schema if custom_schema_name is none else custom_schema_name | trim }}
{%- endmacro %}

{# The table of a model has the model's name; that of a dimension has the name of the column whose codes it labels, because a seed may have it too.
   Arguments: custom_alias_name (text or none), node (dbt's). Returns: text. #}
{% macro generate_alias_name(custom_alias_name=none, node=none) -%}
    {{ custom_alias_name | trim if custom_alias_name else public_name(node.name) }}
{%- endmacro %}

{# The name of a model without the prefix `dim_`. Argument: name (text). Returns: text. #}
{% macro public_name(name) %}{{ return(name[4:] if name.startswith('dim_') else name) }}{% endmacro %}
