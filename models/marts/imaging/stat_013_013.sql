-- One row is a reference year and a unit of residence: patients with CT scans per 100 beneficiaries.
{%- set statistic = {
    'family': 'imaging',
    'measure': 'share',
    'variable': 'IMAG_CT_N',
    'per': 100,
    'filters': [],
    'smallest_level': 'statistical_sector',
    'first_year': 2006
} %}
{{ config(meta = {'statistic': statistic}) }}
{{ statistic_table(statistic) }}
