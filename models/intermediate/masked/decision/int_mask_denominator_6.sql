-- One row is a cell of a denominator that the masking hides in step 6.

{{ masking_step('denominator', 6) }}
