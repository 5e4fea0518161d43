-- One row is a year, place of residence (municipality and sector, null where unknown) and age class in which beneficiaries live: their number, and what their
-- claims say, the imaging variables side by side. Here people and claims meet, once; from here on the tables are small.
{{ config(materialized = 'yearly', input = 'both') }}

with beneficiary as (

    select * from {{ ref('int_beneficiary') }}
    where {{ in_years_to_build('reference_year') }}

),

person_claim as (

    select * from {{ ref('int_person_claim') }}
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
        beneficiary.sector_code,
        age.age_category
    from beneficiary
    inner join reference_year on beneficiary.reference_year = reference_year.reference_year
    {{ join_age_category('beneficiary.age', 'decennial', 'age') }}

),

place as (

    select
        placed.reference_year,
        placed.municipality_code,
        placed.sector_code,
        placed.age_category,
        count(*) as beneficiaries,
        {%- for exams in imaging_variables() | map('lower') %}
            count(*) filter (where person_claim.{{ exams }} > 0) as {{ exams }}_patients,
            cast(coalesce(sum(person_claim.{{ exams }}), 0) as bigint) as {{ exams }},
        {%- endfor %}
        cast(coalesce(sum(person_claim.lines), 0) as bigint) as lines
    from placed
    left join person_claim
        on
            placed.reference_year = person_claim.reference_year
            and placed.person_id = person_claim.person_id
    group by placed.reference_year, placed.municipality_code, placed.sector_code, placed.age_category

)

select * from place
