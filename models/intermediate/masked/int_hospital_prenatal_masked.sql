-- One row is a cell of int_hospital_prenatal_cell, with its deliveries and what of it is hidden: deliveries and acts, or only the acts.
{{ config(materialized = 'yearly') }}

with cell as (

    select * from {{ ref('int_hospital_prenatal_cell') }}
    where {{ in_years_to_build('reference_year') }}

),

delivery_masked as (

    select * from {{ ref('int_hospital_delivery_masked') }}
    where {{ in_years_to_build('reference_year') }}

),

hidden_numerator as (

    {{ hidden_cells_with_margins('numerator', 'hospital_acts', ['procedure_type']) }}

),

masked as (

    select
        cell.*,
        delivery_masked.deliveries,
        delivery_masked.is_denominator_masked,
        hidden_numerator.geo_code is not null as is_numerator_masked
    from cell
    inner join delivery_masked on {{ same_cell('cell', 'delivery_masked') }}
    left join hidden_numerator on {{ same_cell('cell', 'hidden_numerator', ['procedure_type']) }}

)

select * from masked
