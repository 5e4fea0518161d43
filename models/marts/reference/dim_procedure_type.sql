-- one row is one type of prenatal technical act, the total included

{{ config(alias='procedure_type') }}

with labels as (
    {{ labels_of('procedure_type', 'procedure_type') }}
)

select * from labels
