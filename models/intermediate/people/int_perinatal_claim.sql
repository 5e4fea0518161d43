-- One row is a person, day, code and institution with records of a perinatal list: deliveries and prenatal acts, kept for all years, because deliveries
-- and windows look back across the turn of the year.
{{ config(materialized = 'yearly', meta = {'input': 'claims'}, tags = ['person_level']) }}

with claim as (

    select * from {{ ref('int_claim') }}
    where
        is_dated
        and {{ in_years_to_build('reference_year', day = 'service_date') }}

),

list_set as (

    select * from {{ ref('int_list_set') }}

),

code_list as (

    select * from {{ ref('int_code_list') }}

),

listed as (

    select
        list_set.list_set,
        list_set.list_code
    from list_set
    inner join code_list on list_set.list_code = code_list.list_code
    where code_list.family = 'perinatal'

),

perinatal as (

    select
        claim.reference_year,
        claim.person_id,
        claim.service_date,
        listed.list_code,
        claim.nomenclature_code,
        claim.institution_code,
        cast(sum(claim.case_count) as bigint) as case_count,
        count(*) filter (where claim.is_institution_unreadable) as unreadable_institution_lines
    from claim
    inner join listed on claim.list_set = listed.list_set
    group by
        claim.reference_year,
        claim.person_id,
        claim.service_date,
        listed.list_code,
        claim.nomenclature_code,
        claim.institution_code

)

select * from perinatal
