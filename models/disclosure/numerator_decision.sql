-- One row is a numerator cell, margins outside the tree of columns and remainders included, with whether it and its denominator are suppressed.

with cell as (

    select
        {{ decision_columns() | join(',\n        ') }},
        denominator_id
    from {{ ref('protected_cell') }}
    where
        denominator_series is not null
        and {{ in_years_to_build('reference_year') }}

),

denominator_decision as (

    select * from {{ ref('denominator_decision') }}
    where {{ in_years_to_build('reference_year') }}

),

{{ with_margins('with_margin', 'numerator') }},

stated as (

    select
        with_margin.*,
        denominator.is_suppressed as is_denominator_suppressed,
        denominator.is_suppressed or with_margin.is_small as must_suppress
    from with_margin
    inner join denominator_decision as denominator on with_margin.denominator_id = denominator.cell_id

),

{{ publish_derivable_cells('decided', 'stated') }}

select
    reference_year,
    cell_id,
    is_denominator_suppressed,
    is_suppressed
from decided
