-- One row is a reference year and a unit of residence: patients with CT scans per 100 beneficiaries.
{{ statistic_table('stat', variable='IMAG_CT_N', measure='share', related=['cube_013_013', 'stat_013_014']) }}
