-- Question: what do I join to the shapes of a map, to show interventional acts under imaging by municipality?
-- How to read: one row a municipality of the published vintage and year, suppressed ones included, so that a map can hatch them instead of leaving a hole.
-- Join `nis_code` (text, five digits) to Statbel's municipalities or `nuts3_code` to Eurostat's regions; the shapes must be of the same vintage as the
-- release (table `release`). `quintile` puts the visible municipalities of a year into five groups, 5 the
-- highest; equal values (the many places with 0) share a group, so that a group may have no municipality.

with interventional as (

    select * from {{ ref('stat_013_023') }}
    where geo_level = 'municipality'

),

geographic_unit as (

    select * from {{ ref('geographic_unit') }}
    where geo_level = 'municipality'

),

-- suppressed places form a partition of their own, so that they take no place in a quintile; equal values share one
grouped as (

    select
        *,
        case
            when status = 'published'
                then least(5, 1 + cast(floor(5 * percent_rank() over (partition by reference_year, status order by value)) as integer))
        end as quintile
    from interventional

),

mapped as (

    select
        grouped.reference_year,
        grouped.geo_code as nis_code,
        geographic_unit.name_nl,
        geographic_unit.name_fr,
        geographic_unit.name_de,
        geographic_unit.arrondissement_code,
        geographic_unit.province_code,
        geographic_unit.region_code,
        geographic_unit.nuts_code as nuts3_code,
        grouped.value as share,
        grouped.status,
        grouped.quintile
    from grouped
    inner join geographic_unit on grouped.geo_code = geographic_unit.geo_code

)

select * from mapped
order by reference_year, nis_code
