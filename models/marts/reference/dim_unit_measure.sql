-- One row is the unit of measure of one measure: what a value of its statistics is expressed in.

with unit as (

    select * from {{ ref('sdmx_code') }}
    where topic = 'unit_measure'

),

label as (

    {{ texts_side_by_side('unit_measure') }}

),

labelled as (

    select
        unit.key as measure,
        unit.sort_order,
        {{ language_columns('label') }},
        unit.sdmx_code
    from unit
    left join label on unit.key = label.key

)

select * from labelled
