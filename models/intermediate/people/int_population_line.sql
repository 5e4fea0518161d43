-- One row is a line of a population list of a year that this build reads, with the reason that staging found against it.
-- A view: who reads it takes a few columns, and of one list only, straight from the files.
{{ config(materialized = 'view') }}

with line as (

    select * from {{ ref('stg_population') }}

),

kept as (

    select
        load_year,
        reference_year,
        reference_date,
        is_december,
        person_id,
        birth_year,
        sex,
        residence_code,
        sector_code,
        insurability_code,
        reject_reason,
        reference_date_as_delivered,
        birth_year_as_delivered,
        residence_code_as_delivered
    from line

)

select * from kept
