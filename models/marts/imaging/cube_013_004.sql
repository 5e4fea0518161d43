-- One row is a reference year, a unit of residence and an age category: examinations (imaging by a radiologist) per 1,000 beneficiaries.
{{ statistic_table('cube', variable='IMAG_RAD_N', measure='volume', related=['stat_013_004', 'cube_013_003', 'cube_013_006', 'cube_013_008']) }}
