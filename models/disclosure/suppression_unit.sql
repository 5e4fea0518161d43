-- One row is a unit of the tree that the suppression walks: country to statistical sector, the hospitals below the country, and a pseudo-unit for the
-- remainder of the country and of each municipality. Numbers follow level and code.
{{ config(materialized = 'table') }}

with geographic_unit as (

    select * from {{ ref('geographic_unit') }}

),

hospital as (

    select distinct geo_code from {{ ref('protected_count') }}
    where geo_level = 'hospital'

),

level as (

    {% for level, rank in level_ranks().items() -%}
        select
            '{{ level }}' as geo_level,
            {{ rank }} as level_rank
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

unit as (

    select
        geo_level,
        geo_code,
        parent_level,
        parent_code,
        false as is_remainder
    from geographic_unit
    union all
    select distinct
        geo_level,
        parent_code || '_' || case geo_level
            {%- for level, name in remainder_levels().items() %}
                when '{{ level }}' then '{{ name }}'
            {%- endfor %}
        end as geo_code,
        parent_level,
        parent_code,
        true as is_remainder
    from geographic_unit
    where geo_level in ('{{ remainder_levels() | join("', '") }}')
    union all
    select
        'hospital' as geo_level,
        hospital.geo_code,
        geographic_unit.geo_level as parent_level,
        geographic_unit.geo_code as parent_code,
        false as is_remainder
    from hospital
    cross join geographic_unit
    where geographic_unit.geo_level = 'country'

),

numbered as (

    select
        row_number() over (order by level.level_rank, unit.geo_level, unit.geo_code) as unit_id,
        level.level_rank,
        unit.*
    from unit
    inner join level on unit.geo_level = level.geo_level

),

related as (

    select
        unit.unit_id,
        unit.geo_level,
        unit.geo_code,
        unit.level_rank,
        coalesce(parent.unit_id, 0) as parent_unit_id,
        unit.is_remainder
    from numbered as unit
    left join numbered as parent
        on
            unit.parent_level = parent.geo_level
            and unit.parent_code = parent.geo_code

)

select * from related
