-- The geography of every vintage is complete: counts, parents that exist at that date, a crosswalk from each vintage exactly onto the next, sectors,
-- NUTS regions, and residence codes that mean one thing.

{%- set vintages = geography_vintages() %}

with municipality as (

    select * from {{ ref('geo_municipality') }}

),

arrondissement as (

    select * from {{ ref('geo_arrondissement') }}

),

province as (

    select * from {{ ref('geo_province') }}

),

region as (

    select * from {{ ref('geo_region') }}

),

crosswalk as (

    select * from {{ ref('geo_crosswalk') }}

),

sector as (

    select * from {{ ref('geo_sector') }}

),

nuts as (

    select * from {{ ref('geo_nuts') }}

),

residence_code as (

    select
        *,
        coalesce(code_from, -999999999) as first_code,
        coalesce(code_to, 999999999) as last_code
    from {{ ref('residence_code') }}

),

municipality_in_vintage as (

    {% for vintage in vintages -%}
        select '{{ vintage.vintage }}' as vintage, date '{{ vintage.day }}' as day, municipality.*
        from municipality
        where date '{{ vintage.day }}' between municipality.valid_from and municipality.valid_to
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

counted as (

    select
        vintage,
        count(*) as municipalities,
        count(distinct nis_code) as codes,
        count(distinct arrondissement_nis) as arrondissements,
        count(distinct province_nis) as provinces,
        count(distinct region_nis) as regions,
        count(distinct province_nis) filter (where region_nis = '04000' and province_nis = '21000') as brussels_provinces
    from municipality_in_vintage
    group by vintage

),

expected_count as (

    {% for vintage in vintages -%}
        select '{{ vintage.vintage }}' as vintage, {{ vintage.municipalities }} as municipalities
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

whole_vintage as (

    select
        'vintage ' || expected_count.vintage as item,
        case
            when counted.codes is null or counted.codes <> expected_count.municipalities or counted.municipalities <> counted.codes
                then 'it has ' || coalesce(counted.municipalities, 0) || ' municipalities, not ' || expected_count.municipalities
            when counted.arrondissements <> 43 then 'it has ' || counted.arrondissements || ' arrondissements, not 43'
            when counted.provinces <> 11 or counted.brussels_provinces <> 1
                then 'it has ' || counted.provinces || ' provinces, not 10 and 21000 for Brussels'
            when counted.regions <> 3 then 'it has ' || counted.regions || ' regions, not 3'
        end as failure_reason
    from expected_count
    left join counted on expected_count.vintage = counted.vintage

),

parented as (

    select
        'municipality ' || municipality.nis_code || ' of ' || municipality.vintage as item,
        case
            when count(arrondissement.nis_code) <> 1
                then count(arrondissement.nis_code) || ' rows for its arrondissement on ' || municipality.day
            when min(arrondissement.province_nis) <> municipality.province_nis then 'its province is not that of its arrondissement'
            when min(arrondissement.region_nis) <> municipality.region_nis then 'its region is not that of its arrondissement'
            when count(province.nis_code) <> 1 then 'its province ' || municipality.province_nis || ' did not exist on ' || municipality.day
            when min(province.region_nis) <> municipality.region_nis then 'its region is not that of its province'
            when count(region.nis_code) <> 1 then 'its region ' || municipality.region_nis || ' did not exist on ' || municipality.day
            when min(region.parent_nis) <> '01000' then 'its region is not in Belgium (01000)'
        end as failure_reason
    from municipality_in_vintage as municipality
    left join arrondissement
        on
            municipality.arrondissement_nis = arrondissement.nis_code
            and municipality.day between arrondissement.valid_from and arrondissement.valid_to
    left join province
        on
            municipality.province_nis = province.nis_code
            and municipality.day between province.valid_from and province.valid_to
    left join region
        on
            municipality.region_nis = region.nis_code
            and region.level = 'region'
            and municipality.day between region.valid_from and region.valid_to
    group by
        municipality.vintage,
        municipality.day,
        municipality.nis_code,
        municipality.arrondissement_nis,
        municipality.province_nis,
        municipality.region_nis

),

-- a code without a step keeps its value
carried as (

    {% for vintage in vintages[1:] -%}
        {%- set previous = vintages[loop.index0] -%}
        select
            '{{ vintage.vintage }}' as vintage,
            municipality.nis_code as old_nis,
            coalesce(step.new_nis, municipality.nis_code) as new_nis
        from municipality
        left join crosswalk as step
            on
                municipality.nis_code = step.old_nis
                and step.effective_date > date '{{ previous.day }}'
                and step.effective_date <= date '{{ vintage.day }}'
        where date '{{ previous.day }}' between municipality.valid_from and municipality.valid_to
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

later_municipality as (

    select * from municipality_in_vintage
    where vintage <> '{{ vintages[0].vintage }}'

),

mapped_onto_next as (

    select
        'crosswalk to ' || coalesce(later_municipality.vintage, carried.vintage) as item,
        case
            when later_municipality.nis_code is null then carried.old_nis || ' is carried onto ' || carried.new_nis || ', which is not in the vintage'
            when carried.new_nis is null then 'nothing is carried onto ' || later_municipality.nis_code
        end as failure_reason
    from carried
    full outer join later_municipality
        on
            carried.vintage = later_municipality.vintage
            and carried.new_nis = later_municipality.nis_code

),

carried_once as (

    select
        'crosswalk to ' || vintage as item,
        old_nis || ' is carried onto ' || count(*) || ' municipalities' as failure_reason
    from carried
    group by vintage, old_nis
    having count(*) > 1

),

placed_sector as (

    select
        'sector ' || sector.sector_code as item,
        case
            when sector.nis_2011 is null and sector.nis_2021 is null then 'it is in no list'
            when sector.nis_2011 is not null and in_2011.nis_code is null then 'its municipality of 2011, ' || sector.nis_2011 || ', is unknown'
            when sector.nis_2021 is not null and in_2021.nis_code is null then 'its municipality of 2021, ' || sector.nis_2021 || ', is unknown'
            when length(sector.sector_code) <> 9 then 'a sector has nine characters'
            when count(*) over (partition by sector.sector_code) > 1 then 'duplicate sector'
        end as failure_reason
    from sector
    left join municipality as in_2011 on sector.nis_2011 = in_2011.nis_code
    left join municipality as in_2021 on sector.nis_2021 = in_2021.nis_code

),

in_nuts as (

    select
        'NUTS of ' || municipality.nis_code || ' of ' || municipality.vintage as item,
        case
            when count(nuts.nis_code) <> 1 then count(nuts.nis_code) || ' rows in geo_nuts, not one'
            when min(nuts.nuts2_code) <> min(left(nuts.nuts3_code, 4)) or min(nuts.nuts1_code) <> min(left(nuts.nuts3_code, 3))
                then 'its NUTS 3, 2 and 1 codes do not start with each other'
        end as failure_reason
    from municipality_in_vintage as municipality
    left join nuts
        on
            municipality.vintage = nuts.municipality_vintage
            and municipality.nis_code = nuts.nis_code
    group by municipality.vintage, municipality.nis_code

),

one_meaning as (

    select
        'residence codes from ' || residence_code.first_code || ' to ' || residence_code.last_code as item,
        case
            when residence_code.meaning not in ('unknown', 'abroad') or residence_code.meaning is null then 'it means neither unknown nor abroad'
            when residence_code.first_code > residence_code.last_code then 'the range ends before it begins'
            when other.meaning is not null then 'it overlaps with the range that begins with ' || other.first_code
            when municipality.nis_code is not null then 'it holds the municipality ' || municipality.nis_code
        end as failure_reason
    from residence_code
    left join residence_code as other
        on
            residence_code.first_code < other.first_code
            and residence_code.last_code >= other.first_code
    left join municipality
        on cast(municipality.nis_code as integer) between residence_code.first_code and residence_code.last_code

),

failure as (

    select * from whole_vintage
    union all
    select * from parented
    union all
    select * from mapped_onto_next
    union all
    select * from carried_once
    union all
    select * from placed_sector
    union all
    select * from in_nuts
    union all
    select * from one_meaning

)

select * from failure
where failure_reason is not null
