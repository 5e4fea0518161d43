-- One row is a cell of a denominator that the masking hides in step 4.

{{ masking_step('denominator', 4) }}
