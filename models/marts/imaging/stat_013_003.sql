-- One row is a reference year and a unit of residence: patients with imaging by a radiologist per 100 beneficiaries.
{%- set statistic = {
    'family': 'imaging',
    'measure': 'share',
    'variable': 'IMAG_RAD_N',
    'per': 100,
    'filters': [],
    'smallest_level': 'statistical_sector',
    'first_year': 2006
} %}
{{ config(meta = {'statistic': statistic}) }}
{{ statistic_table(statistic) }}
