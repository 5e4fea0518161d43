{# dbt's statement of a data test, with failing rows counted year by year, so that memory depends on one year: the list of years of the test (in_years_to_test,
   or in_windows_to_test) is narrowed to one year at a time. A build of one new year runs a test in the same way, so that a test that is right there is right
   here. A test without a list of years, of one year, with a `fail_calc` or `limit` of its own, or whose failing rows are stored (`--store-failures`) is one
   statement.
   Arguments and returned columns are those of dbt's get_test_sql. #}
{% macro duckdb__get_test_sql(main_sql, fail_calc, warn_if, error_if, limit) %}
    {#- a test with a list of years depends on load_plan; another one may run while that is made anew -#}
    {%- set years = planned_test_years() if 'model.' ~ project_name ~ '.load_plan' in model.depends_on.nodes else [] -%}
    {%- if years and in_years('', years) not in main_sql -%}{% set years = first_years_of_windows(years) %}{%- endif -%}
    {%- set all_years = in_years('', years) -%}
    {%- if years | length < 2 or all_years not in main_sql or fail_calc != 'count(*)' or limit or config.get('limit') -%}
        {{ return(dbt.default__get_test_sql(main_sql, fail_calc, warn_if, error_if, limit)) }}
    {%- endif -%}
    {%- set failures = namespace(count=0) -%}
    {%- for year in years -%}
        {%- set of_year = main_sql | replace(all_years, in_years('', [year])) -%}
        {%- set failures.count = failures.count + run_query("select count(*) from (" ~ of_year ~ ") as failure").columns[0][0] | int -%}
        {%- do free_cached_blocks() -%}
    {%- endfor -%}
select {{ failures.count }} as failures, {{ failures.count }} {{ warn_if }} as should_warn, {{ failures.count }} {{ error_if }} as should_error
{% endmacro %}
