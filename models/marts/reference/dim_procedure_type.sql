-- One row is a type of prenatal technical act, the total included.
{{ config(alias='procedure_type') }}

{{ dimension_table('procedure_type') }}
