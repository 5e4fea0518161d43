-- One row is a reference year, a unit of residence and an age category: examinations (imaging by another medical specialist) per 1,000 beneficiaries.
{{ statistic_table('cube', variable='IMAG_SPEC_N', measure='volume', related=['stat_013_008', 'cube_013_004', 'cube_013_006', 'cube_013_007']) }}
