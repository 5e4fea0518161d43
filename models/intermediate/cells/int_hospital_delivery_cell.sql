-- One row is a year and a hospital (or the country): deliveries, caesareans and the number of women with each, before suppression. A delivery
-- without a hospital is in no row, not in the country's row either. Hospitals appear where they have deliveries.
{{ config(materialized = 'yearly', meta = {'input': 'both', 'carries_forward': true}) }}

with reference_year as (

    select * from {{ ref('int_reference_year') }}
    where {{ in_years_to_build('reference_year') }}

),

beneficiary as (

    select
        reference_year,
        person_id
    from {{ ref('int_beneficiary') }}
    where {{ in_years_to_build('reference_year') }}

),

delivery as (

    select * from {{ ref('int_delivery') }}
    where
        institution_code is not null
        and {{ in_years_to_build('reference_year') }}

),

country as (

    select geo_code from {{ ref('geographic_unit') }}
    where geo_level = 'country'

),

attributed as (

    select delivery.*
    from delivery
    inner join beneficiary
        on
            delivery.reference_year = beneficiary.reference_year
            and delivery.person_id = beneficiary.person_id
    inner join reference_year on delivery.reference_year = reference_year.reference_year

),

-- a woman who gave birth in two hospitals is one woman of the country
counted as (

    select
        reference_year,
        institution_code,
        count(*) as deliveries,
        count(distinct person_id) as women,
        count(*) filter (where delivery_type = 'caesarean') as caesareans,
        count(distinct person_id) filter (where delivery_type = 'caesarean') as caesarean_women
    from attributed
    group by grouping sets ((reference_year, institution_code), (reference_year))

),

cell as (

    select
        reference_year,
        'hospital' as geo_level,
        institution_code as geo_code,
        deliveries,
        women,
        caesareans,
        caesarean_women
    from counted
    where institution_code is not null
    union all
    select
        reference_year.reference_year,
        'country' as geo_level,
        country.geo_code,
        coalesce(counted.deliveries, 0) as deliveries,
        coalesce(counted.women, 0) as women,
        coalesce(counted.caesareans, 0) as caesareans,
        coalesce(counted.caesarean_women, 0) as caesarean_women
    from reference_year
    cross join country
    left join counted
        on
            reference_year.reference_year = counted.reference_year
            and counted.institution_code is null

)

select * from cell
