-- One row is a reference year, a unit of residence and an age category: examinations (imaging by a dentist) per 1,000 beneficiaries.
{{ statistic_table(
    'cube', variable='IMAG_DENTIST_N', measure='volume', basis='card',
    related=['stat_013_006', 'cube_013_004', 'cube_013_005', 'cube_013_008']
) }}
