-- One row is an accepted record that belongs to a code list on its day. Most records belong to none: they are counted (int_claim_count), like the rejected
-- ones, and go no further.
-- A view (dbt_project.yml): who reads it takes a few columns, and the codes that it asks for are pushed into the reading of the files.

with line as (

    select * from {{ ref('stg_health_care') }}
    where reject_reason is null

),

membership as (

    select * from {{ ref('int_code_membership') }}
    where list_set > 0

),

listed as (

    select
        line.load_year,
        line.reference_year,
        membership.list_set,
        membership.is_dated,
        line.person_id,
        line.service_date,
        membership.nomenclature_code,
        line.institution_code,
        line.is_institution_unreadable,
        line.case_count,
        line.amount_eurocents,
        membership.performer,
        line.provider_qualification,
        coalesce(line.service_date < membership.code_valid_from, false)
        or coalesce(line.service_date > membership.code_valid_to, false) as is_outside_code_dates
    from line
    inner join membership
        on
            line.nomenclature_number = membership.nomenclature_number
            and line.service_date >= membership.period_start
            and line.service_date < membership.period_end

)

select * from listed
