-- One row is a reference year and a unit of residence: examinations (imaging by a radiologist) per 1,000 beneficiaries.
{{ statistic_table('stat', variable='IMAG_RAD_N', measure='volume', related=['cube_013_004']) }}
