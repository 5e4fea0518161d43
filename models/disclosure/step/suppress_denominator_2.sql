-- One row is a cell of a denominator that step 2 of the suppression suppresses.

{{ suppression_step('denominator', 2) }}
