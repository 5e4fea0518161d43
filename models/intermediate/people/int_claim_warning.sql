-- One row is a reference year and a kind of warning about its accepted claims, with the number of records. A record of no list counts nowhere, whatever is
-- wrong with it, and is not looked at.
{{ config(materialized = 'yearly', meta = {'input': 'both'}) }}

with imaging_use as (

    select * from {{ ref('int_imaging_use') }}
    where {{ in_years_to_build('reference_year') }}

),

reference_year as (

    select * from {{ ref('int_reference_year') }}

),

beneficiary_count as (

    select
        reference_year,
        cast(sum(lines) as bigint) as lines
    from {{ ref('int_imaging_by_residence') }}
    where {{ in_years_to_build('reference_year') }}
    group by reference_year

),

institution_count as (

    select
        reference_year,
        cast(sum(unreadable_institution_lines) as bigint) as lines
    from {{ ref('int_perinatal_claim') }}
    where {{ in_years_to_build('reference_year') }}
    group by reference_year

),

claim_count as (

    select
        reference_year,
        cast(sum(lines) as bigint) as lines,
        cast(sum(lines_of_other_performers) as bigint) as lines_of_other_performers,
        cast(sum(lines_outside_code_dates) as bigint) as lines_outside_code_dates,
        cast(sum(lines_without_reimbursement) as bigint) as lines_without_reimbursement
    from imaging_use
    group by reference_year

),

counted as (

    select
        claim_count.reference_year,
        'person_not_beneficiary' as warning,
        claim_count.lines - coalesce(beneficiary_count.lines, 0) as line_count
    from claim_count
    inner join reference_year on claim_count.reference_year = reference_year.reference_year
    left join beneficiary_count on claim_count.reference_year = beneficiary_count.reference_year
    union all
    select
        reference_year,
        'provider_qualification_contradicts_code' as warning,
        lines_of_other_performers as line_count
    from claim_count
    union all
    select
        reference_year,
        'code_outside_its_dates' as warning,
        lines_outside_code_dates as line_count
    from claim_count
    union all
    select
        reference_year,
        'institution_is_no_number' as warning,
        lines as line_count
    from institution_count
    union all
    select
        reference_year,
        'no_amount_reimbursed' as warning,
        lines_without_reimbursement as line_count
    from claim_count

)

select * from counted
