{# The blocks in which a step has something to suppress. Expects the CTEs `placed` (cells of the step) and `suppressed_before` (cell_id of the step before).
   Returns: CTEs, the last one `block`: the columns of `placed`, is_total_suppressed, is_parent_suppressed, is_firm, is_single_row, is_single_column. #}
{% macro blocks_of_step() -%}
{%- set threshold = var('small_cell_threshold') | int -%}
-- a cell that is known to be 0, because its total, its parent or its denominator is a published 0, can protect nothing
candidate as (

    select placed.*,
        total.cell_id is not null as is_total_suppressed,
        parent.cell_id is not null as is_parent_suppressed,
        placed.cases >= {{ threshold }} and coalesce(placed.headroom, {{ threshold }}) >= {{ threshold }} as is_firm
    from placed
    left join suppressed_before as total on placed.total_id = total.cell_id
    left join suppressed_before as parent on placed.parent_id = parent.cell_id
    where
        placed.is_possible
        and (placed.depth = 0 or placed.total_cases > 0 or total.cell_id is not null)
        and (placed.is_root_unit or placed.parent_cases > 0 or parent.cell_id is not null)

),

-- a block is decided by itself: those in which nothing is to be suppressed are left out
active as (

    select * from candidate
    where block_id in (select block_id from candidate where is_needed or is_total_suppressed or is_parent_suppressed)

),

-- nor can a cell that is alone in its column under a published parent, or alone in its row beside a published total; without it, others may be alone
companion_in_column as (

    select *
    from active
    qualify count(*) over (partition by parent_id) > 1 or depth = 0 or is_needed or is_parent_suppressed or is_root_unit

),

companion_in_row as (

    select *
    from companion_in_column
    qualify count(*) over (partition by total_id) > 1 or depth = 0 or is_needed or is_total_suppressed

),

companion as (

    select *
    from companion_in_row
    qualify count(*) over (partition by parent_id) > 1 or depth = 0 or is_needed or is_parent_suppressed or is_root_unit

),

-- the blocks in which something is to be suppressed. The country is the child of nothing, so that its row is decided like several
block as (

    select *,
        not is_root_unit and min(unit_id) over of_block = max(unit_id) over of_block as is_single_row,
        depth > 0 and min(column_id) over of_block = max(column_id) over of_block as is_single_column
    from companion
    window of_block as (partition by block_id)
    qualify bool_or(is_needed or is_total_suppressed or is_parent_suppressed) over of_block

)
{%- endmacro %}
