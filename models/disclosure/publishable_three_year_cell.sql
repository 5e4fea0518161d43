-- One row is a numerator of a three-year window and unit, its denominator, and what of the row is suppressed. The published table of windows reads it.
{{ config(access = 'protected', meta = {'by_window': true, 'year_column': 'first_year', 'keeps_other_years': true}) }}

with cell as (

    select * from {{ ref('three_year_cell') }}
    where
        is_window
        and denominator_series is not null
        and not is_remainder
        and {{ in_years_to_build('first_year') }}

),

suppressed as (

    select cell_id from {{ ref('suppressed_three_year_cell') }}
    where {{ in_years_to_build('first_year') }}

),

publishable as (

    select
        cell.first_year,
        cell.series,
        cell.geo_level,
        cell.geo_code,
        cell.cases,
        cell.denominator,
        denominator.cell_id is not null as is_denominator_suppressed,
        numerator.cell_id is not null as is_numerator_suppressed
    from cell
    left join suppressed as numerator on cell.cell_id = numerator.cell_id
    left join suppressed as denominator on cell.denominator_id = denominator.cell_id

)

select * from publishable
