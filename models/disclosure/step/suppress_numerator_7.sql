-- One row is a cell of a numerator that step 7 of the suppression suppresses.

{{ suppression_step('numerator', 7) }}
