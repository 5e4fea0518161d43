-- One row is a cell of a denominator that step 5 of the suppression suppresses.

{{ suppression_step('denominator', 5) }}
