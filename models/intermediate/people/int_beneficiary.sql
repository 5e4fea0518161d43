-- One row is a beneficiary of a year: a person with an accepted line on 30 June or 31 December and no domicile abroad on the date that decides.
{{ config(materialized = 'yearly', scope = 'population') }}

{{ stop_on_younger_residence_codes() }}

with entry as (

    select * from {{ ref('int_population_entry') }}
    where reject_reason is null

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

-- every residence code of the lists is judged once, not once a person
judged as (

    select
        code.residence_code,
        municipality.municipality_code,
        {{ residence_status('code.residence_code', 'municipality.residence_code', 'residence_code.meaning') }} as residence_status
    from (select distinct residence_code from entry) as code
    left join municipality on code.residence_code = municipality.residence_code
    left join residence_code
        on
            code.residence_code >= coalesce(residence_code.code_from, code.residence_code)
            and code.residence_code <= coalesce(residence_code.code_to, code.residence_code)
    where code.residence_code is not null

),

-- what a known code says in one text, the municipality or 'abroad'; a code that has no row here is unknown
residence as (

    select
        residence_code,
        case residence_status when 'abroad' then 'abroad' else municipality_code end as residence
    from judged
    where residence_status <> 'unknown'

),

placed as (

    select
        entry.reference_year,
        entry.person_id,
        entry.is_december,
        cast(entry.birth_year as smallint) as birth_year,
        entry.sector_code,
        residence.residence,
        case when {{ matches('entry.insurability_code', '[0-9]{3}') }} then right(entry.insurability_code, 1) = '1' end as has_increased_reimbursement
    from entry
    left join residence on entry.residence_code = residence.residence_code

),

-- one line of a person and date is left after staging: max() only lifts it beside the other date's
joined as (

    select
        reference_year,
        person_id,
        max(birth_year) filter (where is_december) as december_birth_year,
        max(birth_year) filter (where not is_december) as june_birth_year,
        max(residence) filter (where is_december) as december_residence,
        max(residence) filter (where not is_december) as june_residence,
        max(sector_code) filter (where is_december) as december_sector_code,
        max(sector_code) filter (where not is_december) as june_sector_code,
        bool_or(has_increased_reimbursement) filter (where is_december) as december_increased_reimbursement,
        bool_or(has_increased_reimbursement) filter (where not is_december) as june_increased_reimbursement
    from placed
    group by reference_year, person_id

),

decided as (

    select
        reference_year,
        person_id,
        cast(reference_year - coalesce(december_birth_year, june_birth_year) as integer) as age,
        coalesce(december_increased_reimbursement, june_increased_reimbursement) as has_increased_reimbursement,
        {{ december_else_june('december_residence is not null', 'december_residence', 'june_residence') }} as residence,
        {{ december_else_june('december_residence is not null', 'december_sector_code', 'june_sector_code') }} as listed_sector_code
    from joined

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
    where {{ in_years_to_build('resident.reference_year', 'population') }}

)

select * from beneficiary
