-- One row is a line of a population list of a year that this build reads, accepted (no reason) or rejected with its one reason.
{{ config(materialized = 'view', input = 'lists') }}

with line as (

    select * from {{ ref('stg_population') }}

),

repeated_line as (

    select * from {{ ref('int_population_duplicate') }}
    where {{ in_years_to_build('reference_year') }}

),

repeated as (

    select
        person_id,
        reference_date
    from repeated_line
    where entry_rank = 1

),

entry as (

    select
        line.load_year,
        line.reference_year,
        line.reference_date,
        line.is_december,
        line.person_id,
        line.birth_year,
        line.sex,
        line.residence_code,
        line.sector_code,
        line.insurability_code,
        line.reject_reason,
        line.reference_date_as_received,
        line.birth_year_as_received,
        line.residence_code_as_received
    from line
    left join repeated
        on
            line.person_id = repeated.person_id
            and line.reference_date = repeated.reference_date
            and line.reject_reason is null
    where repeated.person_id is null
    union all
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
        case when entry_rank > 1 then 'duplicate' end as reject_reason,
        reference_date_as_received,
        birth_year_as_received,
        residence_code_as_received
    from repeated_line

)

select * from entry
