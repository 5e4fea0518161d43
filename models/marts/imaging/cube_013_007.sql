-- One row is a reference year, a unit of residence and an age category: patients with imaging by another medical specialist per 100 beneficiaries.
{{ statistic_table('cube', variable='IMAG_SPEC_N', measure='share', basis='card', related=['stat_013_007', 'cube_013_003', 'cube_013_005']) }}
