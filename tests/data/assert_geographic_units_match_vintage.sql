-- The published units are those of the vintage: every municipality, every parent one level up, the same ancestors as the parent, a name (some sectors
-- have none in the official list). Their numbers are tested on the seeds.

with unit as (

    select * from {{ ref('geographic_unit') }}

),

municipality as (

    select * from {{ ref('geo_municipality') }}
    where {{ vintage_day() }} between valid_from and valid_to

),

level as (

    {{ rows_of(geographic_levels()) }}

),

placed as (

    select
        unit.geo_level || ' ' || unit.geo_code as item,
        case
            when level.level is null then 'unknown level'
            when coalesce(unit.parent_level, '') <> coalesce(level.parent, '') then 'parent not one level up'
            when unit.parent_level is not null and parent.geo_code is null then 'parent ' || coalesce(unit.parent_code, 'null') || ' does not exist'
            when parent.region_code <> unit.region_code or parent.province_code <> unit.province_code or parent.arrondissement_code <> unit.arrondissement_code
                then 'other ancestors than its parent'
            when unit.geo_level <> 'statistical_sector' and (unit.name_nl is null or unit.name_fr is null) then 'no name'
        end as failure_reason
    from unit
    left join level on unit.geo_level = level.level
    left join unit as parent
        on
            unit.parent_level = parent.geo_level
            and unit.parent_code = parent.geo_code

),

-- every level of the seed's municipalities, in the unit list and in the seed
of_vintage as (

    {% for level in levels_of_municipality() if level != 'country' %}
        select distinct
            '{{ level }}' as geo_level,
            {{ 'nis_code' if level == 'municipality' else level ~ '_nis' }} as geo_code
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
            when unit.geo_code is null then 'in the vintage, missing from geographic_unit'
            when of_vintage.geo_code is null and unit.geo_level <> 'statistical_sector' then 'not in the vintage'
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
