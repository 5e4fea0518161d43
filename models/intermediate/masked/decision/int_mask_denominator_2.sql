-- One row is a cell of a denominator that the masking hides in step 2.

{{ masking_step('denominator', 2) }}
