-- One row is a reference year and a kind of warning about its accepted claims, with the number of lines. A line of no list counts nowhere, whatever is
-- wrong with it, and is not looked at.
{{ config(materialized = 'yearly', scope = 'health_care') }}

with claim as (

    select * from {{ ref('int_claim') }}
    where {{ in_years_to_build('reference_year', 'health_care') }}

),

beneficiary as (

    select
        reference_year,
        person_id
    from {{ ref('int_beneficiary') }}
    where {{ in_years_to_build('reference_year', 'health_care') }}

),

reference_year as (

    select * from {{ ref('int_reference_year') }}

),

met as (

    select claim.reference_year
    from claim
    inner join reference_year on claim.reference_year = reference_year.reference_year
    left join beneficiary
        on
            claim.reference_year = beneficiary.reference_year
            and claim.person_id = beneficiary.person_id
    where beneficiary.person_id is null

),

counted as (

    select
        reference_year,
        'person_is_no_beneficiary' as warning,
        count(*) as line_count
    from met
    group by reference_year
    union all
    select
        reference_year,
        'provider_qualification_contradicts_code' as warning,
        count(*) filter (where is_performer_contradicted) as line_count
    from claim
    group by reference_year
    union all
    select
        reference_year,
        'code_outside_its_dates' as warning,
        count(*) filter (where is_outside_code_dates) as line_count
    from claim
    group by reference_year

)

select * from counted
