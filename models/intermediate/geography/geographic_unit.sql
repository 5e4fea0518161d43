-- One row is a geographic unit of the published vintage: country, region, province, arrondissement, municipality or statistical sector.
-- Published as it is (schema reference); it is in this folder because the cells need it too.
{{ config(schema = 'reference', group = 'atlas', access = 'public', persist_docs = {'relation': true, 'columns': true}) }}

with municipality as (

    select * from {{ ref('geo_municipality') }}
    where {{ vintage_day() }} between valid_from and valid_to

),

-- an arrondissement as it was on the day of the vintage: a code may have been used in several periods
arrondissement as (

    select * from {{ ref('geo_arrondissement') }}
    where {{ vintage_day() }} between valid_from and valid_to

),

province as (

    select * from {{ ref('geo_province') }}

),

region as (

    select * from {{ ref('geo_region') }}

),

sector as (

    select * from {{ ref('geo_sector') }}

),

sector_municipality as (

    select * from {{ ref('int_sector_municipality') }}

),

nuts as (

    select * from {{ ref('geo_nuts') }}
    where municipality_vintage = '{{ var('geography_vintage') }}'

),

-- a municipality is in one NUTS 3 region; an arrondissement may hold several (Verviers), and then has none of its own
arrondissement_nuts as (

    select
        municipality.arrondissement_nis,
        case when min(nuts.nuts3_code) = max(nuts.nuts3_code) then min(nuts.nuts3_code) end as nuts3_code
    from municipality
    left join nuts on municipality.nis_code = nuts.nis_code
    group by municipality.arrondissement_nis

),

country_unit as (

    select
        'country' as geo_level,
        nis_code as geo_code,
        cast(null as string) as parent_code,
        name_nl,
        name_fr,
        name_de,
        nuts1_code as nuts_code,
        cast(null as string) as region_code,
        cast(null as string) as province_code,
        cast(null as string) as arrondissement_code,
        cast(null as string) as municipality_code
    from region
    where level = 'country'

),

region_unit as (

    select
        'region' as geo_level,
        nis_code as geo_code,
        parent_nis as parent_code,
        name_nl,
        name_fr,
        name_de,
        nuts1_code as nuts_code,
        nis_code as region_code,
        cast(null as string) as province_code,
        cast(null as string) as arrondissement_code,
        cast(null as string) as municipality_code
    from region
    where level = 'region'

),

province_unit as (

    select
        'province' as geo_level,
        nis_code as geo_code,
        region_nis as parent_code,
        name_nl,
        name_fr,
        name_de,
        nuts2_code as nuts_code,
        region_nis as region_code,
        nis_code as province_code,
        cast(null as string) as arrondissement_code,
        cast(null as string) as municipality_code
    from province

),

arrondissement_unit as (

    select
        'arrondissement' as geo_level,
        arrondissement.nis_code as geo_code,
        arrondissement.province_nis as parent_code,
        arrondissement.name_nl,
        arrondissement.name_fr,
        arrondissement.name_de,
        arrondissement_nuts.nuts3_code as nuts_code,
        arrondissement.region_nis as region_code,
        arrondissement.province_nis as province_code,
        arrondissement.nis_code as arrondissement_code,
        cast(null as string) as municipality_code
    from arrondissement
    inner join arrondissement_nuts on arrondissement.nis_code = arrondissement_nuts.arrondissement_nis

),

municipality_unit as (

    select
        'municipality' as geo_level,
        municipality.nis_code as geo_code,
        municipality.arrondissement_nis as parent_code,
        municipality.name_nl,
        municipality.name_fr,
        municipality.name_de,
        nuts.nuts3_code as nuts_code,
        municipality.region_nis as region_code,
        municipality.province_nis as province_code,
        municipality.arrondissement_nis as arrondissement_code,
        municipality.nis_code as municipality_code
    from municipality
    left join nuts on municipality.nis_code = nuts.nis_code

),

sector_unit as (

    select
        'statistical_sector' as geo_level,
        sector.sector_code as geo_code,
        sector_municipality.municipality_code as parent_code,
        sector.name_nl,
        coalesce(sector.name_fr, sector.name_nl) as name_fr,
        cast(null as string) as name_de,
        municipality_unit.nuts_code,
        municipality_unit.region_code,
        municipality_unit.province_code,
        municipality_unit.arrondissement_code,
        municipality_unit.municipality_code
    from sector
    inner join sector_municipality on sector.sector_code = sector_municipality.sector_code
    inner join municipality_unit on sector_municipality.municipality_code = municipality_unit.geo_code

),

unit as (

    select * from country_unit
    union all
    select * from region_unit
    union all
    select * from province_unit
    union all
    select * from arrondissement_unit
    union all
    select * from municipality_unit
    union all
    select * from sector_unit

),

level as (

    {{ rows_of(geographic_levels()) }}

),

with_parent as (

    select
        unit.geo_level,
        unit.geo_code,
        level.parent as parent_level,
        unit.parent_code,
        unit.name_nl,
        unit.name_fr,
        unit.name_de,
        unit.nuts_code,
        unit.region_code,
        unit.province_code,
        unit.arrondissement_code,
        unit.municipality_code
    from unit
    inner join level on unit.geo_level = level.level

)

select * from with_parent
