-- The published list of units is the geography of the vintage: every municipality of it, every parent one level up, the same ancestors as the parent,
-- a name (some sectors have none in the official list). How many there must be is tested on the seeds.

with unit as (

    select * from {{ ref('geographic_unit') }}

),

municipality as (

    select * from {{ ref('geo_municipality') }}
    where in_{{ var('geography_vintage') }}

),

-- the level above each level; null has none above
ladder as (

    {% for level, parent in [
        ('country', none),
        ('region', 'country'),
        ('province', 'region'),
        ('arrondissement', 'province'),
        ('municipality', 'arrondissement'),
        ('statistical_sector', 'municipality'),
    ] %}
        select
            '{{ level }}' as geo_level,
            {{ "'" ~ parent ~ "'" if parent else 'cast(null as varchar)' }} as parent_level
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

placed as (

    select
        unit.geo_level || ' ' || unit.geo_code as item,
        case
            when ladder.geo_level is null then 'the level does not exist'
            when coalesce(unit.parent_level, '') <> coalesce(ladder.parent_level, '') then 'its parent is not one level up'
            when unit.parent_level is not null and parent.geo_code is null then 'its parent ' || coalesce(unit.parent_code, 'null') || ' is not there'
            when parent.region_code <> unit.region_code or parent.province_code <> unit.province_code or parent.arrondissement_code <> unit.arrondissement_code
                then 'it lies elsewhere than its parent'
            when unit.geo_level <> 'statistical_sector' and (unit.name_nl is null or unit.name_fr is null) then 'it has no name'
        end as failure_reason
    from unit
    left join ladder on unit.geo_level = ladder.geo_level
    left join unit as parent
        on
            unit.parent_level = parent.geo_level
            and unit.parent_code = parent.geo_code

),

-- every level of the seed's municipalities, in the unit list and in the seed
of_vintage as (

    {% for level, column in [
        ('region', 'region_nis'),
        ('province', 'province_nis'),
        ('arrondissement', 'arrondissement_nis'),
        ('municipality', 'nis_code'),
    ] %}
        select distinct
            '{{ level }}' as geo_level,
            {{ column }} as geo_code
        from municipality
        union all
    {% endfor %}
    select
        'country' as geo_level,
        '01000' as geo_code

),

covered as (

    select
        coalesce(unit.geo_level, of_vintage.geo_level) || ' ' || coalesce(unit.geo_code, of_vintage.geo_code) as item,
        case
            when unit.geo_code is null then 'the vintage has it, geographic_unit does not'
            when of_vintage.geo_code is null and unit.geo_level <> 'statistical_sector' then 'the vintage does not have it'
        end as failure_reason
    from unit
    full outer join of_vintage
        on
            unit.geo_level = of_vintage.geo_level
            and unit.geo_code = of_vintage.geo_code

),

failure as (

    select * from placed
    union all
    select * from covered

)

select * from failure
where failure_reason is not null
