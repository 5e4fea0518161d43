-- One row is a reference year, a hospital and a type of act: prenatal technical acts per delivery.
{%- set statistic = {
    'family': 'perinatal',
    'measure': 'mean',
    'variable': 'prenatal_acts',
    'per': 1,
    'filters': ['procedure_type'],
    'smallest_level': 'hospital',
    'first_year': 2006
} %}
{{ config(meta = {'statistic': statistic}) }}
{{ statistic_table(statistic) }}
