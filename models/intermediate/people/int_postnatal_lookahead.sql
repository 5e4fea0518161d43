-- One row is a reference year, with whether the claims of the year after cover the postnatal window of its last deliveries: a perinatal claim on or after the
-- last day of the window of a delivery on 31 December shows that they were not extracted before that day.
{{ config(materialized = 'yearly', post_hook = "{{ log_cut_lookahead() }}", meta = {'input': 'both', 'carries_forward': true}) }}

with reference_year as (

    select * from {{ ref('int_reference_year') }}
    where {{ in_years_to_build('reference_year') }}

),

-- the number of the day in its year is the number of days after 31 December
later_claim as (

    select distinct reference_year - 1 as reference_year
    from {{ ref('int_perinatal_claim') }}
    where
        {{ in_years_to_build('reference_year - 1') }}
        and extract(doy from service_date) >= {{ var('last_postnatal_day') }}

),

judged as (

    select
        reference_year.reference_year,
        reference_year.has_claims_of_next_year,
        reference_year.has_claims_of_next_year and later_claim.reference_year is not null as has_postnatal_lookahead
    from reference_year
    left join later_claim on reference_year.reference_year = later_claim.reference_year

)

select * from judged
