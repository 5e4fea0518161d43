-- One row is a year of the source that lacks a population list or claims, with what it lacks and what was found of it.

with source_year as (

    select * from {{ ref('source_year') }}
    where load_year > 0

),

incomplete as (

    select
        load_year,
        missing,
        list_line_count,
        claim_line_count
    from source_year
    where missing <> ''

)

select * from incomplete
