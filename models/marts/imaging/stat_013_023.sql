-- One row is a reference year and a unit of residence: patients with interventional therapeutic acts per 100 beneficiaries.
{{ statistic_table('stat', variable='IMAG_THERA_N', measure='share', related=['cube_013_023']) }}
