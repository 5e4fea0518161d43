-- one row is one value of the filter on entitlement to increased reimbursement, the total included

{{ config(alias='increased_reimbursement') }}

with labels as (
    {{ labels_of('increased_reimbursement', 'increased_reimbursement') }}
)

select * from labels
