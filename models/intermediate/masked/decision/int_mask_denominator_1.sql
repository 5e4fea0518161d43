-- One row is a cell of a denominator that the masking hides in step 1.

{{ masking_step('denominator', 1) }}
