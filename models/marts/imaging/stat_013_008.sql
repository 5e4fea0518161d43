-- One row is a reference year and a unit of residence: examinations (imaging by another medical specialist) per 1,000 beneficiaries.
{{ statistic_table('stat', variable='IMAG_SPEC_N', measure='volume', related=['cube_013_008']) }}
