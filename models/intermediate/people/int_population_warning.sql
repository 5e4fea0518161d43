-- One row is a reference year and a kind of warning about its population lists, with the number of records or persons.
{{ config(materialized = 'yearly', meta = {'input': 'lists'}) }}

with residence as (

    select * from {{ ref('int_residence_code_count') }}
    where
        reject_reason is null
        and is_residence_code_given
        and {{ in_years_to_build('reference_year') }}

),

beneficiary as (

    select * from {{ ref('int_beneficiary') }}
    where {{ in_years_to_build('reference_year') }}

),

municipality as (

    select cast(nis_code as bigint) as residence_code from {{ ref('int_municipality_in_vintage') }}

),

known_range as (

    select * from {{ ref('residence_code') }}

),

-- no range of the seed, no municipality of any year, or no number at all
unrecognised as (

    select
        residence.reference_year,
        residence.line_count
    from residence
    left join municipality on residence.residence_code = municipality.residence_code
    left join known_range
        on
            residence.residence_code >= coalesce(known_range.code_from, residence.residence_code)
            and residence.residence_code <= coalesce(known_range.code_to, residence.residence_code)
    where municipality.residence_code is null and known_range.meaning is null

),

counted as (

    select
        reference_year,
        'unrecognised_residence_code' as warning,
        cast(sum(line_count) as bigint) as line_count
    from unrecognised
    group by reference_year
    union all
    select
        reference_year,
        'sector_unknown_or_elsewhere' as warning,
        count(*) filter (where is_sector_unplaced) as line_count
    from beneficiary
    group by reference_year
    union all
    select
        reference_year,
        'increased_reimbursement_unknown' as warning,
        count(*) filter (where is_reimbursement_unknown) as line_count
    from beneficiary
    group by reference_year

)

select * from counted
