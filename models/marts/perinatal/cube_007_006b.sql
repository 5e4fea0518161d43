-- One row is a reference year and a hospital: caesareans per 100 deliveries.
{{ statistic_table('cube', variable='caesareans', measure='share', place='hospital', related=['cube_007_005a', 'cube_007_006a']) }}
