-- One row is a year, series and combination of filters, with its place in the tree of columns: total > procedure type > age > increased reimbursement, of
-- those that the series has. A combination with 'total' before another value is a margin outside the tree; its parent is 0.

with counted as (

    select distinct
        reference_year,
        series,
        denominator_series,
        {{ filter_columns() }}
    from {{ ref('protected_count') }}
    where {{ in_years_to_build('reference_year') }}

),

-- numbers of columns are the same for all series and follow the codes; those of series contain the year, so that years do not share cells
numbered as (

    select
        *,
        dense_rank() over (order by {{ suppression_filters() | join(', ') }}) as column_id,
        reference_year * 1000 + dense_rank() over (partition by reference_year order by series) as series_id,
        {% for filter in suppression_filters() -%}
            bool_or({{ filter }} <> 'total') over (partition by series) as has_{{ filter }},
            dense_rank() over (order by {{ suppression_filters() | reject('equalto', filter) | join(', ') }}) as without_{{ filter }}_id,
        {% endfor -%}
        {{ filter_depth() }} as depth
    from counted

),

placed as (

    select
        *,
        {{ is_tree_column() }} as is_in_tree
    from numbered

),

parent as (

    select
        child.series_id,
        child.column_id,
        parent_column.column_id as parent_column_id
    from placed as child
    inner join placed as parent_column
        on
            child.series_id = parent_column.series_id
            and {{ is_parent_column('parent_column', 'child') }}
    where child.is_in_tree and child.depth > 0

),

inner_node as (

    select distinct
        series_id,
        parent_column_id as column_id
    from parent

),

related as (

    select
        placed.*,
        -- a filter of the numerator alone does not split the denominator
        denominator_column.series_id as denominator_series_id,
        denominator_column.column_id as denominator_column_id,
        coalesce(parent.parent_column_id, 0) as parent_column_id,
        inner_node.column_id is null as is_leaf
    from placed
    left join parent
        on
            placed.series_id = parent.series_id
            and placed.column_id = parent.column_id
    left join placed as denominator_column
        on
            placed.reference_year = denominator_column.reference_year
            and placed.denominator_series = denominator_column.series
            {%- for filter in shared_filters() %}
                and placed.{{ filter }} = denominator_column.{{ filter }}
            {%- endfor %}
    left join inner_node
        on
            placed.series_id = inner_node.series_id
            and placed.column_id = inner_node.column_id

)

select * from related
