-- One row is a reference year, a hospital and a type of act: prenatal technical acts per delivery.
{{ statistic_table('cube', variable='prenatal_acts', measure='mean', place='hospital', related=['cube_007_005a']) }}
