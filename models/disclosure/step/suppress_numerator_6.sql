-- One row is a cell of a numerator that step 6 of the suppression suppresses.

{{ suppression_step('numerator', 6) }}
