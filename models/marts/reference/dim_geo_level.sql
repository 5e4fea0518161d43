-- One row is a geographic level of the published tables.

{{ dimension_table() }}
