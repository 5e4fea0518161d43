-- One row is a cell of int_prenatal_cell, with its deliveries and what of it is hidden: deliveries and acts, or only the acts.
{{ config(materialized = 'yearly') }}

with unit as (

    select * from {{ ref('geographic_unit') }}

),

cell as (

    select * from {{ ref('int_prenatal_cell') }}
    where {{ in_years_to_build('reference_year') }}

),

delivery_masked as (

    select * from {{ ref('int_delivery_masked') }}
    where {{ in_years_to_build('reference_year') }}

),

hidden_numerator as (

    {{ hidden_cells_with_margins('numerator', 'acts', ['procedure_type', 'age_category', 'increased_reimbursement']) }}

),

decided as (

    select
        cell.*,
        delivery_masked.deliveries,
        delivery_masked.is_denominator_masked,
        hidden_numerator.geo_code is not null as is_numerator_decided
    from cell
    inner join delivery_masked on {{ same_cell('cell', 'delivery_masked', ['age_category', 'increased_reimbursement']) }}
    left join hidden_numerator on {{ same_cell('cell', 'hidden_numerator', ['procedure_type', 'age_category', 'increased_reimbursement']) }}

),

{{ hidden_without_derived_cells(
    'without_acts', 'decided', 'is_denominator_masked or is_numerator_decided',
    'is_denominator_masked or ' ~ is_small_group('act_women') ~ ' or ' ~ is_small_group('acts'),
    ['procedure_type', 'age_category', 'increased_reimbursement']
) }},

masked as (

    select
        cell.*,
        delivery_masked.deliveries,
        delivery_masked.is_denominator_masked,
        without_acts.geo_code is not null as is_numerator_masked
    from cell
    inner join delivery_masked on {{ same_cell('cell', 'delivery_masked', ['age_category', 'increased_reimbursement']) }}
    left join without_acts on {{ same_cell('cell', 'without_acts', ['procedure_type', 'age_category', 'increased_reimbursement']) }}

)

select * from masked
