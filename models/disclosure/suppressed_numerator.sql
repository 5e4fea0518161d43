-- One row is a numerator cell of the tree of columns that is suppressed, for a small group, with its denominator, or to protect such a cell.

{{ suppressed_in_steps('numerator') }}
union
select
    reference_year,
    cell_id
from {{ ref('numerator_need') }}
where
    is_small
    and {{ in_years_to_build('reference_year') }}
