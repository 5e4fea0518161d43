-- One row is a record of a population list of a year that this build reads, accepted (no reason) or rejected with its one reason.
{{ config(meta = {'input': 'lists'}) }}

{%- set columns = [
    'load_year', 'reference_year', 'reference_date', 'is_december', 'person_id', 'birth_year', 'sex',
    'residence_code', 'sector_code', 'insurability_code', 'reference_date_as_received', 'birth_year_as_received', 'residence_code_as_received'
] %}

with line as (

    select * from {{ ref('stg_population') }}

),

repeated_line as (

    select * from {{ ref('int_population_duplicate') }}
    where {{ in_years_to_build('reference_year') }}

),

repeated as (

    select
        person_id,
        reference_date
    from repeated_line
    where entry_rank = 1

),

entry as (

    select
        {{ columns_of(columns, 'line') }}
        line.reject_reason
    from line
    left join repeated
        on
            line.person_id = repeated.person_id
            and line.reference_date = repeated.reference_date
            and line.reject_reason is null
    where repeated.person_id is null
    union all
    select
        {{ columns_of(columns) }}
        case when entry_rank > 1 then 'duplicate' end as reject_reason
    from repeated_line

)

select * from entry
