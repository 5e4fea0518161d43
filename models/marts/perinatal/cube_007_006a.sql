-- One row is a reference year, a unit of residence, an age category and a right to increased reimbursement: caesareans per 100 deliveries.
{{ statistic_table('cube', variable='caesareans', measure='share', related=['cube_007_006b', 'cube_007_001a_denom']) }}
