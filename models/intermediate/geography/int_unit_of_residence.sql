-- One row is a municipality of the published vintage (or '' for an unknown address) and one geographic unit that contains it, itself included.
-- A person without a known address counts at the Belgian level only (card).

with unit as (

    select * from {{ ref('geographic_unit') }}

),

municipality as (

    select * from unit
    where geo_level = 'municipality'

),

country as (

    select * from unit
    where geo_level = 'country'

),

belonging as (

    {% for level in levels_of_municipality() if level != 'country' %}
        select
            geo_code as municipality_code,
            '{{ level }}' as geo_level,
            {{ level }}_code as geo_code
        from municipality
        union all
    {% endfor %}
    select
        municipality.geo_code as municipality_code,
        country.geo_level,
        country.geo_code
    from municipality
    cross join country
    union all
    select
        '' as municipality_code,
        geo_level,
        geo_code
    from country

)

select * from belonging
