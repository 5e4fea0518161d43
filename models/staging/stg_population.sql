-- One row is a record of a half-yearly population list, renamed and typed, with the first reason that makes it unusable (duplicates are found later).

with source as (

    select
        load_year,
        reference_date,
        person_id,
        person_id_is_missing,
        birth_year,
        sex,
        residence_code,
        sector_code,
        insurability_code,
        reference_date_as_received,
        birth_year_as_received,
        residence_code_as_received
    from {{ ref('population') }}

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
        load_year,
        reference_date,
        reference_year,
        is_december,
        is_list_date,
        {{ read_text('person_id', 'VARCHAR') }} as person_id,
        birth_year,
        sex,
        residence_code,
        sector_code,
        insurability_code,
        reference_date_as_received,
        birth_year_as_received,
        residence_code_as_received,
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
