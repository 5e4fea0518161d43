-- One row is a cell of int_imaging_cell, with what of it is hidden: beneficiaries, patients and exams, or only the last two.
{{ config(materialized = 'yearly') }}

with cell as (

    select * from {{ ref('int_imaging_cell') }}
    where {{ in_years_to_build('reference_year') }}

),

hidden_denominator as (

    {{ hidden_cells('denominator') }}

),

hidden_numerator as (

    {{ hidden_cells('numerator') }}

),

masked as (

    select
        cell.*,
        {{ is_hidden_or_unpublished('hidden_denominator') }} as is_denominator_masked,
        {{ is_hidden_or_unpublished('hidden_numerator') }} as is_numerator_masked
    from cell
    left join hidden_denominator
        on
            hidden_denominator.series = 'beneficiaries'
            and cell.reference_year = hidden_denominator.reference_year
            and cell.geo_level = hidden_denominator.geo_level
            and cell.geo_code = hidden_denominator.geo_code
            and cell.age_category = hidden_denominator.column_code
    left join hidden_numerator
        on
            cell.variable = hidden_numerator.series
            and cell.reference_year = hidden_numerator.reference_year
            and cell.geo_level = hidden_numerator.geo_level
            and cell.geo_code = hidden_numerator.geo_code
            and cell.age_category = hidden_numerator.column_code

)

select * from masked
