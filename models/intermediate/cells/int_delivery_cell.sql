-- One row is a year, unit of residence and combination of the filters of the perinatal family (totals included): deliveries, caesareans and the number
-- of women with each, before suppression. Complete from country to municipality.
{{ config(materialized = 'yearly', meta = {'input': 'both', 'carries_forward': true}) }}

{%- set filters = family_filters('perinatal') %}
{%- set scheme = families().perinatal.scheme %}

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
    where {{ in_years_to_build('reference_year') }}

),

unit_of_residence as (

    select * from {{ ref('int_unit_of_residence') }}

),

geographic_unit as (

    select * from {{ ref('geographic_unit') }}
    where geo_level <> 'statistical_sector'

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

    {{ at_residence('woman', filters, scheme, [
        'woman.deliveries', 'woman.caesareans', '1 as women', 'case when woman.caesareans > 0 then 1 else 0 end as caesarean_women'
    ]) }}

),

rolled as (

    {{ roll_up('placed', [], filters, ['deliveries', 'women', 'caesareans', 'caesarean_women'], 'unit_of_residence') }}

),

grid as (

    select
        reference_year.reference_year,
        {%- for filter in filters %}
            {{ filter }}_value.{{ filter }},
        {%- endfor %}
        geographic_unit.geo_level,
        geographic_unit.geo_code
    from reference_year
    cross join geographic_unit
    {{- cross_join_filters(filters, scheme) }}

),

cell as (

    select
        grid.reference_year,
        grid.geo_level,
        grid.geo_code,
        {{ columns_of(filters, 'grid') }}
        coalesce(rolled.deliveries, 0) as deliveries,
        coalesce(rolled.women, 0) as women,
        coalesce(rolled.caesareans, 0) as caesareans,
        coalesce(rolled.caesarean_women, 0) as caesarean_women
    from grid
    left join rolled
        on
            {{ is_same_cell('grid', 'rolled', filters) }}

)

select * from cell
