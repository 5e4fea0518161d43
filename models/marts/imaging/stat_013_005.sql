-- One row is a reference year and a unit of residence: patients with imaging by a dentist per 100 beneficiaries.
{{ statistic_table('stat', variable='IMAG_DENTIST_N', measure='share', related=['cube_013_005']) }}
