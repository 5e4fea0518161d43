-- one row is one geographic level of the published tables

{{ config(alias='geo_level') }}

with labels as (
    {{ labels_of('geo_level', 'geo_level') }}
)

select * from labels
