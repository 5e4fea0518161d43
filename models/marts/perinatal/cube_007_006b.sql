-- One row is a reference year and a hospital: caesareans per 100 deliveries.
{%- set statistic = {
    'family': 'perinatal',
    'measure': 'share',
    'variable': 'caesareans',
    'per': 100,
    'filters': [],
    'smallest_level': 'hospital',
    'first_year': 2006
} %}
{{ config(meta = {'statistic': statistic}) }}
{{ statistic_table(statistic) }}
