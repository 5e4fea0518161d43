-- One row is a reference year, a unit of residence, an age category and a right to increased reimbursement: deliveries without a postnatal contact with a
-- midwife, per 100 deliveries. The definition is inferred.
{{ statistic_table('cube', variable='no_postnatal_midwife', measure='share', basis='inferred', related=['cube_007_005a', 'cube_007_001a_denom']) }}
