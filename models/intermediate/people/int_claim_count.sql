-- One row is a year under which claim lines were read (0: no year), their year of service and their fate, with the number of lines and of warnings.
-- The fate 'delivered' counts the source apart from the reading, for the reconciliation.
{{ config(materialized = 'yearly', scope = 'health_care', year_column = 'load_year') }}

with claim as (

    select * from {{ ref('int_claim') }}

),

source_line as (

    select load_year from {{ source('ima', 'health_care') }}

),

counted as (

    select
        load_year,
        reference_year,
        coalesce(reject_reason, 'accepted') as fate,
        cast(sum(line_count) as bigint) as line_count,
        cast(sum(case when list_set > 0 then line_count else 0 end) as bigint) as listed_line_count,
        cast(sum(performer_contradicted_line_count) as bigint) as performer_contradicted_line_count,
        cast(sum(outside_code_dates_line_count) as bigint) as outside_code_dates_line_count
    from claim
    group by all
    union all
    select
        load_year,
        cast(null as integer) as reference_year,
        'delivered' as fate,
        count(*) as line_count,
        cast(null as bigint) as listed_line_count,
        cast(null as bigint) as performer_contradicted_line_count,
        cast(null as bigint) as outside_code_dates_line_count
    from source_line
    group by load_year

)

select * from counted
