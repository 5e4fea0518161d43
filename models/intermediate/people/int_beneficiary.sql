-- One row is a beneficiary of a year: a person with an accepted record on 30 June or 31 December and no domicile abroad on the date that decides.
{{ config(materialized = 'yearly', meta = {'input': 'lists'}, tags = ['person_level']) }}

{{ stop_on_younger_residence_codes() }}

with december as (

    select
        *,
        {{ gives_increased_reimbursement('insurability_code') }} as has_increased_reimbursement
    from {{ ref('int_population_disposition') }}
    where
        reject_reason is null
        and is_december
        and {{ in_years_to_build('reference_year', day = 'reference_date') }}

),

june as (

    select
        *,
        {{ gives_increased_reimbursement('insurability_code') }} as has_increased_reimbursement
    from {{ ref('int_population_disposition') }}
    where
        reject_reason is null
        and not is_december
        and {{ in_years_to_build('reference_year', day = 'reference_date') }}

),

municipality as (

    select
        cast(nis_code as bigint) as residence_code,
        municipality_code
    from {{ ref('int_municipality_in_vintage') }}

),

residence_code as (

    select * from {{ ref('residence_code') }}

),

sector as (

    select * from {{ ref('int_sector_municipality') }}

),

-- every residence code is judged once, not once a person; one of more than five digits is nobody's
judged as (

    select
        code.residence_code,
        municipality.municipality_code,
        {{ residence_status('code.residence_code', 'municipality.residence_code', 'residence_code.meaning') }} as residence_status
    from ({{ whole_numbers(99999, 'residence_code') }}) as code
    left join municipality on code.residence_code = municipality.residence_code
    left join residence_code
        on
            code.residence_code >= coalesce(residence_code.code_from, code.residence_code)
            and code.residence_code <= coalesce(residence_code.code_to, code.residence_code)

),

-- what a known code says in one text, the municipality or 'abroad'; a code that has no row here is unknown
residence as (

    select
        residence_code,
        case residence_status when 'abroad' then 'abroad' else municipality_code end as residence
    from judged
    where residence_status <> 'unknown'

),

-- one record of a person and date is left after the duplicates
joined as (

    select
        coalesce(december.reference_year, june.reference_year) as reference_year,
        coalesce(december.person_id, june.person_id) as person_id,
        coalesce(december.birth_year, june.birth_year) as birth_year,
        coalesce(december.has_increased_reimbursement, june.has_increased_reimbursement) as has_increased_reimbursement,
        december.residence_code as december_residence_code,
        june.residence_code as june_residence_code,
        december.sector_code as december_sector_code,
        june.sector_code as june_sector_code
    from december
    full outer join june
        on
            december.reference_year = june.reference_year
            and december.person_id = june.person_id

),

-- a hint to Spark, which takes the codes of residence for many and would sort all persons by them; to DuckDB it is a comment
decided as (

    select /*+ broadcast(december_residence, june_residence) */
        joined.reference_year,
        joined.person_id,
        cast(joined.reference_year - joined.birth_year as integer) as age,
        joined.has_increased_reimbursement,
        {{ december_else_june('december_residence.residence is not null', 'december_residence.residence', 'june_residence.residence') }} as residence,
        {{ december_else_june('december_residence.residence is not null', 'joined.december_sector_code', 'joined.june_sector_code') }} as listed_sector_code
    from joined
    left join residence as december_residence on joined.december_residence_code = december_residence.residence_code
    left join residence as june_residence on joined.june_residence_code = june_residence.residence_code

),

resident as (

    select
        reference_year,
        person_id,
        age,
        has_increased_reimbursement,
        residence as municipality_code,
        listed_sector_code
    from decided
    where
        residence is null
        or residence <> 'abroad'

),

beneficiary as (

    select
        resident.reference_year,
        resident.person_id,
        resident.age,
        case when resident.has_increased_reimbursement then 'yes' else 'no' end as increased_reimbursement,
        resident.municipality_code,
        sector.sector_code,
        resident.has_increased_reimbursement is null as is_reimbursement_unknown,
        resident.listed_sector_code is not null and resident.municipality_code is not null and sector.sector_code is null as is_sector_unplaced
    from resident
    left join sector
        on
            resident.listed_sector_code = sector.sector_code
            and resident.municipality_code = sector.municipality_code

)

select * from beneficiary
