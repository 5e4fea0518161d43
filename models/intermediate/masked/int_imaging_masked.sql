-- One row is a cell of int_imaging_cell that a table publishes, with what of it is suppressed: beneficiaries, patients and exams, or only the last two.
{{ config(materialized = 'view') }}

select
    reference_year,
    geo_level,
    geo_code,
    age_category,
    series as variable,
    denominator as beneficiaries,
    cases as patients,
    volume as exams,
    is_denominator_suppressed as is_denominator_masked,
    is_numerator_suppressed as is_numerator_masked
from {{ ref('publishable_cell') }}
where volume is not null
