-- Every count enters the suppression, no cell is deeper than its last step, every small cell is suppressed, and the numbers of the cells do not overlap.
{{ config(group = 'disclosure') }}

with counted as (

    select count(*) as counts from {{ ref('protected_count') }}

),

placed as (

    select
        count(*) as cells,
        count(denominator_series) as numerators,
        max(unit_id) as last_unit,
        max(column_id) as last_column
    from {{ ref('protected_cell') }}

),

computed_year as (

    select distinct reference_year from {{ ref('protected_cell') }}

),

decided as (

    select count(*) as cells
    from {{ ref('publishable_cell') }} as publishable
    inner join computed_year on publishable.reference_year = computed_year.reference_year

),

in_step as (

    select
        'denominator' as stage,
        max(level_rank + depth) as deepest,
        {{ last_suppression_step('denominator') }} as last_step
    from {{ ref('denominator_need') }}
    union all
    select
        'numerator' as stage,
        max(level_rank + depth) as deepest,
        {{ last_suppression_step('numerator') }} as last_step
    from {{ ref('numerator_need') }}

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

)

select 'counts that are no cell of the suppression: a level is missing in the list geographic_levels, or a unit in geographic_unit' as failure_reason
from counted
cross join placed
where counted.counts <> placed.cells
union all
select 'numerators that no decision was made for: their denominator is no cell' as failure_reason
from placed
cross join decided
where placed.numerators <> decided.cells
union all
select 'a cell is deeper than the last step: raise last_suppression_step and add the model suppress_' || stage || '_' || cast(deepest as text) as failure_reason
from in_step
where deepest > last_step
union all
select 'more units or columns than the number of a cell has digits for (protected_cell)' as failure_reason
from placed
where last_unit >= 100000 or last_column >= 1000
union all
select 'a small cell is not suppressed' as failure_reason
from small_cell
