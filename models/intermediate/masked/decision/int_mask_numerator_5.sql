-- One row is a cell of a numerator that the masking hides in step 5.

{{ masking_step('numerator', 5) }}
