{# What the SQL of the models names, so that a test can ask whether it exists. Arguments: pattern (regular expression; its group, or all of it, is the
   name), kind (text). Returns: a query with name, kind and named_by (the model), one row a name and model. While dbt parses there is no graph and no row. #}
{% macro names_in_code(pattern, kind) %}
    {%- if execute -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' -%}
            {%- for name in modules.re.findall(pattern, node.raw_code) | unique %}
    select '{{ name }}' as name, '{{ kind }}' as kind, '{{ node.name }}' as named_by
    union all
            {%- endfor -%}
        {%- endfor -%}
    {%- endif %}
    select '' as name, '{{ kind }}' as kind, '' as named_by where 1 = 0
{%- endmacro %}
