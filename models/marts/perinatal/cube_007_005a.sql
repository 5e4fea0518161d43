-- One row is a reference year, a unit of residence, an age category, a right to increased reimbursement and a type of act: prenatal technical acts
-- per delivery.
{{ statistic_table(
    'cube', variable='prenatal_acts', measure='mean', basis='card',
    related=['cube_007_005b', 'cube_007_001a_denom', 'cube_007_003a', 'cube_007_004a', 'cube_007_006b', 'cube_007_007a', 'cube_007_008a', 'cube_007_009a']
) }}
