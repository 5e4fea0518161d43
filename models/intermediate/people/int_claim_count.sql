-- One row is a year under which claim lines were read (0: no year), their year of service and their fate, with the number of lines.
-- The fate 'delivered' counts what lies in the source, apart from the reading: Parquet files say in their footers how many rows they have.
{{ config(materialized = 'yearly', scope = 'health_care', year_column = 'load_year') }}

with line as (

    select * from {{ source('ima', 'health_care') }}

),

source_file as (

    select * from {{ source('load', 'file') }}
    where
        source = 'health_care'
        and row_count is not null
        and {{ in_years_to_build('load_year', 'health_care') }}

),

rejected as (

    select * from {{ ref('rejected_health_care') }}
    where {{ in_years_to_build('load_year', 'health_care') }}

),

read_count as (

    select
        load_year,
        cast(extract(year from {{ raw_column('health_care', 'service_date') }}) as integer) as reference_year,
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

-- a line is accepted unless it lies among the rejected ones
fate_count as (

    select
        load_year,
        reference_year,
        'accepted' as fate,
        line_count
    from read_count
    union all
    select
        load_year,
        reference_year,
        'accepted' as fate,
        -line_count as line_count
    from rejected_count
    union all
    select
        load_year,
        reference_year,
        reject_reason as fate,
        line_count
    from rejected_count
    union all
    select
        load_year,
        cast(null as integer) as reference_year,
        'delivered' as fate,
        row_count as line_count
    from source_file
    union all
    select
        load_year,
        cast(null as integer) as reference_year,
        'delivered' as fate,
        uncounted_line_count as line_count
    from read_count

),

counted as (

    select
        load_year,
        reference_year,
        fate,
        cast(sum(line_count) as bigint) as line_count
    from fate_count
    group by load_year, reference_year, fate
    having sum(line_count) <> 0

)

select * from counted
