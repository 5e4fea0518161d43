-- One row is a year under which population lines were read (0: no year), their list date and their fate, with the number of lines. The fate
-- 'delivered' counts the source apart from the reading, for the reconciliation.
{{ config(materialized = 'yearly', scope = 'population', year_column = 'load_year') }}

with residence as (

    select * from {{ ref('int_population_residence') }}

),

source_line as (

    select load_year from {{ source('ima', 'population') }}

),

counted as (

    select
        load_year,
        reference_year,
        case when reject_reason is null then reference_date end as list_date,
        coalesce(reject_reason, 'accepted') as fate,
        cast(sum(line_count) as bigint) as line_count
    from residence
    group by all
    union all
    select
        load_year,
        cast(null as integer) as reference_year,
        cast(null as date) as list_date,
        'delivered' as fate,
        count(*) as line_count
    from source_line
    group by load_year

)

select * from counted
