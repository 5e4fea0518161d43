-- One row is a suppressed cell: a small one, a numerator whose denominator is suppressed, or one that protects them; with how far it is proven to be open.

{{ suppressed_cells(ref('protected_cell'), ref('suppression_unit')) }}
