-- One row is a reference year, a unit of residence and an age category: patients with imaging by a dentist per 100 beneficiaries.
{{ statistic_table('cube', variable='IMAG_DENTIST_N', measure='share', related=['stat_013_005', 'cube_013_003', 'cube_013_007', 'cube_013_006']) }}
