-- One row is a list, a disposition of its lines and a residence code, with the number of lines: what there is to know of the lists without looking at a person.
{{ config(materialized = 'yearly', meta = {'input': 'lists', 'year_column': 'load_year'}) }}

with entry as (

    select * from {{ ref('int_population_disposition') }}
    where {{ in_years_to_build('load_year') }}

),

counted as (

    select
        load_year,
        reference_year,
        reference_date,
        reject_reason,
        residence_code,
        residence_code is not null or residence_code_as_received is not null as is_residence_code_given,
        count(*) as line_count
    from entry
    group by all

)

select * from counted
