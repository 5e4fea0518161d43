-- One row is a denominator cell of the tree of columns that is suppressed, for a small group or to protect one.

{{ suppressed_in_steps('denominator') }}
union
select
    reference_year,
    cell_id
from {{ ref('denominator_need') }}
where
    is_small
    and {{ in_years_to_build('reference_year') }}
