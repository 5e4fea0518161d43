-- One row is a year, unit of residence and perinatal count: women of the count whose first year in the unit and the three-year window it is, so that the years
-- of a window add up to the different women behind its total. The unit `no_known_address` is that of women without a known address.
{{ config(materialized = 'yearly', meta = {'input': 'both', 'carries_forward': true}) }}

with beneficiary as (

    select * from {{ ref('int_beneficiary') }}
    where {{ in_window_until_years_to_build() }}

),

delivery as (

    select * from {{ ref('int_delivery') }}
    where {{ in_window_until_years_to_build() }}

),

prenatal_act as (

    select * from {{ ref('int_prenatal_act') }}
    where {{ in_window_until_years_to_build() }}

),

postnatal_care as (

    select * from {{ ref('int_postnatal_care') }}
    where {{ in_window_until_years_to_build() }}

),

unit_of_residence as (

    select
        municipality_code,
        geo_level,
        geo_code
    from {{ ref('int_unit_of_residence') }}
    union all
    select
        '' as municipality_code,
        'no_known_address' as geo_level,
        'no_known_address' as geo_code

),

counted as (

    select
        reference_year,
        person_id,
        'deliveries' as series
    from delivery
    union
    select
        reference_year,
        person_id,
        'caesareans' as series
    from delivery
    where delivery_type = 'caesarean'
    union
    select
        reference_year,
        person_id,
        'prenatal_acts' as series
    from prenatal_act
    union
    select
        reference_year,
        person_id,
        'no_postnatal_midwife' as series
    from postnatal_care
    where not has_midwife_contact

),

placed as (

    {{ at_residence('counted', [], families().perinatal.scheme, ['counted.person_id', 'counted.series']) }}

),

first_in_unit as (

    select
        placed.series,
        unit_of_residence.geo_level,
        unit_of_residence.geo_code,
        placed.person_id,
        min(placed.reference_year) as reference_year
    from placed
    inner join unit_of_residence on coalesce(placed.municipality_code, '') = unit_of_residence.municipality_code
    group by
        {{ first_year_of_window('placed.reference_year') }},
        placed.series,
        unit_of_residence.geo_level,
        unit_of_residence.geo_code,
        placed.person_id

),

woman as (

    select
        reference_year,
        series,
        geo_level,
        geo_code,
        count(*) as women
    from first_in_unit
    where {{ in_years_to_build('reference_year') }}
    group by reference_year, series, geo_level, geo_code

)

select * from woman
