-- one row is the unit of measure of one measure: what a value of its statistics is expressed in

{{ config(alias='unit_measure') }}

with units as (
    select * from {{ ref('card_unit') }}
),

ordered as (
    select
        measure,
        cast(row_number() over (order by measure) as int) as sort_order,
        label_nl,
        label_fr,
        label_en,
        sdmx_unit_measure as sdmx_code
    from units
)

select * from ordered
