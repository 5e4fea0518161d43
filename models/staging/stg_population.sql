-- One row is a line of a half-yearly population list, renamed and typed, with the first reason that makes it unusable (duplicates are found later).

with source as (

    select
        load_year,
        {{ raw_column('population', 'reference_date') }} as reference_date,
        {{ raw_column('population', 'person_id') }} as person_id,
        {{ raw_column('population', 'person_id') }}_is_missing as person_id_is_missing,
        {{ raw_column('population', 'birth_year') }} as birth_year,
        {{ raw_column('population', 'sex') }} as sex,
        {{ raw_column('population', 'residence_code') }} as residence_code,
        {{ raw_column('population', 'sector_code') }} as sector_code,
        {{ raw_column('population', 'insurability_code') }} as insurability_code,
        {{ raw_column('population', 'reference_date') }}_as_delivered as reference_date_as_delivered,
        {{ raw_column('population', 'birth_year') }}_as_delivered as birth_year_as_delivered,
        {{ raw_column('population', 'residence_code') }}_as_delivered as residence_code_as_delivered
    from {{ source('ima', 'population') }}

),

dated as (

    select
        *,
        cast(extract(year from reference_date) as integer) as reference_year,
        extract(month from reference_date) = 12 as is_december,
        coalesce(
            (extract(month from reference_date) = 6 and extract(day from reference_date) = 30)
            or (extract(month from reference_date) = 12 and extract(day from reference_date) = 31),
            false
        ) as is_list_date
    from source

),

judged as (

    select
        *,
        case
            when person_id_is_missing then 'missing_person_id'
            when not is_list_date then 'invalid_reference_date'
            when
                birth_year is null
                or birth_year > reference_year
                or birth_year < reference_year - {{ var('oldest_age') }}
                then 'invalid_birth_year'
        end as reject_reason
    from dated

)

select * from judged
