-- One row is a reference year and a unit of residence: patients with imaging by a radiologist per 100 beneficiaries.
{{ statistic_table('stat', variable='IMAG_RAD_N', measure='share', related=['cube_013_003']) }}
