-- One row is a value of the filter on entitlement to increased reimbursement, the total included.

{{ dimension_table() }}
