-- One row is a rejected line of the population list, with the one reason why it counts nowhere. Private: person-level.
{{ config(materialized = 'yearly', access = 'private', meta = {'input': 'lists', 'year_column': 'load_year'}, tags = ['spark', 'person_level']) }}

with line as (

    select * from {{ ref('int_population_disposition') }}
    where
        reject_reason is not null
        and {{ in_years_to_build('load_year') }}

),

rejected as (

    select
        load_year,
        reference_year,
        reject_reason,
        person_id,
        reference_date,
        cast(reference_date_as_received as string) as reference_date_as_received,
        cast(birth_year_as_received as string) as birth_year_as_received,
        sex,
        cast(residence_code_as_received as string) as residence_code_as_received,
        sector_code,
        insurability_code
    from line

)

select * from rejected
