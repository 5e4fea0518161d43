-- One row is a reference year and a unit of residence: interventional therapeutic acts per 1,000 beneficiaries.
{%- set statistic = {
    'family': 'imaging',
    'measure': 'volume',
    'variable': 'IMAG_THERA_N',
    'per': 1000,
    'filters': [],
    'smallest_level': 'statistical_sector',
    'first_year': 2006
} %}
{{ config(meta = {'statistic': statistic}) }}
{{ statistic_table(statistic) }}
