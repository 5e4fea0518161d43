-- One row is a delivery and a type of prenatal act with at least one act in its window. An act belongs to the woman's next delivery on or after
-- its date, never to two. No window is longer than a year, so that the claims and deliveries of a year and the one before decide.
{{ config(materialized = 'yearly', meta = {'input': 'both', 'carries_forward': true}, tags = ['person_level']) }}

with claim_line as (

    select * from {{ ref('int_perinatal_claim') }}
    where
        {{ in_years_to_build('reference_year') }}
        or {{ in_years_to_build('reference_year + 1') }}

),

delivery as (

    select * from {{ ref('int_delivery') }}
    where
        {{ in_years_to_build('reference_year') }}
        or {{ in_years_to_build('reference_year + 1') }}

),

reference_year as (

    select * from {{ ref('int_reference_year') }}
    where
        has_prenatal_lookback
        and {{ in_years_to_build('reference_year') }}

),

procedure_type as (

    select * from {{ ref('procedure_type') }}

),

-- corrections meet what they correct before anything else
act_day as (

    select
        claim_line.person_id,
        claim_line.service_date,
        procedure_type.procedure_type,
        procedure_type.window_days,
        sum(claim_line.case_count) as case_count
    from claim_line
    inner join procedure_type on claim_line.list_code = procedure_type.list_code
    group by claim_line.person_id, claim_line.service_date, procedure_type.procedure_type, procedure_type.window_days

),

longest_window as (

    select max(window_days) as window_days from procedure_type

),

-- no window is longer than the search, so a delivery further away could not take the act anyway
next_delivery as (

    select
        act_day.person_id,
        act_day.service_date,
        act_day.procedure_type,
        act_day.window_days,
        act_day.case_count,
        min(delivery.delivery_date) as delivery_date
    from act_day
    cross join longest_window
    inner join delivery
        on
            act_day.person_id = delivery.person_id
            and {{ in_prenatal_window('act_day.service_date', 'delivery.delivery_date', 'longest_window.window_days') }}
    group by act_day.person_id, act_day.service_date, act_day.procedure_type, act_day.window_days, act_day.case_count

),

in_window as (

    select
        cast(extract(year from delivery_date) as integer) as reference_year,
        person_id,
        delivery_date,
        procedure_type,
        cast(sum(case_count) as bigint) as acts
    from next_delivery
    where {{ in_prenatal_window('service_date', 'delivery_date', 'window_days') }}
    group by person_id, delivery_date, procedure_type

),

counted as (

    select in_window.*
    from in_window
    inner join reference_year on in_window.reference_year = reference_year.reference_year
    where in_window.acts >= 1

)

select * from counted
