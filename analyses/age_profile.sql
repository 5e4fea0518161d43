-- Question: at what age do people have imaging, and by whom?
-- How to read: one row a year and age category, for Belgium: the share of its beneficiaries with at least one examination by a radiologist, a dentist or
-- another medical specialist. The three shares overlap (a person may be a patient of all three): do not add them up.

with radiologist as (

    select * from {{ ref('cube_013_003') }}
    where geo_level = 'country'

),

dentist as (

    select * from {{ ref('cube_013_005') }}
    where geo_level = 'country'

),

specialist as (

    select * from {{ ref('cube_013_007') }}
    where geo_level = 'country'

),

age_category as (

    select * from {{ ref('dim_age_category') }}
    where scheme = 'decennial'

),

beside as (

    select
        radiologist.reference_year,
        age_category.sort_order,
        age_category.label_en as age,
        radiologist.denominator as beneficiaries,
        radiologist.value as radiologist_share,
        dentist.value as dentist_share,
        specialist.value as specialist_share
    from radiologist
    inner join dentist
        on
            radiologist.reference_year = dentist.reference_year
            and radiologist.age_category = dentist.age_category
    inner join specialist
        on
            radiologist.reference_year = specialist.reference_year
            and radiologist.age_category = specialist.age_category
    inner join age_category on radiologist.age_category = age_category.age_category

)

select * from beside
order by reference_year, sort_order
