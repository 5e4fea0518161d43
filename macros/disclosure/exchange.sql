{# Chooses a block's hub row and its exchange columns. Expects a CTE `grid`. Returns: CTEs, the last one `exchange`: block_id, parent_id, one row an
   exchange column; `hub`: block_id, total_id of the hub row, one row a block; `hub_grid`: `grid` with is_hub. #}
{% macro hub_and_exchange() -%}
{%- set threshold = var('small_cell_threshold') | int -%}
-- the row that carries the exchange: total suppressed if any row's is, large enough, and firm in as many of the columns as possible
hub as (

    select block_id, total_id
    from grid
    group by block_id, total_id
    qualify
        row_number() over (
            partition by block_id
            order by
                bool_or(is_total_suppressed) desc, max(total_cases) >= {{ threshold }} desc, bool_or(is_firm) desc,
                count(*) filter (where is_column_part and not is_firm),
                case when count(*) filter (where is_column_part and not is_firm) = 0 then max(total_cases) else -max(total_cases) end,
                total_id
        ) = 1

),

hub_grid as (

    select grid.*, hub.total_id is not null as is_hub
    from grid
    left join hub on grid.total_id = hub.total_id

),

-- the column in which most rows that take part have enough; few cases first
column_ranked as (

    select block_id, parent_id,
        max(case when is_hub then cases end) as hub_cases,
        max(case when is_hub then total_cases end) as hub_total_cases,
        row_number() over (
            partition by block_id
            order by
                bool_or(is_hub and is_firm) desc,
                count(*) filter (where is_row_part or is_hub) desc, count(*) filter (where (is_row_part or is_hub) and is_firm) desc,
                bool_or(is_column_part), sum(cases) filter (where is_row_part or is_hub), parent_id
        ) as preference
    from hub_grid
    group by block_id, parent_id
    having bool_or(is_hub)

),

exchange as (

    select block_id, parent_id
    from column_ranked
    qualify
        preference = 1
        or coalesce(sum(hub_cases) over (
            partition by block_id
            order by preference = 1 desc, hub_cases desc, parent_id
            rows between unbounded preceding and 1 preceding
        ), 0) < least({{ threshold }}, hub_total_cases)

)
{%- endmacro %}
