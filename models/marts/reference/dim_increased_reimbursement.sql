-- One row is a value of the filter on entitlement to increased reimbursement, the total included.
{{ config(alias='increased_reimbursement') }}

{{ dimension_table('increased_reimbursement') }}
