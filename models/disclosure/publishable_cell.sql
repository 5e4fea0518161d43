-- One row is a cell of a numerator, its denominator, and what of the row is suppressed: both, or only the numerator. The published tables read nothing else.
{{ config(access = 'protected', meta = {'keeps_other_years': true}) }}

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

{{ publish_derivable_cells('decided', 'stated') }},

publishable as (

    select
        cell.reference_year,
        cell.series,
        cell.geo_level,
        cell.geo_code,
        {{ filter_columns('cell') }},
        cell.cases,
        cell.volume,
        cell.denominator,
        cell.persons,
        cell.denominator_persons,
        decided.is_denominator_suppressed,
        decided.is_suppressed as is_numerator_suppressed
    from decided
    inner join {{ ref('protected_cell') }} as cell on decided.cell_id = cell.cell_id
    where {{ in_years_to_build('cell.reference_year') }}

)

select * from publishable
