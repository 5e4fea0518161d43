-- One row is a reference year, a unit of residence, an age class and a right to increased reimbursement: caesareans per 100 deliveries.
{%- set statistic = {
    'family': 'perinatal',
    'measure': 'share',
    'variable': 'caesareans',
    'per': 100,
    'filters': ['age_category', 'increased_reimbursement'],
    'smallest_level': 'municipality',
    'first_year': 2006
} %}
{{ config(meta = {'statistic': statistic}) }}
{{ statistic_table(statistic) }}
