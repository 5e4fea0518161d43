-- One row is a person, a year and an imaging variable with at least one examination: the source variables IMAG_*_N of the cards.
-- N is the net number of cases, corrections included, and 0 (no row) if that is negative (our decision).
{{ config(materialized = 'yearly', scope = 'health_care') }}

with claim as (

    select * from {{ ref('int_claim') }}
    where {{ in_years_to_build('reference_year', 'health_care') }}

),

variable as (

    select
        list_set.list_set,
        imaging_variable.variable
    from {{ ref('int_list_set') }} as list_set
    inner join {{ ref('imaging_variable') }} as imaging_variable on list_set.list_code = imaging_variable.list_code

),

-- a line of two variables (CT by a radiologist) counts in both, a line of none in neither
used as (

    select
        claim.reference_year,
        claim.person_id,
        variable.variable,
        cast(sum(claim.case_count) as bigint) as exams
    from claim
    inner join variable on claim.list_set = variable.list_set
    group by claim.reference_year, claim.person_id, variable.variable

),

counted as (

    select * from used
    where exams >= 1

)

select * from counted
