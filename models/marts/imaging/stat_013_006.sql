-- One row is a reference year and a unit of residence: examinations (imaging by a dentist) per 1,000 beneficiaries.
{{ statistic_table('stat', variable='IMAG_DENTIST_N', measure='volume', related=['cube_013_006']) }}
