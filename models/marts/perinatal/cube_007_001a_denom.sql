-- One row is a reference year, a unit of residence, an age category and a right to increased reimbursement: deliveries.
{{ statistic_table('cube', variable='deliveries', measure='count', related=['cube_007_005a']) }}
