-- One row is a cell of int_delivery_cell, with what of it is suppressed: deliveries and caesareans, or only the caesareans.
{{ config(materialized = 'view') }}

select
    reference_year,
    geo_level,
    geo_code,
    age_category,
    increased_reimbursement,
    denominator as deliveries,
    cases as caesareans,
    is_denominator_suppressed as is_denominator_masked,
    is_numerator_suppressed as is_caesarean_masked
from {{ ref('publishable_cell') }}
where series = 'caesareans'
