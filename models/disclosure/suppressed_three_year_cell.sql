-- One row is a suppressed cell of a three-year window: a count of one of its years, as that year suppressed it, or a window, with how far it is proven to be
-- open beside the years and the windows that are published.
{{ config(meta = {'by_window': true, 'year_column': 'first_year'}) }}

{{ suppressed_cells(ref('three_year_cell'), ref('suppression_unit'), by_window=true) }}
