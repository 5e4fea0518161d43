{# The filters by whose values areas are compared, each value on its own: those that split a numerator only (the type of act). Of the other filters, the ages
   are standardised and the rest stay at their total. Returns: list of text. #}
{% macro compared_filters() %}{{ return(numerator_filters()) }}{% endmacro %}

{# The filters that are neither compared nor standardised. Returns: list of text. #}
{% macro uncompared_filters() %}
    {{ return(filter_definitions().keys() | reject('in', compared_filters() + [filter_of_classes('age')]) | list) }}
{% endmacro %}

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

{# The published table that counts the denominators of a family by residence. Argument: family (text). Returns: text, the name of a model; while dbt parses the
   last table that could be it. Raises a compiler error when there is none. #}
{% macro table_of_denominators(family) %}
    {%- for table in published_tables() -%}
        {%- set statistic = declared_statistic(table) -%}
        {%- if not execute or (statistic.measure == 'count' and statistic.family == family and statistic.place == 'residence') -%}{{ return(table) }}{%- endif -%}
    {%- endfor -%}
    {% do exceptions.raise_compiler_error("table_of_denominators: no table counts the denominators of the family '" ~ family ~ "'") %}
{% endmacro %}

{# What the declaration of a statistic says of each of its rows. Argument: statistic (one of comparable_statistics). Returns: select targets statistic, measure,
   variable, per and scheme. #}
{% macro columns_of_statistic(statistic) -%}
    '{{ statistic.name }}' as statistic,
            '{{ statistic.measure }}' as measure,
            '{{ statistic.variable }}' as variable,
            {{ statistic.per or 1 }} as per,
            '{{ families()[statistic.family].scheme }}' as scheme
{%- endmacro %}
