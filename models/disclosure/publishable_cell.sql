-- One row is a cell of a numerator, its denominator, and what of the row is suppressed: both, or only the numerator. The published tables read nothing else.
{{ config(materialized = 'yearly', scope = 'masked') }}

with cell as (

    select * from {{ ref('protected_cell') }}
    where denominator_series is not null and {{ in_years_to_build('reference_year', 'masked') }}

),

{{ with_margins('with_margin', 'numerator') }},

stated as (

    select
        with_margin.*,
        denominator.is_suppressed as is_denominator_suppressed,
        denominator.is_suppressed or with_margin.is_small as must_suppress
    from with_margin
    inner join {{ ref('denominator_decision') }} as denominator on with_margin.denominator_id = denominator.cell_id

),

{{ publish_derivable_cells('decided', 'stated') }},

publishable as (

    select
        reference_year,
        series,
        geo_level,
        geo_code,
        {{ filter_columns() }},
        cases,
        volume,
        denominator,
        persons,
        denominator_persons,
        is_denominator_suppressed,
        is_suppressed as is_numerator_suppressed
    from decided

)

select * from publishable
