-- One row is an accepted line that belongs to a code list on its day, with what the statistics need to know of it, and no more:
--   of a dated list     person, day, code and institution;
--   of another list     person and set of lists.
-- Most lines belong to no list. They are counted (int_claim_count), like the rejected ones, and go no further. Lines that are alike are not summed here:
-- what comes next sums over fewer columns, and needs less memory for it.
{{ written_uncompressed() }}

with line as (

    select * from {{ ref('stg_health_care') }}
    where reject_reason is null

),

membership as (

    select * from {{ ref('int_code_membership') }}
    where list_set > 0

),

performer as (

    select distinct performer from membership
    where performer in ('radiologist', 'specialist', 'dentist')

),

-- the pairs that contradict each other: most lines have no such performer and look nothing up
contradiction as (

    select
        performer.performer,
        qualification.qualification
    from performer
    inner join {{ ref('provider_qualification') }} as qualification
        on
            performer.performer <> qualification.performer_group
            and qualification.performer_group in ('radiologist', 'specialist', 'general_practitioner')

),

listed as (

    select
        line.load_year,
        line.reference_year,
        membership.list_set,
        line.person_id,
        case when membership.is_dated then line.service_date end as service_date,
        case when membership.is_dated then membership.nomenclature_code end as nomenclature_code,
        case when membership.is_dated then line.institution_code end as institution_code,
        line.case_count,
        contradiction.performer is not null as is_performer_contradicted,
        coalesce(line.service_date < membership.code_valid_from, false)
        or coalesce(line.service_date > membership.code_valid_to, false) as is_outside_code_dates
    from line
    inner join membership
        on
            line.nomenclature_number = membership.nomenclature_number
            and line.service_date >= membership.period_start
            and line.service_date < membership.period_end
    left join contradiction
        on
            membership.performer = contradiction.performer
            and line.provider_qualification = contradiction.qualification

)

select * from listed
