-- One row is a cell of a denominator (beneficiaries, deliveries, deliveries in hospital) in the tree of columns, with whether it must be suppressed.
-- Denominators come first: all numerators of a family share theirs.

with recursive cell as (

    select
        {{ step_columns() }},
        true as is_possible,
        is_small
    from {{ ref('protected_cell') }}
    where
        denominator_series is null
        and is_in_tree
        and {{ in_years_to_build('reference_year') }}

),

{{ suppression_need('cell') }}

select * from needed
