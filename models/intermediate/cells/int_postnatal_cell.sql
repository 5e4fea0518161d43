-- One row is a year, unit of residence and combination of the filters of the perinatal family (totals included): deliveries without a postnatal contact
-- with a midwife and the women with one, before suppression. Complete from country to municipality, for years whose look-ahead is complete.
{{ config(materialized = 'yearly', meta = {'input': 'both', 'carries_forward': true}) }}

{%- set filters = family_filters('perinatal') %}

with reference_year as (

    select * from {{ ref('int_postnatal_lookahead') }}
    where
        has_postnatal_lookahead
        and {{ in_years_to_build('reference_year') }}

),

beneficiary as (

    select * from {{ ref('int_beneficiary') }}
    where {{ in_years_to_build('reference_year') }}

),

postnatal_care as (

    select * from {{ ref('int_postnatal_care') }}
    where {{ in_years_to_build('reference_year') }}

),

unit_of_residence as (

    select * from {{ ref('int_unit_of_residence') }}

),

delivery_cell as (

    select * from {{ ref('int_delivery_cell') }}
    where {{ in_years_to_build('reference_year') }}

),

woman as (

    select
        reference_year,
        person_id,
        count(*) as deliveries_without
    from postnatal_care
    where not has_midwife_contact
    group by reference_year, person_id

),

placed as (

    {{ at_residence('woman', filters, families().perinatal.scheme, ['woman.deliveries_without', '1 as women_without']) }}

),

rolled as (

    {{ roll_up('placed', [], filters, ['deliveries_without', 'women_without'], 'unit_of_residence') }}

),

cell as (

    select
        delivery_cell.reference_year,
        delivery_cell.geo_level,
        delivery_cell.geo_code,
        {{ columns_of(filters, 'delivery_cell') }}
        coalesce(rolled.deliveries_without, 0) as deliveries_without,
        coalesce(rolled.women_without, 0) as women_without
    from delivery_cell
    inner join reference_year on delivery_cell.reference_year = reference_year.reference_year
    left join rolled
        on
            {{ is_same_cell('delivery_cell', 'rolled', filters) }}

)

select * from cell
