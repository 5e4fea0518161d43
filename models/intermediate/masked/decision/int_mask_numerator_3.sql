-- One row is a cell of a numerator that the masking hides in step 3.

{{ masking_step('numerator', 3) }}
