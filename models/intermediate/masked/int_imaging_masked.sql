-- One row is a cell of int_imaging_cell, with what of it is hidden (primary masking only).

with cell as (

    select * from {{ ref('int_imaging_cell') }}

),

masked as (

    select
        cell.*,
        (cell.beneficiaries between 1 and {{ var('small_cell_threshold') }} - 1) as is_denominator_masked,
        (cell.beneficiaries between 1 and {{ var('small_cell_threshold') }} - 1) or (cell.patients between 1 and {{ var('small_cell_threshold') }} - 1) as is_numerator_masked
    from cell

)

select * from masked
