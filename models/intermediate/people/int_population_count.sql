-- One row is a year under which population lines were read (0: no year), their list date and their fate, with the number of lines.
{{ config(materialized = 'yearly', scope = 'population', year_column = 'load_year') }}

with entry as (

    select * from {{ ref('int_population_entry') }}

),

counted as (

    select
        load_year,
        reference_year,
        case when reject_reason is null then reference_date end as list_date,
        coalesce(reject_reason, 'accepted') as fate,
        count(*) as line_count
    from entry
    group by all

)

select * from counted
