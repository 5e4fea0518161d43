-- One row is a reimbursed service line, renamed and typed, with the first reason that makes it unusable.

with source as (

    select
        load_year,
        {{ raw_column('health_care', 'person_id') }} as person_id,
        {{ raw_column('health_care', 'person_id') }}_is_missing as person_id_is_missing,
        {{ raw_column('health_care', 'service_date') }} as service_date,
        {{ raw_column('health_care', 'nomenclature_number') }} as nomenclature_number,
        {{ raw_column('health_care', 'case_count') }} as case_count,
        {{ raw_column('health_care', 'amount_eurocents') }} as amount_eurocents,
        {{ raw_column('health_care', 'provider_qualification') }} as provider_qualification,
        {{ raw_column('health_care', 'institution_code') }} as institution_code,
        {{ raw_column('health_care', 'service_date') }}_as_delivered as service_date_as_delivered,
        {{ raw_column('health_care', 'nomenclature_number') }}_as_delivered as nomenclature_code_as_delivered,
        {{ raw_column('health_care', 'case_count') }}_as_delivered as case_count_as_delivered
    from {{ source('ima', 'health_care') }}

),

judged as (

    select
        *,
        cast(extract(year from service_date) as integer) as reference_year,
        case
            when person_id_is_missing then 'missing_person_id'
            when service_date is null then 'invalid_service_date'
            when nomenclature_number is null or nomenclature_number not between 0 and 999999 or not {{ check_digit_holds('nomenclature_number') }}
                then 'invalid_nomenclature_code'
            when case_count is null or case_count = 0 then 'invalid_case_count'
        end as reject_reason
    from source

)

select * from judged
