{# The statistics that are compared between areas: shares, volumes and means by residence with an age filter, which standardisation needs.
   Returns: a list of {name, measure, per, variable, filters, family}; while dbt parses the same names with an example of the rest. #}
{% macro comparable_statistics() %}
    {%- set found = [] -%}
    {%- for table in published_tables() -%}
        {%- set statistic = declared_statistic(table) -%}
        {%- if not execute or (statistic.measure != 'count' and filter_of_classes('age') in statistic.filters and statistic.smallest_level == 'municipality') -%}
            {%- do found.append({'name': table, 'measure': statistic.measure, 'per': statistic.per, 'variable': statistic.variable, 'filters': statistic.filters, 'family': statistic.family}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}
