-- One row is a rejected line of the claims (identical lines together, with their number), with the one reason why it counts nowhere. Private: person-level.
{{ config(materialized = 'yearly', scope = 'health_care', year_column = 'load_year') }}

with line as (

    select * from {{ ref('int_claim') }}
    where reject_reason is not null

),

rejected as (

    select
        load_year,
        reference_year,
        reject_reason,
        person_id,
        service_date,
        service_date_as_delivered,
        nomenclature_code_as_delivered,
        case_count_as_delivered,
        institution_code,
        line_count
    from line

)

select * from rejected
