-- One row is a cell of protected_count or remainder_count with its number and those of the cell of the parent unit (same column), of its denominator, and
-- of the list that contains its persons. parent_id is the cell_id of a cell, unless the unit has no parent.

with protected as (

    select * from {{ ref('protected_count') }}
    where {{ in_years_to_build('reference_year') }}

),

remainder as (

    select * from {{ ref('remainder_count') }}
    where {{ in_years_to_build('reference_year') }}

),

unit as (

    select * from {{ ref('suppression_unit') }}

),

series_column as (

    select * from {{ ref('suppression_column') }}
    where {{ in_years_to_build('reference_year') }}

),

counted as (

    select * from protected
    union all
    select * from remainder

),

placed as (

    select
        counted.*,
        unit.unit_id,
        unit.level_rank,
        unit.is_remainder,
        unit.parent_unit_id = 0 as is_root_unit,
        series_column.series_id,
        series_column.column_id,
        (series_column.series_id * 100000 + unit.unit_id) * 1000 + series_column.column_id as cell_id,
        (series_column.series_id * 100000 + unit.parent_unit_id) * 1000 + series_column.column_id as parent_id,
        (series_column.denominator_series_id * 100000 + unit.unit_id) * 1000 + series_column.denominator_column_id as denominator_id,
        (series_column.container_series_id * 100000 + unit.unit_id) * 1000 + series_column.column_id as container_id,
        {{ is_small_group('counted.persons') }} or {{ is_small_group('counted.cases') }} or {{ is_small_complement('counted.headroom') }} as is_small
    from counted
    inner join unit
        on
            counted.geo_level = unit.geo_level
            and counted.geo_code = unit.geo_code
    inner join series_column
        on
            counted.reference_year = series_column.reference_year
            and counted.series = series_column.series
            and {{ same_filters('counted', 'series_column') }}

)

select * from placed
