-- One row is a delivery, with whether a midwife saw the woman in the postnatal window (days after the delivery, inferred). A contact counts for every
-- delivery in whose window it is. Inpatient care of midwives is in the budget of the hospital: only records without an institution count.
{{ config(materialized = 'yearly', meta = {'input': 'both', 'carries_forward': true}, tags = ['person_level']) }}

with claim_line as (

    select * from {{ ref('int_perinatal_claim') }}
    where
        list_code = '{{ variables().no_postnatal_midwife.list_code }}'
        and institution_code is null
        and (
            {{ in_years_to_build('reference_year') }}
            or {{ in_years_to_build('reference_year - 1') }}
        )

),

delivery as (

    select * from {{ ref('int_delivery') }}
    where {{ in_years_to_build('reference_year') }}

),

reference_year as (

    select * from {{ ref('int_postnatal_lookahead') }}
    where
        has_postnatal_lookahead
        and {{ in_years_to_build('reference_year') }}

),

-- corrections meet what they correct before anything else
contact as (

    select
        person_id,
        service_date
    from claim_line
    group by person_id, service_date, nomenclature_code
    having sum(case_count) > 0

),

followed as (

    select
        delivery.reference_year,
        delivery.person_id,
        delivery.delivery_date,
        count(contact.service_date) > 0 as has_midwife_contact
    from delivery
    inner join reference_year on delivery.reference_year = reference_year.reference_year
    left join contact
        on
            delivery.person_id = contact.person_id
            and {{ in_postnatal_window('delivery.delivery_date', 'contact.service_date') }}
    group by delivery.reference_year, delivery.person_id, delivery.delivery_date

)

select * from followed
