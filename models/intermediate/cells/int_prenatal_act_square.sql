-- One row is a year and a type of prenatal act (or total), over the whole country: the acts, the sum of the squares of the acts of each delivery, and the
-- women, for phi of `dispersion`.
{{ config(materialized = 'yearly', meta = {'input': 'both', 'carries_forward': true}) }}

with prenatal_act as (

    select
        reference_year,
        person_id,
        delivery_date,
        coalesce(procedure_type, 'total') as procedure_type,
        cast(sum(acts) as bigint) as acts
    from {{ ref('int_prenatal_act') }}
    where {{ in_years_to_build('reference_year') }}
    group by grouping sets ((reference_year, person_id, delivery_date, procedure_type), (reference_year, person_id, delivery_date))

),

beneficiary as (

    select
        reference_year,
        person_id
    from {{ ref('int_beneficiary') }}
    where {{ in_years_to_build('reference_year') }}

),

summed as (

    select
        prenatal_act.reference_year,
        prenatal_act.procedure_type,
        cast(sum(prenatal_act.acts) as bigint) as acts,
        cast(sum(prenatal_act.acts * prenatal_act.acts) as bigint) as acts_squared,
        count(distinct prenatal_act.person_id) as act_women
    from prenatal_act
    inner join beneficiary
        on
            prenatal_act.reference_year = beneficiary.reference_year
            and prenatal_act.person_id = beneficiary.person_id
    group by prenatal_act.reference_year, prenatal_act.procedure_type

)

select * from summed
