-- One row is a reference year and a kind of warning, with the number of records or persons: accepted records that need review.

with claim_count as (

    select * from {{ ref('int_claim_count') }}
    where disposition = 'accepted'

),

population_warning as (

    select * from {{ ref('int_population_warning') }}

),

claim_warning as (

    select * from {{ ref('int_claim_warning') }}

),

counted as (

    select
        reference_year,
        'service_year_differs_from_partition' as warning,
        cast(sum(case when folder_year <> reference_year then line_count else 0 end) as bigint) as line_count
    from claim_count
    group by reference_year
    union all
    select
        reference_year,
        warning,
        line_count
    from population_warning
    union all
    select
        reference_year,
        warning,
        line_count
    from claim_warning

),

occurring as (

    select * from counted
    where line_count > 0

)

select * from occurring
