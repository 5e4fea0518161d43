-- One row is a year, a hospital (or the country) and a type of prenatal act (or total): acts before deliveries in that hospital and the women who had
-- at least one, before suppression, for years whose look-back is complete.
{{ config(materialized = 'yearly', meta = {'input': 'both', 'carries_forward': true}) }}

with reference_year as (

    select * from {{ ref('int_reference_year') }}
    where
        has_prenatal_lookback
        and {{ in_years_to_build('reference_year') }}

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
    where institution_code is not null

),

prenatal_act as (

    select * from {{ ref('int_prenatal_act') }}
    where {{ in_years_to_build('reference_year') }}

),

hospital_cell as (

    select * from {{ ref('int_hospital_delivery_cell') }}
    where {{ in_years_to_build('reference_year') }}

),

procedure_value as (

    {{ filter_values('procedure_type') }}

),

attributed as (

    select
        prenatal_act.reference_year,
        prenatal_act.person_id,
        prenatal_act.procedure_type,
        prenatal_act.acts,
        delivery.institution_code
    from prenatal_act
    inner join delivery
        on
            prenatal_act.person_id = delivery.person_id
            and prenatal_act.delivery_date = delivery.delivery_date
    inner join beneficiary
        on
            prenatal_act.reference_year = beneficiary.reference_year
            and prenatal_act.person_id = beneficiary.person_id

),

counted as (

    select
        reference_year,
        case when grouping(institution_code) = 1 then 'country' else 'hospital' end as geo_level,
        institution_code,
        coalesce(procedure_type, 'total') as procedure_type,
        cast(sum(acts) as bigint) as acts,
        count(distinct person_id) as act_women
    from attributed
    group by
        reference_year,
        cube (institution_code, procedure_type)

),

cell as (

    select
        hospital_cell.reference_year,
        hospital_cell.geo_level,
        hospital_cell.geo_code,
        procedure_value.procedure_type,
        coalesce(counted.acts, 0) as acts,
        coalesce(counted.act_women, 0) as act_women
    from hospital_cell
    inner join reference_year on hospital_cell.reference_year = reference_year.reference_year
    cross join procedure_value
    left join counted
        on
            hospital_cell.reference_year = counted.reference_year
            and hospital_cell.geo_level = counted.geo_level
            and (hospital_cell.geo_level = 'country' or hospital_cell.geo_code = counted.institution_code)
            and procedure_value.procedure_type = counted.procedure_type

)

select * from cell
