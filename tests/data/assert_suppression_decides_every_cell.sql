-- Every count enters the suppression, every small cell is suppressed, and the numbers of the cells do not overlap.
{{ config(group = 'disclosure') }}

with counted as (

    select
        (select count(*) from {{ ref('protected_count') }}) as counts,
        (select count(*) from {{ ref('remainder_count') }}) as remainders

),

placed as (

    select
        count(*) as cells,
        max(unit_id) as last_unit,
        max(column_id) as last_column
    from {{ ref('protected_cell') }}

),

undivided as (

    select cell.cell_id
    from {{ ref('protected_cell') }} as cell
    left join {{ ref('protected_cell') }} as denominator on cell.denominator_id = denominator.cell_id
    where
        cell.denominator_series is not null
        and denominator.cell_id is null

),

small_cell as (

    select cell.cell_id
    from {{ ref('protected_cell') }} as cell
    inner join {{ ref('publishable_cell') }} as publishable
        on
            cell.reference_year = publishable.reference_year
            and cell.series = publishable.series
            and cell.geo_level = publishable.geo_level
            and cell.geo_code = publishable.geo_code
            and {{ same_filters('cell', 'publishable') }}
    where
        not publishable.is_numerator_suppressed
        and (cell.is_small or publishable.is_denominator_suppressed or {{ is_small_group('publishable.denominator_persons') }})
    union all
    select cell.cell_id
    from {{ ref('protected_cell') }} as cell
    left join {{ ref('suppressed_cell') }} as suppressed on cell.cell_id = suppressed.cell_id
    where
        cell.is_small
        and suppressed.cell_id is null

),

failure as (

    select 'counts that are no cell of the suppression: a level is missing in the list geographic_levels, or a unit in geographic_unit' as failure_reason
    from counted
    cross join placed
    where counted.counts + counted.remainders <> placed.cells
    union all
    select 'numerators whose denominator is no cell of the suppression' as failure_reason
    from undivided
    union all
    select 'more units or columns than the number of a cell has digits for (protected_cell)' as failure_reason
    from placed
    where last_unit >= 100000 or last_column >= 1000
    union all
    select 'a small cell is not suppressed' as failure_reason
    from small_cell

)

select * from failure
