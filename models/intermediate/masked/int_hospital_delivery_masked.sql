-- One row is a cell of int_hospital_delivery_cell, with what of it is hidden: deliveries and caesareans, or only the caesareans.
{{ config(materialized = 'yearly') }}

with cell as (

    select * from {{ ref('int_hospital_delivery_cell') }}
    where {{ in_years_to_build('reference_year') }}

),

hidden_denominator as (

    {{ hidden_cells_with_margins('denominator', 'hospital_deliveries', []) }}

),

hidden_numerator as (

    {{ hidden_cells_with_margins('numerator', 'hospital_caesareans', []) }}

),

masked as (

    select
        cell.*,
        hidden_denominator.geo_code is not null as is_denominator_masked,
        hidden_numerator.geo_code is not null as is_caesarean_masked
    from cell
    left join hidden_denominator on {{ same_cell('cell', 'hidden_denominator') }}
    left join hidden_numerator on {{ same_cell('cell', 'hidden_numerator') }}

)

select * from masked
