-- One row is a year, geographic unit, age class (or total) and imaging variable: beneficiaries, patients and examinations, unmasked.
-- Complete from country to municipality; sectors only where they have beneficiaries, as total only (cards).
{{ config(materialized = 'yearly', scope = 'either') }}

with beneficiary as (

    select * from {{ ref('int_beneficiary') }}
    where {{ in_years_to_build('reference_year', 'either') }}

),

imaging_use as (

    select * from {{ ref('int_imaging_use') }}
    where {{ in_years_to_build('reference_year', 'either') }}

),

reference_year as (

    select * from {{ ref('int_reference_year') }}
    where {{ in_years_to_build('reference_year', 'either') }}

),

unit_of_residence as (

    select * from {{ ref('int_unit_of_residence') }}

),

geographic_unit as (

    select * from {{ ref('geographic_unit') }}
    where geo_level <> 'statistical_sector'

),

imaging_variable as (

    select * from {{ ref('imaging_variable') }}

),

age_value as (

    {{ filter_values('age_category', 'decennial') }}

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

-- the smallest cells: from here on the tables are small
people as (

    select
        reference_year,
        municipality_code,
        sector_code,
        age_category,
        count(*) as beneficiaries
    from placed
    group by reference_year, municipality_code, sector_code, age_category

),

patient as (

    select
        placed.reference_year,
        placed.municipality_code,
        placed.sector_code,
        placed.age_category,
        imaging_use.variable,
        count(*) as patients,
        cast(sum(imaging_use.exams) as bigint) as exams
    from imaging_use
    inner join placed
        on
            imaging_use.reference_year = placed.reference_year
            and imaging_use.person_id = placed.person_id
    group by
        placed.reference_year,
        placed.municipality_code,
        placed.sector_code,
        placed.age_category,
        imaging_use.variable

),

people_rolled as (

    {{ roll_up('people', [], ['age_category'], ['beneficiaries'], 'unit_of_residence') }}

),

patient_rolled as (

    {{ roll_up('patient', ['variable'], ['age_category'], ['patients', 'exams'], 'unit_of_residence') }}

),

people_in_sector as (

    select
        reference_year,
        sector_code,
        cast(sum(beneficiaries) as bigint) as beneficiaries
    from people
    where sector_code is not null and reference_year >= {{ var('first_sector_year') }}
    group by reference_year, sector_code

),

patient_in_sector as (

    select
        reference_year,
        sector_code,
        variable,
        cast(sum(patients) as bigint) as patients,
        cast(sum(exams) as bigint) as exams
    from patient
    where sector_code is not null
    group by reference_year, sector_code, variable

),

grid as (

    select
        reference_year.reference_year,
        geographic_unit.geo_level,
        geographic_unit.geo_code,
        age_value.age_category,
        imaging_variable.variable
    from reference_year
    cross join geographic_unit
    cross join age_value
    cross join imaging_variable

),

cell as (

    select
        grid.reference_year,
        grid.geo_level,
        grid.geo_code,
        grid.age_category,
        grid.variable,
        coalesce(people_rolled.beneficiaries, 0) as beneficiaries,
        coalesce(patient_rolled.patients, 0) as patients,
        coalesce(patient_rolled.exams, 0) as exams
    from grid
    left join people_rolled
        on
            grid.reference_year = people_rolled.reference_year
            and grid.geo_level = people_rolled.geo_level
            and grid.geo_code = people_rolled.geo_code
            and grid.age_category = people_rolled.age_category
    left join patient_rolled
        on
            grid.reference_year = patient_rolled.reference_year
            and grid.geo_level = patient_rolled.geo_level
            and grid.geo_code = patient_rolled.geo_code
            and grid.age_category = patient_rolled.age_category
            and grid.variable = patient_rolled.variable
    union all
    select
        people_in_sector.reference_year,
        'statistical_sector' as geo_level,
        people_in_sector.sector_code as geo_code,
        'total' as age_category,
        imaging_variable.variable,
        people_in_sector.beneficiaries,
        coalesce(patient_in_sector.patients, 0) as patients,
        coalesce(patient_in_sector.exams, 0) as exams
    from people_in_sector
    cross join imaging_variable
    left join patient_in_sector
        on
            people_in_sector.reference_year = patient_in_sector.reference_year
            and people_in_sector.sector_code = patient_in_sector.sector_code
            and imaging_variable.variable = patient_in_sector.variable

)

select * from cell
