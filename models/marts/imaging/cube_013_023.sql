-- One row is a reference year, a unit of residence and an age category: patients with interventional therapeutic acts per 100 beneficiaries.
{{ statistic_table('cube', variable='IMAG_THERA_N', measure='share', basis='card', related=['stat_013_023', 'cube_013_024']) }}
