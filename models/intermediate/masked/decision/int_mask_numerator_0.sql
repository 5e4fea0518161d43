-- One row is a cell of a numerator that the masking hides in step 0.

{{ masking_step('numerator', 0) }}
