-- One row is a year under which claim records were read (0: no year), the year of their folder, their year of service and their disposition, with the number of
-- records. The disposition 'received' counts the records of the source apart from the reading (source_file_year).
{{ config(materialized = 'yearly', meta = {'input': 'claims', 'year_column': 'load_year'}) }}

with line as (

    select
        load_year,
        folder_year,
        reference_year
    from {{ ref('stg_health_care') }}
    where {{ in_years_to_build('load_year') }}

),

content as (

    select * from {{ ref('source_file_year') }}
    where
        source = 'health_care'
        and {{ in_years_to_build('load_year') }}

),

rejected as (

    select * from {{ ref('rejected_health_care') }}
    where {{ in_years_to_build('load_year') }}

),

read_count as (

    select
        load_year,
        folder_year,
        reference_year,
        count(*) as line_count
    from line
    group by all

),

rejected_count as (

    select
        load_year,
        folder_year,
        reference_year,
        reject_reason,
        cast(sum(line_count) as bigint) as line_count
    from rejected
    group by load_year, folder_year, reference_year, reject_reason

),

-- a record is accepted unless it is among the rejected ones
disposition_count as (

    select
        load_year,
        folder_year,
        reference_year,
        'accepted' as disposition,
        line_count
    from read_count
    union all
    select
        load_year,
        folder_year,
        reference_year,
        'accepted' as disposition,
        -line_count as line_count
    from rejected_count
    union all
    select
        load_year,
        folder_year,
        reference_year,
        reject_reason as disposition,
        line_count
    from rejected_count
    union all
    select
        load_year,
        cast(null as integer) as folder_year,
        cast(null as integer) as reference_year,
        'received' as disposition,
        line_count
    from content

),

counted as (

    select
        load_year,
        folder_year,
        reference_year,
        disposition,
        cast(sum(line_count) as bigint) as line_count
    from disposition_count
    group by load_year, folder_year, reference_year, disposition
    having sum(line_count) <> 0

)

select * from counted
