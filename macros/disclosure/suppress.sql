{# The suppressed cells of the years of this build, as the Python package decides them (atlas/suppression, docs/methods/disclosure.md). Each year, or three-year
   window, is handed over in Parquet files of the private folder for temporary files, and each group of its series that shares no denominator with another is
   decided in a process of its own, as many at a time as ATLAS_THREADS.
   Arguments: cells, units (relations of protected_cell or three_year_cell, and of suppression_unit); by_window (boolean: windows, named by their first year).
   Returns: a query; one row a suppressed cell, columns reference_year or first_year, cell_id, proven_below and proven_above (integer: how many cases less and
   more agree with everything published; the two are at least the threshold). No row with threshold 0. Raises dbt's runtime error that names the year when a
   process fails. #}
{% macro suppressed_cells(cells, units, by_window=false) %}
    {%- set year_column = 'first_year' if by_window else 'reference_year' -%}
    {%- set name = 'window' if by_window else 'cell' -%}
    {%- set files = [] -%}
    {%- set years = [] -%}
    {%- if is_building() and var('small_cell_threshold') | int > 0 -%}
        {%- do years.extend(years_to_build() | reject('in', years_done() if load_cached_relation(this) else []) | reject('equalto', -1)) -%}
    {%- endif -%}
    {%- if years -%}
        {%- set folder = run_query("select current_setting('temp_directory')").columns[0][0] -%}  {#- the plugin's: one folder an output directory -#}
        {%- set unit_columns = "unit_id, parent_unit_id, level_rank, geo_level = 'statistical_sector' as is_sector, is_remainder" -%}
        {%- do run_query("copy (select " ~ unit_columns ~ " from " ~ units ~ ") to " ~ literal(folder ~ '/unit.parquet') ~ " (format parquet)") -%}
        {%- for year in years -%}
            {%- set of_year = cells_of_window(cells, year) if by_window else cells_to_suppress(cells, year) -%}
            {%- do run_query("copy (" ~ of_year ~ ") to " ~ literal(folder ~ '/' ~ name ~ '_' ~ year ~ '.parquet') ~ " (format parquet)") -%}
            {%- do files.append(pattern_of(folder) ~ '/suppressed_' ~ name ~ '_' ~ year ~ '_*.parquet') -%}  {#- one a group of series -#}
        {%- endfor -%}
        {%- set threshold = var('small_cell_threshold') | int -%}
        {%- do free_cached_blocks() -%}  {#- the processes need the memory -#}
        {%- do run_source_step('suppress', {'name': name, 'years': years, 'threshold': threshold, 'secondary': var('complementary_masking')}) -%}
    {%- endif -%}
select
    year as {{ year_column }},
    cell_id,
    proven_below,
    proven_above
    {%- if files %}
from read_parquet({{ list_literal(files) }})
{%- else %}
from (
    select
        cast(null as integer) as year,
        cast(null as bigint) as cell_id,
        cast(null as integer) as proven_below,
        cast(null as integer) as proven_above
    where false
) as nothing
    {%- endif %}
where {{ in_years_to_build('year') }}
{% endmacro %}

{# The cells of a year as atlas/suppression/cells.py reads them. Arguments: cells (relation of protected_cell), year (integer). Returns: a query. #}
{% macro cells_to_suppress(cells, year) -%}
    select cell_id, series, unit_id, {% for filter in suppression_filters() %}{{ filter }} as {{ filter }}_filter, {% endfor -%}
    cases, is_small, denominator_id, container_id, headroom is not null as is_bounded from {{ cells }} where reference_year = {{ year }}
{%- endmacro %}
