-- One row is a cell of int_delivery_cell, with what of it is hidden: deliveries and caesareans, or only the caesareans.
{{ config(materialized = 'yearly', scope = 'masked') }}

with unit as (

    select * from {{ ref('geographic_unit') }}

),

cell as (

    select * from {{ ref('int_delivery_cell') }}
    where {{ in_years_to_build('reference_year', 'masked') }}

),

hidden_denominator as (

    {{ hidden_cells_with_margins('denominator', 'deliveries', ['age_category', 'increased_reimbursement']) }}

),

hidden_numerator as (

    {{ hidden_cells_with_margins('numerator', 'caesareans', ['age_category', 'increased_reimbursement']) }}

),

decided as (

    select
        cell.*,
        hidden_denominator.geo_code is not null as is_denominator_decided,
        hidden_numerator.geo_code is not null as is_caesarean_decided
    from cell
    left join hidden_denominator
        on
            cell.reference_year = hidden_denominator.reference_year
            and cell.geo_level = hidden_denominator.geo_level
            and cell.geo_code = hidden_denominator.geo_code
            and cell.age_category = hidden_denominator.age_category
            and cell.increased_reimbursement = hidden_denominator.increased_reimbursement
    left join hidden_numerator
        on
            cell.reference_year = hidden_numerator.reference_year
            and cell.geo_level = hidden_numerator.geo_level
            and cell.geo_code = hidden_numerator.geo_code
            and cell.age_category = hidden_numerator.age_category
            and cell.increased_reimbursement = hidden_numerator.increased_reimbursement

),

{{ hidden_without_derived_cells(
    'without_deliveries', 'decided', 'is_denominator_decided', is_small_group('women') ~ ' or ' ~ is_small_group('deliveries'),
    ['age_category', 'increased_reimbursement']
) }},

open_delivery as (

    select
        cell.*,
        without_deliveries.geo_code is not null as is_denominator_masked
    from decided as cell
    left join without_deliveries
        on
            cell.reference_year = without_deliveries.reference_year
            and cell.geo_level = without_deliveries.geo_level
            and cell.geo_code = without_deliveries.geo_code
            and cell.age_category = without_deliveries.age_category
            and cell.increased_reimbursement = without_deliveries.increased_reimbursement

),

{{ hidden_without_derived_cells(
    'without_caesareans', 'open_delivery', 'is_denominator_masked or is_caesarean_decided',
    'is_denominator_masked or ' ~ is_small_group('caesarean_women') ~ ' or ' ~ is_small_group('caesareans'),
    ['age_category', 'increased_reimbursement']
) }},

masked as (

    select
        cell.*,
        without_deliveries.geo_code is not null as is_denominator_masked,
        without_caesareans.geo_code is not null as is_caesarean_masked
    from cell
    left join without_deliveries
        on
            cell.reference_year = without_deliveries.reference_year
            and cell.geo_level = without_deliveries.geo_level
            and cell.geo_code = without_deliveries.geo_code
            and cell.age_category = without_deliveries.age_category
            and cell.increased_reimbursement = without_deliveries.increased_reimbursement
    left join without_caesareans
        on
            cell.reference_year = without_caesareans.reference_year
            and cell.geo_level = without_caesareans.geo_level
            and cell.geo_code = without_caesareans.geo_code
            and cell.age_category = without_caesareans.age_category
            and cell.increased_reimbursement = without_caesareans.increased_reimbursement

)

select * from masked
