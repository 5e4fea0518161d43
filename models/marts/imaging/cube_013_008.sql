-- One row is a reference year, a unit of residence and an age class: examinations: imaging by another medical specialist per 1,000 beneficiaries.
{%- set statistic = {
    'family': 'imaging',
    'measure': 'volume',
    'variable': 'IMAG_SPEC_N',
    'per': 1000,
    'filters': ['age_category'],
    'smallest_level': 'municipality',
    'first_year': 2015
} %}
{{ config(meta = {'statistic': statistic}) }}
{{ statistic_table(statistic) }}
