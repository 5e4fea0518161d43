-- One row is a statistical sector of any list, with its municipality in the published vintage. Since 2019 a sector's first five digits no longer
-- identify its municipality: the lists do. A sector that is known under a younger municipality only has no row.

with sector as (

    select * from {{ ref('geo_sector') }}

),

in_vintage as (

    select * from {{ ref('int_municipality_in_vintage') }}

),

listed as (

    select
        sector_code,
        nis_2011 as nis_code
    from sector
    where nis_2011 is not null
    union all
    select
        sector_code,
        nis_2021 as nis_code
    from sector
    where nis_2021 is not null

),

mapped as (

    select
        listed.sector_code,
        min(in_vintage.municipality_code) as municipality_code
    from listed
    inner join in_vintage on listed.nis_code = in_vintage.nis_code
    where in_vintage.municipality_code is not null
    group by listed.sector_code

)

select * from mapped
