-- One row is a year, place of residence (municipality and sector, null where unknown) and combination of the filters of the imaging family with
-- beneficiaries: their number and the imaging variables of their claims, side by side. People and claims are joined here only.
{{ config(materialized = 'yearly', meta = {'input': 'both'}) }}

{%- set filters = family_filters('imaging') %}

with beneficiary as (

    select * from {{ ref('int_beneficiary') }}
    where {{ in_years_to_build('reference_year') }}

),

person_claim as (

    select * from {{ ref('int_imaging_use') }}
    where {{ in_years_to_build('reference_year') }}

),

reference_year as (

    select * from {{ ref('int_reference_year') }}

),

placed as (

    select
        beneficiary.reference_year,
        beneficiary.person_id,
        beneficiary.municipality_code,
        {{ person_filter_columns(filters, 'beneficiary') }}
        beneficiary.sector_code
    from beneficiary
    inner join reference_year on beneficiary.reference_year = reference_year.reference_year
    {{- join_filter_classes(filters, families().imaging.scheme, 'beneficiary') }}

),

place as (

    select
        placed.reference_year,
        placed.municipality_code,
        placed.sector_code,
        {{ columns_of(filters, 'placed') }}
        count(*) as beneficiaries,
        {%- for exams in imaging_variables() | map('lower') %}
            count(*) filter (where person_claim.{{ exams }} > 0) as {{ exams }}_patients,
            cast(coalesce(sum(person_claim.{{ exams }}), 0) as bigint) as {{ exams }},
            cast(coalesce(sum(person_claim.{{ exams }} * person_claim.{{ exams }}), 0) as bigint) as {{ exams }}_squared,
        {%- endfor %}
        cast(coalesce(sum(person_claim.lines), 0) as bigint) as lines
    from placed
    left join person_claim
        on
            placed.reference_year = person_claim.reference_year
            and placed.person_id = person_claim.person_id
    group by placed.reference_year, placed.municipality_code, placed.sector_code, {{ columns_of(filters, 'placed', trailing=false) }}

)

select * from place
