-- One row is a cell of a denominator that step 6 of the suppression suppresses.

{{ suppression_step('denominator', 6) }}
