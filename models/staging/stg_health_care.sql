-- One row is a reimbursed service line, renamed and typed, with the first reason that makes it unusable.
-- One SELECT: what reads records by their reason leaves the others out before it reads a text of them. DuckDB moves a condition with a division below one
-- SELECT, not below two.

with source as (

    select * from {{ ref('health_care') }}

),

judged as (

    select
        load_year,
        folder_year,
        cast(extract(year from service_date) as integer) as reference_year,
        {{ read_text('person_id', 'VARCHAR') }} as person_id,
        service_date,
        nomenclature_number,
        case_count,
        amount_eurocents,
        -- a column of integers has lost the leading zeros of its three digits
        case when length(provider_qualification) < 3 then lpad(provider_qualification, 3, '0') else provider_qualification end as provider_qualification,
        -- numbers of institutions have 8 digits at most; any other text (a name, a person id in the wrong column) must not become the code of a hospital
        case when {{ matches('institution_code', '[0-9]{1,8}') }} then institution_code end as institution_code,
        coalesce(not {{ matches('institution_code', '[0-9]{1,8}') }}, false) as is_institution_unreadable,
        service_date_as_received,
        nomenclature_number_as_received as nomenclature_code_as_received,
        case_count_as_received,
        case
            when person_id_is_missing then 'missing_person_id'
            when service_date is null then 'invalid_service_date'
            when nomenclature_number is null or nomenclature_number not between 0 and 999999 or not {{ check_digit_holds('nomenclature_number') }}
                then 'invalid_nomenclature_code'
            when case_count is null or case_count = 0 or case_count not between -{{ var('largest_case_count') }} and {{ var('largest_case_count') }}
                then 'invalid_case_count'
        end as reject_reason
    from source

)

select * from judged
