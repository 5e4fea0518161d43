-- One row is a rejected record of the claims (identical records together, with their number), with the one reason why it counts nowhere. Private: person-level.
{{ config(materialized = 'yearly', access = 'private', meta = {'input': 'claims', 'year_column': 'load_year'}, tags = ['spark', 'person_level']) }}

with line as (

    select * from {{ ref('stg_health_care') }}
    where
        reject_reason is not null
        and {{ in_years_to_build('load_year') }}

),

rejected as (

    select
        load_year,
        folder_year,
        reference_year,
        reject_reason,
        person_id,
        service_date,
        cast(service_date_as_received as string) as service_date_as_received,
        cast(nomenclature_code_as_received as string) as nomenclature_code_as_received,
        cast(case_count_as_received as string) as case_count_as_received,
        institution_code,
        count(*) as line_count
    from line
    group by all

)

select * from rejected
