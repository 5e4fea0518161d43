-- One row is a cell of a numerator that step 1 of the suppression suppresses.

{{ suppression_step('numerator', 1) }}
