-- One row is a municipality of the published vintage (or '' for an unknown address) and one geographic unit that it belongs to, itself included.
-- A person without a known address counts at the Belgian level only (card).

with unit as (

    select * from {{ ref('geographic_unit') }}
    where geo_level <> 'statistical_sector'

),

municipality as (

    select * from unit
    where geo_level = 'municipality'

),

belonging as (

    select
        geo_code as municipality_code,
        geo_level,
        geo_code
    from municipality
    union all
    select
        geo_code as municipality_code,
        'arrondissement' as geo_level,
        arrondissement_code as geo_code
    from municipality
    union all
    select
        geo_code as municipality_code,
        'province' as geo_level,
        province_code as geo_code
    from municipality
    union all
    select
        geo_code as municipality_code,
        'region' as geo_level,
        region_code as geo_code
    from municipality
    union all
    select
        municipality.geo_code as municipality_code,
        country.geo_level,
        country.geo_code
    from municipality
    cross join unit as country
    where country.geo_level = 'country'
    union all
    select
        '' as municipality_code,
        geo_level,
        geo_code
    from unit
    where geo_level = 'country'

)

select * from belonging
