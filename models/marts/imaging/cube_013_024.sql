-- One row is a reference year, a unit of residence and an age category: interventional therapeutic acts per 1,000 beneficiaries.
{{ statistic_table('cube', variable='IMAG_THERA_N', measure='volume', related=['stat_013_024', 'cube_013_023']) }}
