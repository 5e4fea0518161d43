-- One row is a cell of int_delivery_cell, with what of it is hidden (primary masking only).

with cell as (

    select * from {{ ref('int_delivery_cell') }}

),

masked as (

    select
        cell.*,
        (cell.women between 1 and {{ var('small_cell_threshold') }} - 1) as is_denominator_masked,
        (cell.women between 1 and {{ var('small_cell_threshold') }} - 1) or (cell.caesarean_women between 1 and {{ var('small_cell_threshold') }} - 1) as is_caesarean_masked
    from cell

)

select * from masked
