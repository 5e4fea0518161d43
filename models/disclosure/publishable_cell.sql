-- One row is a cell of a numerator, its denominator, and what of the row is suppressed: both, or only the numerator. The published tables read nothing else.
{{ config(access = 'protected', meta = {'keeps_other_years': true}) }}

with cell as (

    select * from {{ ref('protected_cell') }}
    where
        denominator_series is not null
        -- no table publishes a remainder
        and not is_remainder
        and {{ in_years_to_build('reference_year') }}

),

suppressed as (

    select cell_id from {{ ref('suppressed_cell') }}
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
        denominator.cell_id is not null as is_denominator_suppressed,
        numerator.cell_id is not null as is_numerator_suppressed
    from cell
    left join suppressed as numerator on cell.cell_id = numerator.cell_id
    left join suppressed as denominator on cell.denominator_id = denominator.cell_id

)

select * from publishable
