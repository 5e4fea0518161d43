-- One row is a year, unit of residence, age class and right to increased reimbursement (totals included): deliveries, caesareans and the women behind
-- them, unmasked. Complete from country to municipality.
{{ config(materialized = 'yearly', input = 'both', carries_forward = true) }}

with reference_year as (

    select * from {{ ref('int_reference_year') }}
    where {{ in_years_to_build('reference_year') }}

),

beneficiary as (

    select * from {{ ref('int_beneficiary') }}
    where {{ in_years_to_build('reference_year') }}

),

delivery as (

    select * from {{ ref('int_delivery') }}

),

unit_of_residence as (

    select * from {{ ref('int_unit_of_residence') }}

),

geographic_unit as (

    select * from {{ ref('geographic_unit') }}
    where geo_level <> 'statistical_sector'

),

age_value as (

    {{ filter_values('age_category', 'maternal') }}

),

increased_reimbursement_value as (

    {{ filter_values('increased_reimbursement') }}

),

woman as (

    select
        reference_year,
        person_id,
        count(*) as deliveries,
        count(*) filter (where delivery_type = 'caesarean') as caesareans
    from delivery
    group by reference_year, person_id

),

-- residence, age and increased reimbursement are one a year: women add up over units and filters as deliveries do
placed as (

    select
        woman.reference_year,
        beneficiary.municipality_code,
        beneficiary.increased_reimbursement,
        age.age_category,
        woman.deliveries,
        woman.caesareans,
        1 as women,
        case when woman.caesareans > 0 then 1 else 0 end as caesarean_women
    from woman
    inner join reference_year on woman.reference_year = reference_year.reference_year
    inner join beneficiary
        on
            woman.reference_year = beneficiary.reference_year
            and woman.person_id = beneficiary.person_id
    {{ join_age_category('beneficiary.age', 'maternal', 'age') }}

),

rolled as (

    {{ roll_up('placed', [], ['age_category', 'increased_reimbursement'], ['deliveries', 'women', 'caesareans', 'caesarean_women'], 'unit_of_residence') }}

),

grid as (

    select
        reference_year.reference_year,
        geographic_unit.geo_level,
        geographic_unit.geo_code,
        age_value.age_category,
        increased_reimbursement_value.increased_reimbursement
    from reference_year
    cross join geographic_unit
    cross join age_value
    cross join increased_reimbursement_value

),

cell as (

    select
        grid.reference_year,
        grid.geo_level,
        grid.geo_code,
        grid.age_category,
        grid.increased_reimbursement,
        coalesce(rolled.deliveries, 0) as deliveries,
        coalesce(rolled.women, 0) as women,
        coalesce(rolled.caesareans, 0) as caesareans,
        coalesce(rolled.caesarean_women, 0) as caesarean_women
    from grid
    left join rolled
        on
            grid.reference_year = rolled.reference_year
            and grid.geo_level = rolled.geo_level
            and grid.geo_code = rolled.geo_code
            and grid.age_category = rolled.age_category
            and grid.increased_reimbursement = rolled.increased_reimbursement

)

select * from cell
