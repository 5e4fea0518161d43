-- One row is a cell of a numerator, its denominator, and what of the row is suppressed: both, or only the numerator. The published tables read nothing else.
{{ config(access = 'protected', meta = {'keeps_other_years': true}) }}

with cell as (

    select * from {{ ref('protected_cell') }}
    where {{ in_years_to_build('reference_year') }}

),

decided as (

    select * from {{ ref('numerator_decision') }}
    where {{ in_years_to_build('reference_year') }}

),

publishable as (

    select
        cell.reference_year,
        cell.series,
        cell.geo_level,
        cell.geo_code,
        {{ filter_columns('cell') }},
        cell.cases,
        cell.volume,
        cell.denominator,
        cell.persons,
        cell.denominator_persons,
        decided.is_denominator_suppressed,
        decided.is_suppressed as is_numerator_suppressed
    from decided
    inner join cell on decided.cell_id = cell.cell_id
    -- no table publishes a remainder
    where not cell.is_remainder

)

select * from publishable
