{# The columns of protected_cell that the last decision works with. Returns: list of column names. #}
{% macro decision_columns() %}
    {{ return(['reference_year', 'cell_id', 'parent_id', 'series_id', 'column_id', 'is_in_tree', 'is_small']) }}
{% endmacro %}

{# Adds the margins outside the tree of columns (increased reimbursement over all ages, say): such a margin is suppressed where one of its summands is.
   Arguments: name of the CTE to define; stage. Expects a CTE `cell`: cells of protected_cell of that stage. Returns: CTEs, the last one `name`: the columns
   of `cell` and is_decided. #}
{% macro with_margins(name, stage) -%}
summand as (

    select
        margin.series_id,
        margin.column_id as margin_column_id,
        tree.column_id
    from {{ ref('suppression_column') }} as margin
    inner join {{ ref('suppression_column') }} as tree
        on
            margin.series_id = tree.series_id
            and tree.is_in_tree
            and {{ is_summand('tree', 'margin') }}
    where not margin.is_in_tree

),

suppressed_in_tree as (

    select
        suppressed.cell_id,
        cell.series_id,
        cell.column_id
    from {{ ref('suppressed_' ~ stage) }} as suppressed
    inner join cell on suppressed.cell_id = cell.cell_id
    where {{ in_years_to_build('suppressed.reference_year') }}

),

suppressed_with_margins as (

    select cell_id from suppressed_in_tree
    union
    select suppressed_in_tree.cell_id - suppressed_in_tree.column_id + summand.margin_column_id as cell_id
    from suppressed_in_tree
    inner join summand
        on
            suppressed_in_tree.series_id = summand.series_id
            and suppressed_in_tree.column_id = summand.column_id

),

{{ name }} as (

    select
        cell.*,
        suppressed.cell_id is not null as is_decided
    from cell
    left join suppressed_with_margins as suppressed on cell.cell_id = suppressed.cell_id

)
{%- endmacro %}

{# Cells that need not be suppressed. A margin outside the tree of columns is suppressed with its summands, and a 0 may serve a block in vain: where every
   other cell of a sum is published, everybody can subtract, and suppressing the last one protects nothing. Such a cell is published after all, unless it is
   small itself. What is known stays the same, so that no other cell becomes less safe. The sums are a unit's total of each filter, and a unit with its children. Only series with margins outside the tree are looked at (project decision).
   Two passes (project decision): what the first one publishes can leave another cell alone in its sum. What a third pass would find stays suppressed, which
   is safe.
   Arguments: name of the CTE to define; source, a CTE of complete series with the columns of protected_cell, is_decided and must_suppress.
   Returns: CTEs, the last one `name`: the columns of `source` and is_suppressed. #}
{% macro publish_derivable_cells(name, source) -%}
{%- set filters = suppression_filters() -%}
{%- set passes = 2 -%}
{{ name }}_0 as (

    select
        *,
        series_id in (select margin.series_id from {{ source }} as margin where not margin.is_in_tree) as has_margin,
        is_decided or must_suppress as is_suppressed
    from {{ source }}

),

{% for pass in range(passes) -%}
{%- set from = name ~ '_' ~ pass -%}
{{ from }}_line as (

    select
        cell.*,
        {%- for filter in filters %}
        series_column.has_{{ filter }}
        and count(*) filter (where cell.is_suppressed) over (partition by cell.cell_id - cell.column_id + series_column.without_{{ filter }}_id) = 1
            as is_alone_by_{{ filter }},
        {%- endfor %}
        count(*) filter (where cell.is_suppressed) over (partition by cell.parent_id) as suppressed_beside
    from {{ from }} as cell
    inner join {{ ref('suppression_column') }} as series_column
        on
            cell.series_id = series_column.series_id
            and cell.column_id = series_column.column_id
    where cell.has_margin

),

{{ from }}_below as (

    select
        parent_id as cell_id,
        max(suppressed_beside) as suppressed_below
    from {{ from }}_line
    group by parent_id

),

{{ from }}_derivable as (

    select line.cell_id
    from {{ from }}_line as line
    left join {{ from }}_line as parent on line.parent_id = parent.cell_id
    left join {{ from }}_below as below on line.cell_id = below.cell_id
    where
        {% for filter in filters -%}
        line.is_alone_by_{{ filter }}
        or {% endfor -%}
        coalesce(below.suppressed_below = 0, false)
        or (line.suppressed_beside = 1 and coalesce(not parent.is_suppressed, false))

),

{{ name }}_{{ pass + 1 }} as (

    select
        {{ from }}.* exclude (is_suppressed),
        {{ from }}.is_suppressed and ({{ from }}.must_suppress or derivable.cell_id is null) as is_suppressed
    from {{ from }}
    left join {{ from }}_derivable as derivable on {{ from }}.cell_id = derivable.cell_id

),

{% endfor -%}
{{ name }} as (

    select * from {{ name }}_{{ passes }}

)
{%- endmacro %}
