-- One row is a reference year, a unit of residence and an age class: patients with imaging by a radiologist per 100 beneficiaries.
{%- set statistic = {
    'family': 'imaging',
    'measure': 'share',
    'variable': 'IMAG_RAD_N',
    'per': 100,
    'filters': ['age_category'],
    'smallest_level': 'municipality',
    'first_year': 2015
} %}
{{ config(meta = {'statistic': statistic}) }}
{{ statistic_table(statistic) }}
