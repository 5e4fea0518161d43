-- One row is a reference year and a kind of warning about its population lists, with the number of lines or persons.
{{ config(materialized = 'yearly', scope = 'population') }}

with entry as (

    select
        reference_year,
        residence_code,
        residence_code_as_delivered
    from {{ ref('int_population_entry') }}
    where reject_reason is null

),

beneficiary as (

    select * from {{ ref('int_beneficiary') }}
    where {{ in_years_to_build('reference_year', 'population') }}

),

municipality as (

    select cast(nis_code as bigint) as residence_code from {{ ref('int_municipality_in_vintage') }}

),

residence_code as (

    select * from {{ ref('residence_code') }}

),

entry_count as (

    select
        reference_year,
        residence_code,
        count(*) as line_count
    from entry
    where residence_code is not null or residence_code_as_delivered is not null
    group by reference_year, residence_code

),

-- no range of the seed, no municipality of any year, or no number at all
of_no_rule as (

    select
        entry_count.reference_year,
        entry_count.line_count
    from entry_count
    left join municipality on entry_count.residence_code = municipality.residence_code
    left join residence_code
        on
            entry_count.residence_code >= coalesce(residence_code.code_from, entry_count.residence_code)
            and entry_count.residence_code <= coalesce(residence_code.code_to, entry_count.residence_code)
    where municipality.residence_code is null and residence_code.meaning is null

),

counted as (

    select
        reference_year,
        'residence_code_of_no_rule' as warning,
        cast(sum(line_count) as bigint) as line_count
    from of_no_rule
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
