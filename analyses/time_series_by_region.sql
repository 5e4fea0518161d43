-- Question: is imaging by medical specialists growing, and does it grow everywhere?
-- How to read: one row a region (or Belgium) and year: the share of beneficiaries with at least one examination, its change since the year before and
-- since the first year, in percentage points. Belgium also holds people without a known address, so its share need not be between those of the
-- regions to the last decimal. All years use one list of municipalities: no break at a merger.

with imaging as (

    select * from {{ ref('stat_013_007') }}
    where geo_level in ('country', 'region')

),

geographic_unit as (

    select * from {{ ref('geographic_unit') }}

),

named as (

    select
        imaging.geo_level,
        imaging.geo_code,
        geographic_unit.name_nl,
        geographic_unit.name_fr,
        imaging.reference_year,
        imaging.value as share,
        imaging.status
    from imaging
    inner join geographic_unit
        on
            imaging.geo_level = geographic_unit.geo_level
            and imaging.geo_code = geographic_unit.geo_code

),

compared as (

    select
        *,
        share - lag(share) over (partition by geo_level, geo_code order by reference_year) as change_since_year_before,
        share - first_value(share) over (partition by geo_level, geo_code order by reference_year) as change_since_first_year
    from named

)

select * from compared
order by geo_level, geo_code, reference_year
