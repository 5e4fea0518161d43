-- One row is a reference year and a unit of residence: interventional therapeutic acts per 1,000 beneficiaries.
{{ statistic_table('stat', variable='IMAG_THERA_N', measure='volume', related=['cube_013_024']) }}
