-- One row is a cell of a denominator that step 4 of the suppression suppresses.

{{ suppression_step('denominator', 4) }}
