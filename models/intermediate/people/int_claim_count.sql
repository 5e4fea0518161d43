-- One row is a year under which claim lines were read (0: no year), their year of service and their disposition, with the number of lines.
-- The disposition 'received' counts the lines of the source apart from the reading: Parquet files say in their footers how many rows they have.
{{ config(materialized = 'yearly', input = 'claims', year_column = 'load_year') }}

with line as (

    select
        load_year,
        reference_year,
        is_counted_in_footer
    from {{ ref('stg_health_care') }}
    where {{ in_years_to_build('load_year') }}

),

source_file as (

    select * from {{ ref('source_file') }}
    where
        source = 'health_care'
        and row_count is not null
        and {{ in_years_to_build('load_year') }}

),

rejected as (

    select * from {{ ref('rejected_health_care') }}
    where {{ in_years_to_build('load_year') }}

),

read_count as (

    select
        load_year,
        reference_year,
        count(*) as line_count,
        count(*) filter (where not is_counted_in_footer) as uncounted_line_count
    from line
    group by all

),

rejected_count as (

    select
        load_year,
        reference_year,
        reject_reason,
        cast(sum(line_count) as bigint) as line_count
    from rejected
    group by load_year, reference_year, reject_reason

),

-- a line is accepted unless it is among the rejected ones
disposition_count as (

    select
        load_year,
        reference_year,
        'accepted' as disposition,
        line_count
    from read_count
    union all
    select
        load_year,
        reference_year,
        'accepted' as disposition,
        -line_count as line_count
    from rejected_count
    union all
    select
        load_year,
        reference_year,
        reject_reason as disposition,
        line_count
    from rejected_count
    union all
    select
        load_year,
        cast(null as integer) as reference_year,
        'received' as disposition,
        row_count as line_count
    from source_file
    union all
    select
        load_year,
        cast(null as integer) as reference_year,
        'received' as disposition,
        uncounted_line_count as line_count
    from read_count

),

counted as (

    select
        load_year,
        reference_year,
        disposition,
        cast(sum(line_count) as bigint) as line_count
    from disposition_count
    group by load_year, reference_year, disposition
    having sum(line_count) <> 0

)

select * from counted
