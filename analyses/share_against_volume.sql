-- Question: are there more CT scans because more people are scanned, or because the same people are scanned more often?
-- How to read: one row a province and year. `patients_per_100` x `scans_per_patient` x 10 = `scans_per_1000`. The two columns `..._of_belgium` compare
-- with Belgium (1 = the same): a province may be high on one and low on the other.

with share as (

    select * from {{ ref('stat_013_013') }}
    where geo_level in ('country', 'province')

),

volume as (

    select * from {{ ref('stat_013_014') }}
    where geo_level in ('country', 'province')

),

geographic_unit as (

    select * from {{ ref('geographic_unit') }}

),

beside as (

    select
        share.reference_year,
        share.geo_level,
        share.geo_code,
        share.value as patients_per_100,
        volume.value as scans_per_1000,
        cast(volume.numerator as double) / nullif(share.numerator, 0) as scans_per_patient
    from share
    inner join volume
        on
            share.reference_year = volume.reference_year
            and share.geo_level = volume.geo_level
            and share.geo_code = volume.geo_code

),

compared as (

    select
        province.reference_year,
        province.geo_code,
        geographic_unit.name_nl,
        geographic_unit.name_fr,
        province.patients_per_100,
        province.scans_per_patient,
        province.scans_per_1000,
        province.patients_per_100 / nullif(belgium.patients_per_100, 0) as patients_of_belgium,
        province.scans_per_patient / nullif(belgium.scans_per_patient, 0) as scans_per_patient_of_belgium
    from beside as province
    inner join beside as belgium
        on
            province.reference_year = belgium.reference_year
            and belgium.geo_level = 'country'
    inner join geographic_unit
        on
            province.geo_level = geographic_unit.geo_level
            and province.geo_code = geographic_unit.geo_code
    where province.geo_level = 'province'

)

select * from compared
order by reference_year, geo_code
