-- One row is a cell of a denominator that step 1 of the suppression suppresses.

{{ suppression_step('denominator', 1) }}
