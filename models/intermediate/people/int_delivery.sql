-- One row is a delivery: its first day, with the type and the hospital of that day. All women of the claims, beneficiaries or not.
-- Whether a day is the first depends on the claims of the days before, so that the claims of the year before are read too.
{{ config(materialized = 'yearly', meta = {'input': 'claims', 'carries_forward': true}, tags = ['person_level']) }}

with claim_line as (

    select * from {{ ref('int_perinatal_claim') }}
    where
        {{ in_years_to_build('reference_year') }}
        or {{ in_years_to_build('reference_year + 1') }}

),

delivery_type as (

    select * from {{ ref('delivery_type') }}

),

-- a delivery claim: net cases per person, date and code above 0 (card)
claim as (

    select
        claim_line.person_id,
        claim_line.service_date,
        claim_line.nomenclature_code,
        delivery_type.delivery_type,
        delivery_type.priority,
        min_by(
            claim_line.institution_code,
            lpad(claim_line.institution_code, 30, '0') || '|' || claim_line.institution_code
        ) as institution_code
    from claim_line
    inner join delivery_type on claim_line.list_code = delivery_type.list_code
    group by
        claim_line.person_id,
        claim_line.service_date,
        claim_line.nomenclature_code,
        delivery_type.delivery_type,
        delivery_type.priority
    having sum(claim_line.case_count) > 0

),

-- one type a day, by the card's priority: caesarean, vaginal in hospital, home
ranked as (

    select
        *,
        min(priority) over (partition by person_id, service_date) as first_priority
    from claim

),

-- the hospital is that of the kept type; the smallest number if there are several
delivery_day as (

    select
        person_id,
        service_date,
        min(delivery_type) as delivery_type,
        min_by(
            institution_code,
            lpad(institution_code, 30, '0') || '|' || institution_code
        ) as institution_code
    from ranked
    where priority = first_priority
    group by person_id, service_date

),

first_day as (

    {{ first_delivery_days('delivery_day', var('delivery_gap_days')) }}

),

delivery as (

    select
        cast(extract(year from service_date) as integer) as reference_year,
        person_id,
        service_date as delivery_date,
        delivery_type,
        institution_code
    from first_day
    where {{ in_years_to_build('extract(year from service_date)') }}

)

select * from delivery
