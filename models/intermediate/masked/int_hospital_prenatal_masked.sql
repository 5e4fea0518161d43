-- One row is a cell of int_hospital_prenatal_cell, with what of it is hidden (primary masking only).

with cell as (

    select * from {{ ref('int_hospital_prenatal_cell') }}

),

delivery_cell as (

    select * from {{ ref('int_hospital_delivery_cell') }}

),

masked as (

    select
        cell.*,
        delivery_cell.deliveries,
        (delivery_cell.women between 1 and {{ var('small_cell_threshold') }} - 1) as is_denominator_masked,
        (delivery_cell.women between 1 and {{ var('small_cell_threshold') }} - 1) or (cell.act_women between 1 and {{ var('small_cell_threshold') }} - 1) as is_numerator_masked
    from cell
    inner join delivery_cell
        on
            cell.reference_year = delivery_cell.reference_year
            and cell.geo_level = delivery_cell.geo_level
            and cell.geo_code = delivery_cell.geo_code

)

select * from masked
