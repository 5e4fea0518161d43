{# What somebody can conclude about a count from the sums that it is in, one pass: no less than the sum leaves when all other counts are as large as they can
   be, no more than it leaves when they are as small as they can be; and a count is no larger than one that contains it.
   Arguments: name of the CTE to define; source, a CTE with cell_id, low, high. Expects the CTEs `member`: line (any text or number), cell_id, is_total (the
   others of the line add up to it); `inside`: cell_id, around_id (a cell that contains the count; a cell may have several).
   Returns: CTEs, the last one `name`: the columns of `source`, low and high renewed. #}
{% macro narrow_bounds(name, source) -%}
{{ name }}_line as (

    select
        member.cell_id,
        member.is_total,
        {{ source }}.low,
        {{ source }}.high,
        sum(case when not member.is_total then {{ source }}.low end) over of_line as parts_low,
        sum(case when not member.is_total then {{ source }}.high end) over of_line as parts_high,
        max(case when member.is_total then {{ source }}.low end) over of_line as total_low,
        max(case when member.is_total then {{ source }}.high end) over of_line as total_high
    from member
    inner join {{ source }} on member.cell_id = {{ source }}.cell_id
    window of_line as (partition by member.line)

),

{{ name }}_by_line as (

    select
        cell_id,
        max(case when is_total then parts_low else total_low - parts_high + high end) as low,
        min(case when not is_total then total_high - parts_low + low else parts_high end) as high
    from {{ name }}_line
    group by cell_id

),

{{ name }}_alone as (

    select
        {{ source }}.cell_id,
        greatest({{ source }}.low, coalesce(by_line.low, 0)) as low,
        least({{ source }}.high, coalesce(by_line.high, {{ source }}.high)) as high
    from {{ source }}
    left join {{ name }}_by_line as by_line on {{ source }}.cell_id = by_line.cell_id

),

{{ name }}_around as (

    select
        inside.cell_id,
        min(bound.high) as high
    from inside
    inner join {{ name }}_alone as bound on inside.around_id = bound.cell_id
    group by inside.cell_id

),

{{ name }}_within as (

    select
        inside.around_id as cell_id,
        max(bound.low) as low
    from inside
    inner join {{ name }}_alone as bound on inside.cell_id = bound.cell_id
    group by inside.around_id

),

{{ name }} as (

    select
        cell.cell_id,
        greatest(cell.low, coalesce(within.low, 0)) as low,
        least(cell.high, coalesce(around.high, cell.high)) as high
    from {{ name }}_alone as cell
    left join {{ name }}_around as around on cell.cell_id = around.cell_id
    left join {{ name }}_within as within on cell.cell_id = within.cell_id

)
{%- endmacro %}
