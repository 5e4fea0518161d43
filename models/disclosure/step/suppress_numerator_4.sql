-- One row is a cell of a numerator that step 4 of the suppression suppresses.

{{ suppression_step('numerator', 4) }}
