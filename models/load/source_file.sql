-- One row is a file of the source, with its format, the year and date that its folder states, and what can be known of it without reading its rows.
{{ config(pre_hook = "{{ keep_demo_apart() }}", post_hook = "{{ stop_on_missing_columns() }}") }}
-- depends_on: {{ source('ima', 'population') }}, {{ source('ima', 'health_care') }}

{%- set files = list_source_files() %}

with listed as (

    {{ listed_files(files) }}

),

parquet_file as (

    {{ parquet_footers(files) }}

),

csv_file as (

    {{ csv_headers(files) }}

),

-- a folder `reference_date=YYYY-MM-DD` or `service_year=YYYY` states which year a file holds
dated as (

    select
        *,
        try_cast(nullif(regexp_extract(relative_path, 'reference_date=([^/]+)/', 1), '') as date) as list_date,
        try_cast(nullif(regexp_extract(relative_path, 'service_year=([0-9]+)/', 1), '') as integer) as service_year
    from listed

),

described as (

    select
        dated.source,
        dated.file,
        dated.relative_path,
        dated.format,
        case dated.source when 'population' then cast(extract(year from dated.list_date) as integer) else dated.service_year end as load_year,
        dated.list_date,
        dated.file_size,
        dated.modified_at,
        parquet_file.row_count,
        csv_file.separator,
        coalesce(parquet_file.column_names, csv_file.column_names, '') as column_names
    from dated
    left join parquet_file on dated.file = parquet_file.file
    left join csv_file on dated.file = csv_file.file

)

select * from described
