-- One row is a denominator cell, margins outside the tree of columns included, with whether it is suppressed.

with cell as (

    select
        {{ decision_columns() | join(',\n        ') }}
    from {{ ref('protected_cell') }}
    where
        denominator_series is null
        and {{ in_years_to_build('reference_year') }}

),

{{ with_margins('with_margin', 'denominator') }},

stated as (

    select
        *,
        is_small as must_suppress
    from with_margin

),

{{ publish_derivable_cells('decided', 'stated') }}

select
    reference_year,
    cell_id,
    is_suppressed
from decided
