-- One row is a year under which population records were read (0: no year), their list date and their disposition, with the number of records. The
-- disposition 'received' counts the source apart from the judgement of its records, for the reconciliation.
{{ config(materialized = 'yearly', meta = {'input': 'lists', 'year_column': 'load_year'}) }}

with residence as (

    select * from {{ ref('int_residence_code_count') }}
    where {{ in_years_to_build('load_year') }}

),

source_line as (

    select load_year from {{ ref('stg_population') }}
    where {{ in_years_to_build('load_year') }}

),

counted as (

    select
        load_year,
        reference_year,
        case when reject_reason is null then reference_date end as list_date,
        coalesce(reject_reason, 'accepted') as disposition,
        cast(sum(line_count) as bigint) as line_count
    from residence
    group by all
    union all
    select
        load_year,
        cast(null as integer) as reference_year,
        cast(null as date) as list_date,
        'received' as disposition,
        count(*) as line_count
    from source_line
    group by load_year

)

select * from counted
