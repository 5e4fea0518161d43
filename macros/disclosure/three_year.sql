{# The statistics of which three-year windows are published: those of the perinatal family by residence. Returns: a list of their
   declarations, each with the name of its table; while dbt parses the names of all tables with an example of the rest. #}
{% macro statistics_of_windows() %}
    {%- set found = [] -%}
    {%- for table in published_tables() -%}
        {%- set statistic = declared_statistic(table) -%}
        {%- if not execute or (statistic.family == 'perinatal' and statistic.place == 'residence') -%}
            {%- do found.append(dict(statistic, name=table)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}

{# Whether a count is no more than the deliveries; acts may be more. Argument: series (SQL text). Returns: boolean expression. #}
{% macro is_within_deliveries(series) -%}
    {%- set found = [] -%}
    {%- for name in variables_of_windows() if not variables()[name].may_exceed_denominator -%}{%- do found.append(name) -%}{%- endfor -%}
    {{ series }} in ('{{ found | join("', '") }}')
{%- endmacro %}

{# The name of a series' windows in quality.withheld_cell, whose reference_year is then the first year of the window (WINDOW in atlas/pair/step.py writes it).
   Argument: series (SQL text).
   Returns: text expression. #}
{% macro series_of_window(series) -%}
    'three_year_' || {{ series }}
{%- endmacro %}

{# The cells of a window as atlas/suppression/cells.py reads them; the year is one more filter, whose total is the window.
   Arguments: cells (relation of three_year_cell), year (first one). Returns: a query. #}
{% macro cells_of_window(cells, year) -%}
    select cell_id, series, unit_id, {% for filter in suppression_filters() %}{{ filter }} as {{ filter }}_filter, {% endfor -%}
    coalesce(cast(reference_year as string), 'total') as year_filter, cases, is_target as is_small, is_hidden, is_settled,
    denominator_id, cast(null as bigint) as container_id, is_bounded from {{ cells }} where first_year = {{ year }}
{%- endmacro %}
