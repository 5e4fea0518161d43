{# The hub suppresses what its column suppresses; a row that takes part suppresses its exchange cell, once a row beside the hub does.
   Arguments: name of the CTE to define; source (CTE). Returns: two CTEs, the last one `name`: the columns of `source`, is_suppressed renewed. #}
{% macro close_block(name, source) -%}
{{ name }}_part as (

    select *,
        bool_or(is_suppressed or is_total_suppressed) over (partition by total_id) as row_takes_part,
        bool_or(is_suppressed or is_parent_suppressed) over (partition by parent_id) as column_takes_part
    from {{ source }}

),

{{ name }} as (

    select * exclude (is_suppressed, row_takes_part, column_takes_part),
        is_suppressed
        or (is_hub and column_takes_part)
        or (is_exchange and (is_hub or row_takes_part) and bool_or(row_takes_part and not is_hub) over (partition by block_id)) as is_suppressed
    from {{ name }}_part

)
{%- endmacro %}

{# Suppresses further cells of each row or column that takes part, until it holds what the block requires of it: cases, cells, one large cell. Preferred, in
   this order: a remainder, which costs no table a number; a large cell where one is required (of 12 thresholds, if there is one: project decision, so that the columns below find enough in it); a cell of
   a crossing line that takes part; the smallest cell that is enough alone; the largest cell.
   Arguments: name of the CTE to define; source (CTE); line, 'row', 'column' or 'line'; keys and crossing_keys, the columns that tell lines and crossing lines
   apart; takes_part (SQL). Returns: three CTEs, the last one `name`: the columns of `source`, is_suppressed renewed. #}
{% macro top_up_block(name, source, line, keys, crossing_keys, takes_part) -%}
{%- set threshold = var('small_cell_threshold') | int -%}
{{ name }}_state as (

    select *,
        bool_or({{ takes_part }}) over of_line and not is_suppressed as may_add,
        required_{{ line }}_cases - coalesce(sum(cases) filter (where is_suppressed) over of_line, 0) as lacking_cases,
        required_{{ line }}_cells - count(*) filter (where is_suppressed) over of_line as lacking_cells,
        coalesce(max(cases) filter (where is_suppressed) over of_line, 0) < required_{{ line }}_largest as lacks_large,
        bool_or(is_suppressed) over (partition by {{ crossing_keys }}) as crossing_suppresses
    from {{ source }}
    window of_line as (partition by {{ keys }})

),

{{ name }}_candidate as (

    select *, may_add and (lacking_cases > 0 or lacking_cells > 0 or lacks_large) as is_candidate
    from {{ name }}_state

),

{{ name }} as (

    select * exclude (is_suppressed, lacking_cases, lacking_cells, lacks_large, may_add, crossing_suppresses, is_candidate),
        is_suppressed or (is_candidate and (
            row_number() over preference <= greatest(lacking_cells, case when lacks_large then 1 else 0 end) or sum(cases) over preference - cases < lacking_cases
        )) as is_suppressed
    from {{ name }}_candidate
    window preference as (
        partition by {{ keys }}, is_candidate
        order by (is_remainder and cases > 0) desc, (lacks_large and cases >= {{ threshold }}) desc, (lacks_large and cases >= {{ 12 * threshold }}) desc, (crossing_suppresses and cases > 0) desc,
            cases >= lacking_cases desc, case when cases >= lacking_cases then cases else -cases end, cell_id
        rows between unbounded preceding and current row
    )

)
{%- endmacro %}

{# The cells of the blocks in which a row or a column still lacks what the block requires. Argument: source (CTE).
   Returns: CTEs, the last one `unsafe`: the columns of `source`, row_rank and column_rank (1: hub, exchange; then by cases). #}
{% macro unsafe_blocks(source) -%}
checked as (

    select *,
        (
            bool_or(is_suppressed or is_total_suppressed) over of_row
            and (
                coalesce(sum(cases) filter (where is_suppressed) over of_row, 0) < required_row_cases
                or count(*) filter (where is_suppressed) over of_row < required_row_cells
            )
        ) or (
            bool_or(is_suppressed or is_parent_suppressed) over of_column
            and (
                coalesce(sum(cases) filter (where is_suppressed) over of_column, 0) < required_column_cases
                or count(*) filter (where is_suppressed) over of_column < required_column_cells
                or coalesce(max(cases) filter (where is_suppressed) over of_column, 0) < required_column_largest
            )
        ) as lacks_something
    from {{ source }}
    window of_row as (partition by total_id), of_column as (partition by parent_id)

),

unsafe as (

    select *,
        dense_rank() over (partition by block_id order by is_hub desc, is_total_suppressed desc, total_cases desc, total_id) as row_rank,
        dense_rank() over (partition by block_id order by is_exchange desc, column_cases desc, parent_id) as column_rank
    from checked
    qualify bool_or(lacks_something) over (partition by block_id)

)
{%- endmacro %}
