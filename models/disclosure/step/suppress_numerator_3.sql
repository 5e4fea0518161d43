-- One row is a cell of a numerator that step 3 of the suppression suppresses.

{{ suppression_step('numerator', 3) }}
