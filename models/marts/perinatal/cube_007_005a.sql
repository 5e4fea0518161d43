-- One row is a reference year, a unit of residence, an age class, a right to increased reimbursement and a type of act: prenatal technical acts per delivery.
{%- set statistic = {
    'family': 'perinatal',
    'measure': 'mean',
    'variable': 'prenatal_acts',
    'per': 1,
    'filters': ['age_category', 'increased_reimbursement', 'procedure_type'],
    'smallest_level': 'municipality',
    'first_year': 2006
} %}
{{ config(meta = {'statistic': statistic}) }}
{{ statistic_table(statistic) }}
