-- One row is a type of prenatal technical act, the total included.

{{ dimension_table() }}
