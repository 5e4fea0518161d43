-- One row is what the statistics need to know of the lines that this build reads, and no more:
--   of a line of a dated list    person, day, code and institution;
--   of a line of another list    person and set of lists;
--   of a line of no list         its year (so that every line is counted);
--   of a rejected line           all that was delivered, with its reason.
-- This is the one scan of the claims: everything later reads this table.
{{ written_uncompressed() }}

with line as (

    select * from {{ ref('stg_health_care') }}

),

membership as (

    select * from {{ ref('int_code_membership') }}

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
        line.reject_reason,
        line.case_count,
        case when line.reject_reason is null then coalesce(membership.list_set, 0) end as list_set,
        case when membership.list_set > 0 or line.reject_reason is not null then line.person_id end as person_id,
        case when membership.is_dated or line.reject_reason is not null then line.service_date end as service_date,
        case when membership.is_dated then membership.nomenclature_code end as nomenclature_code,
        case when membership.is_dated or line.reject_reason is not null then line.institution_code end as institution_code,
        case when line.reject_reason is not null then cast(line.service_date_as_delivered as varchar) end as service_date_as_delivered,
        case when line.reject_reason is not null then cast(line.nomenclature_code_as_delivered as varchar) end as nomenclature_code_as_delivered,
        case when line.reject_reason is not null then cast(line.case_count_as_delivered as varchar) end as case_count_as_delivered,
        contradiction.performer is not null as is_performer_contradicted,
        line.service_date < membership.code_valid_from or line.service_date > membership.code_valid_to as is_outside_code_dates
    from line
    left join membership
        on
            line.nomenclature_number = membership.nomenclature_number
            and line.service_date >= membership.period_start
            and line.service_date < membership.period_end
            and line.reject_reason is null
    left join contradiction
        on
            membership.performer = contradiction.performer
            and line.provider_qualification = contradiction.qualification

),

claim as (

    select
        load_year,
        reference_year,
        reject_reason,
        list_set,
        person_id,
        service_date,
        nomenclature_code,
        institution_code,
        service_date_as_delivered,
        nomenclature_code_as_delivered,
        case_count_as_delivered,
        cast(sum(case_count) as bigint) as case_count,
        count(*) as line_count,
        count(*) filter (where is_performer_contradicted) as performer_contradicted_line_count,
        count(*) filter (where is_outside_code_dates) as outside_code_dates_line_count
    from listed
    group by all

)

select * from claim
