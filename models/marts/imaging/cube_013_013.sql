-- One row is a reference year, a unit of residence and an age category: patients with CT scans per 100 beneficiaries.
{{ statistic_table('cube', variable='IMAG_CT_N', measure='share', related=['stat_013_013', 'cube_013_014']) }}
