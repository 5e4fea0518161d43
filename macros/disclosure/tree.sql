{# The last suppression step of a stage: the largest sum of a level's rank and the number of filters of its cells. Cells of municipalities have all filters,
   those of sectors and hospitals have fewer levels of columns. The data test assert_suppression_decides_every_cell fails when a cell is deeper.
   Argument: stage, 'denominator' or 'numerator'. Returns: integer. Raises a compiler error for another stage. #}
{% macro last_suppression_step(stage) %}
    {%- if stage not in ['denominator', 'numerator'] -%}
        {{ exceptions.raise_compiler_error("last_suppression_step: stage must be denominator or numerator, not '" ~ stage ~ "'") }}
    {%- endif -%}
    {% set deepest = namespace(column=0) %}
    {% for name, variable in variables().items() %}
        {% set filters = variable_filters(name) if stage == 'numerator' else family_filters(variable.family) %}
        {% set deepest.column = [deepest.column, filters | length] | max %}
    {% endfor %}
    {{ return([level_ranks()['municipality'] + deepest.column, level_ranks().values() | max] | max) }}
{% endmacro %}

{# The columns of protected_cell that the steps work with. Argument: relation (alias, or none). Returns: select targets, one a line. #}
{% macro step_columns(relation=none) -%}
    {%- for column in [
        'reference_year', 'cell_id', 'total_id', 'parent_id', 'block_id', 'unit_id', 'column_id', 'level_rank', 'depth', 'is_root_unit', 'is_remainder', 'is_leaf',
        'cases', 'headroom'
    ] -%}
        {{ relation ~ '.' if relation }}{{ column }}{{ ',\n        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# All suppressed cells that a stage decides in its steps. With `complementary_masking` off (the proof that the attack test bites) none.
   Argument: stage. Returns: a query with reference_year and cell_id, one row a cell. #}
{% macro suppressed_in_steps(stage) -%}
    {%- if var('complementary_masking') -%}
        {%- for step in range(0, last_suppression_step(stage) + 1) -%}
    select reference_year, cell_id from {{ ref('suppress_' ~ stage ~ '_' ~ step) }}
    where {{ in_years_to_build('reference_year') }}
    {{ 'union all' if not loop.last }}
    {% endfor -%}
    {%- else -%}
    select reference_year, cell_id from {{ ref('suppress_' ~ stage ~ '_0') }}
    where false
    {%- endif -%}
{%- endmacro %}

{# The cells of one stage that must be suppressed: small cells, and the cells that would disclose them because they hold the same persons (the parent or the
   total of a suppressed cell that holds too few, or nothing else that could hold cases).
   Argument: relation, a CTE of protected_cell's tree columns with is_small and is_possible as they are in this stage.
   Returns: CTEs, the last one `needed`: the columns of `relation`, parent_cases, total_cases (null at the root), is_needed. #}
{% macro suppression_need(relation) -%}
{%- set threshold = var('small_cell_threshold') -%}
related as (

    select
        cell.*,
        parent.cases as parent_cases,
        total.cases as total_cases
    from {{ relation }} as cell
    left join {{ relation }} as parent on cell.parent_id = parent.cell_id
    left join {{ relation }} as total on cell.total_id = total.cell_id

),

-- companions: the cells of the same column or row that can hold cases
in_column as (

    select
        *,
        count(*) filter (where is_possible and coalesce(total_cases, 1) > 0) over (partition by parent_id) as column_companions
    from related

),

in_block as (

    select
        *,
        max(column_companions) over (partition by block_id) <= 1 as is_only_child
    from in_column

),

in_row as (

    select
        *,
        count(*) filter (where is_possible and coalesce(parent_cases, 1) > 0 and (is_root_unit or column_companions > 1))
            over (partition by total_id) as row_companions
    from in_block

),

surrounded as (

    select
        *,
        count(*) filter (where is_possible and (depth = 0 or (total_cases > 0 and row_companions > 1))) over (partition by parent_id) as firm_companions
    from in_row

),

-- from which cell the need passes on to which
passed_on as (

    select
        cell_id,
        parent_id as next_id
    from surrounded
    where not is_root_unit and (parent_cases < {{ threshold }} or firm_companions <= 1)
    union all
    select
        cell_id,
        total_id as next_id
    from surrounded
    where
        depth > 0
        -- an only child leaves it to its parent
        and (total_cases < {{ threshold }} or (row_companions <= 1 and (is_root_unit or not is_only_child)))

),

need as (

    select cell_id from {{ relation }}
    where is_small
    union
    select passed_on.next_id as cell_id
    from need
    inner join passed_on on need.cell_id = passed_on.cell_id

),

needed as (

    select
        related.*,
        need.cell_id is not null as is_needed
    from related
    left join need on related.cell_id = need.cell_id

)
{%- endmacro %}
