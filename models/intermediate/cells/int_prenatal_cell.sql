-- One row is a year, unit of residence, combination of the filters of the perinatal family and type of prenatal act (totals included): acts and the
-- women who had at least one, before suppression, with the squares that phi of `dispersion` is made of. Complete from country to municipality, for years
-- whose look-back is complete.
{{ config(materialized = 'yearly', meta = {'input': 'both', 'carries_forward': true}) }}

{%- set filters = family_filters('perinatal') %}

with reference_year as (

    select * from {{ ref('int_reference_year') }}
    where
        has_prenatal_lookback
        and {{ in_years_to_build('reference_year') }}

),

beneficiary as (

    select * from {{ ref('int_beneficiary') }}
    where {{ in_years_to_build('reference_year') }}

),

prenatal_act as (

    select * from {{ ref('int_prenatal_act') }}
    where {{ in_years_to_build('reference_year') }}

),

unit_of_residence as (

    select * from {{ ref('int_unit_of_residence') }}

),

delivery_cell as (

    select * from {{ ref('int_delivery_cell') }}
    where {{ in_years_to_build('reference_year') }}

),

procedure_value as (

    {{ filter_values('procedure_type') }}

),

-- a woman with acts of two types is one woman in the total: the total is made here, not by adding up
delivery as (

    select
        reference_year,
        person_id,
        delivery_date,
        coalesce(procedure_type, 'total') as procedure_type,
        cast(sum(acts) as bigint) as acts
    from prenatal_act
    group by grouping sets ((reference_year, person_id, delivery_date, procedure_type), (reference_year, person_id, delivery_date))

),

woman as (

    select
        reference_year,
        person_id,
        procedure_type,
        cast(sum(acts) as bigint) as acts,
        cast(sum(acts * acts) as bigint) as acts_squared
    from delivery
    group by reference_year, person_id, procedure_type

),

placed as (

    {{ at_residence('woman', filters, families().perinatal.scheme, ['woman.procedure_type', 'woman.acts', 'woman.acts_squared', '1 as act_women']) }}

),

rolled as (

    {{ roll_up('placed', ['procedure_type'], filters, ['acts', 'acts_squared', 'act_women'], 'unit_of_residence') }}

),

cell as (

    select
        delivery_cell.reference_year,
        delivery_cell.geo_level,
        delivery_cell.geo_code,
        {{ columns_of(filters, 'delivery_cell') }}
        procedure_value.procedure_type,
        coalesce(rolled.acts, 0) as acts,
        coalesce(rolled.acts_squared, 0) as acts_squared,
        coalesce(rolled.act_women, 0) as act_women
    from delivery_cell
    inner join reference_year on delivery_cell.reference_year = reference_year.reference_year
    cross join procedure_value
    left join rolled
        on
            {{ is_same_cell('delivery_cell', 'rolled', filters) }}
            and procedure_value.procedure_type = rolled.procedure_type

)

select * from cell
