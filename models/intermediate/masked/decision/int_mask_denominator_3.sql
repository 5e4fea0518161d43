-- One row is a cell of a denominator that the masking hides in step 3.

{{ masking_step('denominator', 3) }}
