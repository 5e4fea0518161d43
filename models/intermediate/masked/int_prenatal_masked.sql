-- One row is a cell of int_prenatal_cell, with its deliveries and what of it is hidden: deliveries and acts, or only the acts.
{{ config(materialized = 'yearly', scope = 'masked') }}

with unit as (

    select * from {{ ref('geographic_unit') }}

),

cell as (

    select * from {{ ref('int_prenatal_cell') }}
    where {{ in_years_to_build('reference_year', 'masked') }}

),

delivery_masked as (

    select * from {{ ref('int_delivery_masked') }}
    where {{ in_years_to_build('reference_year', 'masked') }}

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
    inner join delivery_masked
        on
            cell.reference_year = delivery_masked.reference_year
            and cell.geo_level = delivery_masked.geo_level
            and cell.geo_code = delivery_masked.geo_code
            and cell.age_category = delivery_masked.age_category
            and cell.increased_reimbursement = delivery_masked.increased_reimbursement
    left join hidden_numerator
        on
            cell.reference_year = hidden_numerator.reference_year
            and cell.geo_level = hidden_numerator.geo_level
            and cell.geo_code = hidden_numerator.geo_code
            and cell.procedure_type = hidden_numerator.procedure_type
            and cell.age_category = hidden_numerator.age_category
            and cell.increased_reimbursement = hidden_numerator.increased_reimbursement

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
    inner join delivery_masked
        on
            cell.reference_year = delivery_masked.reference_year
            and cell.geo_level = delivery_masked.geo_level
            and cell.geo_code = delivery_masked.geo_code
            and cell.age_category = delivery_masked.age_category
            and cell.increased_reimbursement = delivery_masked.increased_reimbursement
    left join without_acts
        on
            cell.reference_year = without_acts.reference_year
            and cell.geo_level = without_acts.geo_level
            and cell.geo_code = without_acts.geo_code
            and cell.procedure_type = without_acts.procedure_type
            and cell.age_category = without_acts.age_category
            and cell.increased_reimbursement = without_acts.increased_reimbursement

)

select * from masked
