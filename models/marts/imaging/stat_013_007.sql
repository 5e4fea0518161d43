-- One row is a reference year and a unit of residence: patients with imaging by another medical specialist per 100 beneficiaries.
{{ statistic_table('stat', variable='IMAG_SPEC_N', measure='share', related=['cube_013_007']) }}
