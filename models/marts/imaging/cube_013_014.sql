-- One row is a reference year, a unit of residence and an age category: CT scans per 1,000 beneficiaries.
{{ statistic_table('cube', variable='IMAG_CT_N', measure='volume', related=['stat_013_014', 'cube_013_013']) }}
