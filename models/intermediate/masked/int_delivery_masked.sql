-- One row is a cell of int_delivery_cell, with what of it is hidden: deliveries and caesareans, or only the caesareans.
{{ config(materialized = 'yearly') }}

with unit as (

    select * from {{ ref('geographic_unit') }}

),

cell as (

    select * from {{ ref('int_delivery_cell') }}
    where {{ in_years_to_build('reference_year') }}

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
    left join hidden_denominator on {{ same_cell('cell', 'hidden_denominator', ['age_category', 'increased_reimbursement']) }}
    left join hidden_numerator on {{ same_cell('cell', 'hidden_numerator', ['age_category', 'increased_reimbursement']) }}

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
    left join without_deliveries on {{ same_cell('cell', 'without_deliveries', ['age_category', 'increased_reimbursement']) }}

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
    left join without_deliveries on {{ same_cell('cell', 'without_deliveries', ['age_category', 'increased_reimbursement']) }}
    left join without_caesareans on {{ same_cell('cell', 'without_caesareans', ['age_category', 'increased_reimbursement']) }}

)

select * from masked
