-- One row is a reference year with the number of listed claim lines whose person is no beneficiary of the year. A line of no list counts nowhere,
-- whoever had it, and is not looked up.
{{ config(materialized = 'yearly', scope = 'health_care') }}

with claim as (

    select * from {{ ref('int_claim') }}
    where
        reject_reason is null
        and list_set > 0
        and {{ in_years_to_build('reference_year', 'health_care') }}

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

counted as (

    select
        claim.reference_year,
        'person_is_no_beneficiary' as warning,
        cast(sum(case when beneficiary.person_id is null then claim.line_count else 0 end) as bigint) as line_count
    from claim
    inner join reference_year on claim.reference_year = reference_year.reference_year
    left join beneficiary
        on
            claim.reference_year = beneficiary.reference_year
            and claim.person_id = beneficiary.person_id
    group by claim.reference_year

)

select * from counted
