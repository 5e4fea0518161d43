-- One row is a cell of a numerator (patients of a variable, caesareans, prenatal acts) in the tree of columns, with whether it must be suppressed: too few
-- persons behind it, or a suppressed denominator. Examinations are suppressed with their patients.

with recursive suppressed_denominator as (

    select cell_id from {{ ref('suppressed_denominator') }}
    where {{ in_years_to_build('reference_year') }}

),

cell as (

    select
        {{ step_columns('protected_cell') }},
        -- a cell whose denominator is a published 0 is known to be 0; every hospital has deliveries
        protected_cell.denominator > 0
        or protected_cell.denominator_series = '{{ place_series('deliveries', 'hospital') }}'
        or denominator.cell_id is not null as is_possible,
        protected_cell.is_small or denominator.cell_id is not null as is_small
    from {{ ref('protected_cell') }} as protected_cell
    left join suppressed_denominator as denominator on protected_cell.denominator_id = denominator.cell_id
    where
        protected_cell.denominator_series is not null
        and protected_cell.is_in_tree
        and {{ in_years_to_build('protected_cell.reference_year') }}

),

{{ suppression_need('cell') }}

select * from needed
