{# The cells that one step suppresses: the blocks with level + depth = step. A block is a unit's children by a column's children (docs/methods/disclosure.md).
   Arguments: stage ('denominator' or 'numerator'), step (integer from 0 to last_suppression_step(stage)).
   Returns: a query with reference_year and cell_id, one row a suppressed cell. Raises a compiler error for a step outside that range. #}
{% macro suppression_step(stage, step) %}
{%- if step < 0 or step > last_suppression_step(stage) -%}
    {{ exceptions.raise_compiler_error("suppression_step: step " ~ step ~ " is outside 0 to " ~ last_suppression_step(stage) ~ " of the stage " ~ stage) }}
{%- endif -%}
{%- set threshold = var('small_cell_threshold') | int -%}
with placed as (

    select * from {{ ref(stage ~ '_need') }}
    where level_rank + depth = {{ step }} and {{ in_years_to_build('reference_year') }}

),

suppressed_before as (

    {% if step == 0 -%}
    select cell_id from placed
    where false
    {%- else -%}
    select cell_id from {{ ref('suppress_' ~ stage ~ '_' ~ (step - 1)) }}
    where {{ in_years_to_build('reference_year') }}
    {%- endif %}

),

{{ blocks_of_step() }},

-- depth 0: a line of units under a published or suppressed parent, without rows to look after
line as (

    select *,
        is_needed as is_suppressed,
        least({{ threshold }}, sum(cases) over of_line) as required_line_cases,
        case
            when bool_or(is_parent_suppressed) over of_line or max(level_rank) over of_line = 0 then 1 else least(2, count(*) over of_line)
        end as required_line_cells,
        -- below a cell that is no leaf a hub is needed: one suppressed row with enough cases, where there is one
        case when bool_and(is_leaf) over of_line then 0 else least({{ threshold }}, max(cases) over of_line) end as required_line_largest
    from block
    where depth = 0 and not is_single_row
    window of_line as (partition by block_id)

),

{{ top_up_block('line_topped', 'line', 'line', 'block_id', 'cell_id', 'true') }},

grid as (

    select *,
        bool_or(is_needed or is_total_suppressed) over of_row as is_row_part,
        count(*) over of_row as row_cells,
        bool_or(is_needed or is_parent_suppressed) over of_column as is_column_part,
        count(*) over of_column as column_cells,
        sum(cases) over of_column as column_cases,
        max(cases) over of_column as column_largest
    from block
    where depth > 0 and not is_single_row and not is_single_column
    window of_row as (partition by total_id), of_column as (partition by parent_id)

),

{{ hub_and_exchange() }},

started as (

    select hub_grid.*,
        exchange.parent_id is not null as is_exchange,
        -- the country suppresses more: where nearly all of it is in one region, that region's row has to move by itself
        least(case when hub_grid.level_rank = 0 then {{ 2 * threshold }} else {{ threshold }} end, hub_grid.total_cases) as required_row_cases,
        case when hub_grid.is_total_suppressed then 1 else least(2, hub_grid.row_cells) end as required_row_cells,
        0 as required_row_largest,
        least({{ threshold }}, hub_grid.column_cases) as required_column_cases,
        case when hub_grid.is_parent_suppressed or hub_grid.level_rank = 0 then 1 else least(2, hub_grid.column_cells) end as required_column_cells,
        case when hub_grid.is_leaf then 0 else least({{ threshold }}, hub_grid.column_largest) end as required_column_largest,
        hub_grid.is_needed as is_suppressed
    from hub_grid
    left join exchange on hub_grid.parent_id = exchange.parent_id

),

{{ close_block('closed', 'started') }},

{{ top_up_block('rows_topped', 'closed', 'row', 'total_id', 'parent_id', 'is_suppressed or is_total_suppressed') }},

{{ close_block('rows_closed', 'rows_topped') }},

{{ top_up_block('columns_topped', 'rows_closed', 'column', 'parent_id', 'total_id', 'is_suppressed or is_parent_suppressed') }},

{{ close_block('columns_closed', 'columns_topped') }},

{{ top_up_block('rows_topped_again', 'columns_closed', 'row', 'total_id', 'parent_id', 'is_suppressed or is_total_suppressed') }},

{{ close_block('settled', 'rows_topped_again') }},

{{ unsafe_blocks('settled') }}

select reference_year, cell_id from settled
where is_suppressed
union
-- a block that is still not safe is suppressed whole: all its cells with cases, and its two largest rows and columns
select reference_year, cell_id from unsafe
where cases > 0 or row_rank <= 2 or column_rank <= 2
union
select reference_year, cell_id from line_topped
where is_suppressed
union
select reference_year, cell_id from block
where
    (is_needed and (is_single_row or is_single_column))
    -- an only child reads as its parent, an only column as its row
    or (is_single_row and is_parent_suppressed)
    or (is_single_column and is_total_suppressed and not is_single_row)
{% endmacro %}
