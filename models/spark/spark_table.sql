-- One row is a table that Spark computed for this build, with its number of files. The model runs dbt on Spark, when all that Spark reads is there.
{{ config(enabled = target.name == 'duckdb_and_spark', pre_hook = "{{ run_on_spark() }}") }}
-- depends_on: {{ ref('source_file') }}, {{ ref('source_file_year') }}, {{ ref('load_plan') }}, {{ ref('int_reference_year') }}
-- depends_on: {{ ref('population_csv') }}, {{ ref('health_care_csv') }}
-- depends_on: {{ ref('geographic_unit') }}, {{ ref('int_unit_of_residence') }}, {{ ref('int_municipality_in_vintage') }}, {{ ref('int_sector_municipality') }}
-- depends_on: {{ ref('int_code_list') }}, {{ ref('int_code_membership') }}, {{ ref('int_list_set') }}
-- depends_on: {{ ref('residence_code') }}, {{ ref('provider_qualification') }}, {{ ref('delivery_type') }}
{%- for filter, definition in filter_definitions().items() if not definition.codes %}
-- depends_on: {{ ref(filter) }}
{%- endfor %}

{{ tables_of_spark() }}
