-- One row is a cell of a denominator that the masking hides in step 0.

{{ masking_step('denominator', 0) }}
