-- One row is a reference year and a unit of residence: CT scans per 1,000 beneficiaries.
{{ statistic_table('stat', variable='IMAG_CT_N', measure='volume', basis='card', related=['cube_013_014', 'stat_013_013']) }}
