-- One row is a cell of int_hospital_prenatal_cell, with what of it is suppressed: deliveries and acts, or only the acts.
{{ config(materialized = 'view') }}

select
    reference_year,
    geo_level,
    geo_code,
    procedure_type,
    denominator as deliveries,
    cases as acts,
    is_denominator_suppressed as is_denominator_masked,
    is_numerator_suppressed as is_numerator_masked
from {{ ref('publishable_cell') }}
where series = 'hospital_acts'
