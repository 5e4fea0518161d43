{# Small cells: the decision which published cells are hidden, primary and complementary, as set operations.

   Every published figure of a year stands in a table of geographic units by columns. Both sides are trees. The tree of units is country, region, ...,
   statistical sector, or country, hospital. The tree of columns of a family is
       imaging               total > age
       deliveries, caesareans total > age > age x increased reimbursement
       prenatal acts         total > type > type x age > type x age x increased reimbursement
   The margins outside the tree of columns (increased reimbursement over all ages, say) are hidden where one of their summands is, unless
   they follow from published cells anyway (hidden_without_derived_cells).

   A **block** is a unit's children by a column's children. One row of the block, its **hub**, and one or few columns, its **exchange**, make the
   protection: a hidden cell may grow at the cost of the row's exchange cell, while the hub shrinks in the cell's column and grows in the exchange.
   The block is safe when (with t the threshold)
       every row that takes part hides cases of at least t (or all it has), in at least two cells unless its own total is hidden;
       every column that takes part does so too, unless the parent's cell is hidden;
       the hub takes part in every column, the exchange in every row.
   Blocks depend on their neighbours only through the parent's cell and the row's total, so they are decided from the top down, along the diagonals
   level + depth = 0, 1, 2, ...: one model a step. Nothing is decided twice and no step needs to be repeated. #}

{# How deep the levels lie in the tree of units. Returns: a mapping from level to rank. #}
{% macro masking_level_ranks() %}
    {{ return(level_ranks()) }}
{% endmacro %}

{# The last step (level + depth) of a stage, 'denominator' or 'numerator'. Returns: an integer. #}
{% macro last_masking_step(stage) %}
    {%- if stage not in ['denominator', 'numerator'] -%}
        {{ exceptions.raise_compiler_error("last_masking_step: stage must be denominator or numerator, not '" ~ stage ~ "'") }}
    {%- endif -%}
    {{ return({'denominator': 6, 'numerator': 7}[stage]) }}
{% endmacro %}

{# Stops before any work when the threshold cannot be meant: it is a whole number, 0 (publish everything) or more. Raises a compiler error. #}
{% macro validate_threshold() %}
    {%- set threshold = var('small_cell_threshold') -%}
    {%- if not modules.re.match('^[0-9]+$', threshold | string) -%}
        {{ exceptions.raise_compiler_error("small_cell_threshold is '" ~ threshold ~ "'; give a whole number: 0 publishes everything, 5 hides groups of 1 to 4 persons.") }}
    {%- endif -%}
{% endmacro %}

{# True for a group that is too small to publish: 1 to threshold - 1. 0 is publishable. Argument: persons (SQL integer). Returns: boolean expression. #}
{% macro is_small_group(persons) -%}
    ({{ persons }} > 0 and {{ persons }} < {{ var('small_cell_threshold') }})
{%- endmacro %}

{# Adds to every row what its line holds: the same as window functions over the line, in a third of the time, because grouping hashes where a window sorts.
   Arguments: name of the CTE to define; source, the CTE to read; line, the columns that tell lines apart (null is a value like any other); counts, a mapping
   of new columns to aggregates over the line. Returns: two CTEs, the last one `name`: the columns of `source` and the counts. #}
{% macro with_line_counts(name, source, line, counts) -%}
{{ name }}_line as (

    select
        {{ line | join(',\n        ') }},
        {%- for column, aggregate in counts.items() %}
        {{ aggregate }} as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ source }}
    group by {{ line | join(', ') }}

),

{{ name }} as (

    select
        {{ source }}.*,
        {%- for column in counts %}
        {{ name }}_line.{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ source }}
    inner join {{ name }}_line
        on
            {%- for column in line %}
            {{ 'and ' if not loop.first }}{{ source }}.{{ column }} is not distinct from {{ name }}_line.{{ column }}
            {%- endfor %}

)
{%- endmacro %}

{# Places every cell of a stage in its two trees and closes the need to hide over them: a hidden cell whose parent is small, or whose parent holds nothing
   beside it, would be read off its parent, so that the parent is hidden too.
   Expects a CTE `stated` with reference_year, series, geo_level, geo_code, column_code, parent_column (null at the root), depth, is_leaf, cases, room
   (how many more cases the cell could hold; null: any number), is_possible (it can hold cases at all), is_small.
   Returns: further CTEs, the last one `cell`: the columns of `stated` and level_rank, parent_level, parent_code, parent_cases, row_cases, is_needed. #}
{% macro place_cells() %}
level as (

    {% for level, rank in masking_level_ranks().items() -%}
    select '{{ level }}' as geo_level, {{ rank }} as level_rank{{ '\n    union all' if not loop.last }}
    {% endfor %}
),

unit as (

    select
        geo_level,
        geo_code,
        parent_level,
        parent_code
    from geographic_unit
    union all
    select distinct
        'hospital' as geo_level,
        geo_code,
        'country' as parent_level,
        country_code as parent_code
    from stated
    cross join (select geo_code as country_code from geographic_unit where geo_level = 'country') as country
    where geo_level = 'hospital'

),

rooted as (

    select
        stated.*,
        level.level_rank,
        unit.parent_level,
        unit.parent_code
    from stated
    inner join level on stated.geo_level = level.geo_level
    inner join unit
        on
            stated.geo_level = unit.geo_level
            and stated.geo_code = unit.geo_code

),

related as (

    select
        rooted.*,
        parent.cases as parent_cases,
        row_total.cases as row_cases
    from rooted
    left join rooted as parent
        on
            rooted.reference_year = parent.reference_year
            and rooted.series = parent.series
            and rooted.parent_level = parent.geo_level
            and rooted.parent_code = parent.geo_code
            and rooted.column_code = parent.column_code
    left join rooted as row_total
        on
            rooted.reference_year = row_total.reference_year
            and rooted.series = row_total.series
            and rooted.geo_level = row_total.geo_level
            and rooted.geo_code = row_total.geo_code
            and rooted.parent_column = row_total.column_code

),

-- a cell can hide among the cells of its column and of its row that are not known to be 0 and are not alone themselves
{{ with_line_counts('with_column', 'related', ['reference_year', 'series', 'geo_level', 'parent_code', 'column_code'], {
    'column_companions': 'count(*) filter (where is_possible and coalesce(row_cases, 1) > 0)'
}) }},

{{ with_line_counts('with_block', 'with_column', ['reference_year', 'series', 'geo_level', 'parent_code', 'parent_column'], {
    'is_only_child': 'max(column_companions) <= 1'
}) }},

{{ with_line_counts('with_row', 'with_block', ['reference_year', 'series', 'geo_level', 'geo_code', 'parent_column'], {
    'row_companions': 'count(*) filter (where is_possible and coalesce(parent_cases, 1) > 0 and (parent_code is null or column_companions > 1))'
}) }},

{{ with_line_counts('surrounded', 'with_row', ['reference_year', 'series', 'geo_level', 'parent_code', 'column_code'], {
    'firm_companions': 'count(*) filter (where is_possible and (parent_column is null or (row_cases > 0 and row_companions > 1)))'
}) }},

-- from which cell the need passes on to which
step as (

    select
        reference_year,
        series,
        geo_level,
        geo_code,
        column_code,
        parent_level as next_level,
        parent_code as next_code,
        column_code as next_column
    from surrounded
    where
        parent_code is not null
        and (parent_cases < {{ var('small_cell_threshold') }} or firm_companions <= 1)
    union all
    select
        reference_year,
        series,
        geo_level,
        geo_code,
        column_code,
        geo_level as next_level,
        geo_code as next_code,
        parent_column as next_column
    from surrounded
    where
        parent_column is not null
        -- an only child leaves it to its parent
        and (row_cases < {{ var('small_cell_threshold') }} or (row_companions <= 1 and (parent_code is null or not is_only_child)))

),

need as (

    select
        reference_year,
        series,
        geo_level,
        geo_code,
        column_code
    from rooted
    where is_small
    union
    select
        step.reference_year,
        step.series,
        step.next_level as geo_level,
        step.next_code as geo_code,
        step.next_column as column_code
    from need
    inner join step
        on
            need.reference_year = step.reference_year
            and need.series = step.series
            and need.geo_level = step.geo_level
            and need.geo_code = step.geo_code
            and need.column_code = step.column_code

),

cell as (

    select
        related.*,
        need.geo_code is not null as is_needed
    from related
    left join need
        on
            related.reference_year = need.reference_year
            and related.series = need.series
            and related.geo_level = need.geo_level
            and related.geo_code = need.geo_code
            and related.column_code = need.column_code

)
{%- endmacro %}

{# The condition that joins two relations of cells. Arguments: left, right (aliases), filters (columns of both beside year and unit). Returns: SQL condition. #}
{% macro same_cell(left, right, filters=[]) -%}
    {%- for column in ['reference_year', 'geo_level', 'geo_code'] + filters -%}
        {{ left }}.{{ column }} = {{ right }}.{{ column }}{{ ' and ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# What a block hands from CTE to CTE, beside `is_hidden`. Argument: relation (alias). Returns: text. #}
{% macro block_columns(relation) -%}
    {%- for column in ['block_number', 'geo_code', 'column_code', 'cases', 'row_cases', 'is_open', 'is_carried', 'is_hub', 'is_exchange', 'column_cases',
        'row_floor', 'row_quota', 'row_large', 'column_floor', 'column_quota', 'column_large'] -%}
        {{ relation }}.{{ column }}{{ ',\n        ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# Adds to the blocks what hub and exchange must hide with the cells that are hidden already.
   Arguments: name of the CTE to define, source (name of the CTE to read). #}
{% macro close_blocks(name, source) %}
{{ name }}_row as (

    select
        block_number,
        geo_code,
        bool_or(is_hub) as is_hub
    from {{ source }}
    group by block_number, geo_code
    having bool_or(is_hidden or is_open)

),

{{ name }}_column as (

    select
        block_number,
        column_code
    from {{ source }}
    group by block_number, column_code
    having bool_or(is_hidden or is_carried)

),

{{ name }}_partner as (

    select distinct block_number
    from {{ name }}_row
    where not is_hub

),

{{ name }} as (

    select
        {{ block_columns(source) }},
        {{ source }}.is_hidden
        or ({{ source }}.is_hub and {{ name }}_column.block_number is not null)
        or (
            {{ source }}.is_exchange
            and {{ name }}_partner.block_number is not null
            and ({{ source }}.is_hub or {{ name }}_row.block_number is not null)
        ) as is_hidden
    from {{ source }}
    left join {{ name }}_row
        on
            {{ source }}.block_number = {{ name }}_row.block_number
            and {{ source }}.geo_code = {{ name }}_row.geo_code
    left join {{ name }}_column
        on
            {{ source }}.block_number = {{ name }}_column.block_number
            and {{ source }}.column_code = {{ name }}_column.column_code
    left join {{ name }}_partner on {{ source }}.block_number = {{ name }}_partner.block_number

)
{%- endmacro %}

{# Chooses further cells to hide in lines that lack something, in this order: where the line lacks a large cell, large ones; those of crossing lines that
   take part anyway; the smallest that is enough alone; the largest.
   Arguments: name of the CTE to define; source, a CTE of the cells that may be chosen, with block_number, geo_code, column_code, cases, is_part and what their
   line lacks (lacking_cases, lacking_cells, lacks_large); along, the columns that tell lines apart; across, the one that tells the cells of a line apart.
   Returns: two CTEs, the last one `name`: block_number, geo_code, column_code of the cells that were chosen. #}
{% macro choose_cells(name, source, along, across) %}
{{ name }}_ranked as (

    select
        *,
        row_number() over preference as candidate_rank,
        sum(cases) over preference - cases as cases_before
    from {{ source }}
    window
        preference as (
            partition by {{ along | join(', ') }}
            order by
                (lacks_large and cases >= {{ var('small_cell_threshold') }}) desc,
                (lacks_large and cases >= {{ 12 * (var('small_cell_threshold') | int) }}) desc,
                (is_part and cases > 0) desc,
                cases >= lacking_cases desc,
                case when cases >= lacking_cases then cases else -cases end,
                {{ across }}
            rows between unbounded preceding and current row
        )

),

{{ name }} as (

    select
        block_number,
        geo_code,
        column_code
    from {{ name }}_ranked
    where
        candidate_rank <= lacking_cells
        or (lacks_large and candidate_rank = 1)
        or cases_before < lacking_cases

)
{%- endmacro %}

{# Hides further cells of each row ('row') or column ('column') that takes part, until it holds what the block asks for. Arguments: name, source, line. #}
{% macro top_up_blocks(name, source, line) %}
{%- set along = {'row': 'geo_code', 'column': 'column_code'}[line] -%}
{%- set across = {'row': 'column_code', 'column': 'geo_code'}[line] -%}
{{ name }}_line as (

    select
        block_number,
        {{ along }},
        max({{ line }}_floor) - coalesce(sum(cases) filter (where is_hidden), 0) as lacking_cases,
        max({{ line }}_quota) - count(*) filter (where is_hidden) as lacking_cells,
        coalesce(max(cases) filter (where is_hidden), 0) < max({{ line }}_large) as lacks_large
    from {{ source }}
    group by block_number, {{ along }}
    having bool_or(is_hidden or {{ {'row': 'is_open', 'column': 'is_carried'}[line] }})

),

{{ name }}_crossing as (

    select distinct
        block_number,
        {{ across }}
    from {{ source }}
    where is_hidden

),

{{ name }}_candidate as (

    select
        {{ source }}.block_number,
        {{ source }}.geo_code,
        {{ source }}.column_code,
        {{ source }}.cases,
        {{ name }}_line.lacking_cases,
        {{ name }}_line.lacking_cells,
        {{ name }}_line.lacks_large,
        {{ name }}_crossing.block_number is not null as is_part
    from {{ source }}
    inner join {{ name }}_line
        on
            {{ source }}.block_number = {{ name }}_line.block_number
            and {{ source }}.{{ along }} = {{ name }}_line.{{ along }}
    left join {{ name }}_crossing
        on
            {{ source }}.block_number = {{ name }}_crossing.block_number
            and {{ source }}.{{ across }} = {{ name }}_crossing.{{ across }}
    where
        not {{ source }}.is_hidden
        and ({{ name }}_line.lacking_cases > 0 or {{ name }}_line.lacking_cells > 0 or {{ name }}_line.lacks_large)

),

{{ choose_cells(name ~ '_choice', name ~ '_candidate', ['block_number', along], across) }},

{{ name }} as (

    select
        {{ block_columns(source) }},
        {{ source }}.is_hidden or {{ name }}_choice.block_number is not null as is_hidden
    from {{ source }}
    left join {{ name }}_choice
        on
            {{ source }}.block_number = {{ name }}_choice.block_number
            and {{ source }}.geo_code = {{ name }}_choice.geo_code
            and {{ source }}.column_code = {{ name }}_choice.column_code

)
{%- endmacro %}

{# The cells that one step hides: all blocks with level + depth = step.
   Arguments: stage ('denominator' or 'numerator'), step (integer from 0 to last_masking_step(stage)).
   Returns: a query with reference_year, series, geo_level, geo_code, column_code; one row a hidden cell. #}
{% macro masking_step(stage, step) %}
{%- if step < 0 or step > last_masking_step(stage) -%}
    {{ exceptions.raise_compiler_error("masking_step: step " ~ step ~ " lies outside 0 to " ~ last_masking_step(stage) ~ " of the stage " ~ stage) }}
{%- endif -%}
{%- set limit = var('small_cell_threshold') | int -%}
with placed as (

    select * from {{ ref('int_mask_' ~ stage ~ '_cell') }}
    where level_rank + depth = {{ step }}

),

hidden_before as (

    {% if step == 0 -%}
    select
        reference_year,
        series,
        geo_level,
        geo_code,
        column_code
    from placed
    where false
    {%- else -%}
    select * from {{ ref('int_mask_' ~ stage ~ '_' ~ (step - 1)) }}
    {%- endif %}

),

-- a cell that is known to be 0, because its row, its parent or its denominator is 0 and published, can hide nothing
candidate as (

    select
        placed.reference_year,
        placed.series,
        placed.geo_level,
        coalesce(placed.parent_code, '-') as parent_code,
        coalesce(placed.parent_column, '-') as parent_column,
        placed.geo_code,
        placed.column_code,
        placed.depth,
        placed.is_leaf,
        placed.level_rank,
        placed.cases,
        coalesce(placed.row_cases, 0) as row_cases,
        placed.is_needed,
        row_total.geo_code is not null as is_open,
        parent.geo_code is not null as is_carried,
        placed.cases >= {{ limit }} and coalesce(placed.room, {{ limit }}) >= {{ limit }} as is_firm
    from placed
    left join hidden_before as row_total
        on
            placed.reference_year = row_total.reference_year
            and placed.series = row_total.series
            and placed.geo_level = row_total.geo_level
            and placed.geo_code = row_total.geo_code
            and placed.parent_column = row_total.column_code
    left join hidden_before as parent
        on
            placed.reference_year = parent.reference_year
            and placed.series = parent.series
            and placed.parent_level = parent.geo_level
            and placed.parent_code = parent.geo_code
            and placed.column_code = parent.column_code
    where
        placed.is_possible
        and (placed.parent_column is null or placed.row_cases > 0 or row_total.geo_code is not null)
        and (placed.parent_code is null or placed.parent_cases > 0 or parent.geo_code is not null)

),

-- nor can a cell that is alone in its column under a published parent, or alone in its row beside a published total: without it, others may be alone.
-- A region is never alone: people without a known address belong to the country as well
{% for pass, source, line in [('column_candidate', 'candidate', 'column'), ('row_candidate', 'column_candidate', 'row'), ('companion', 'row_candidate', 'column')] -%}
{%- set keys = ['reference_year', 'series', 'geo_level'] + {'column': ['parent_code', 'column_code'], 'row': ['geo_code', 'parent_column']}[line] -%}
{{ pass }}_alone as (

    select {{ keys | join(', ') }}
    from {{ source }}
    group by {{ keys | join(', ') }}
    having
        count(*) = 1
        {%- if line == 'column' %}
        and not bool_or(depth = 0 or is_needed or is_carried or geo_level in ('country', 'region'))
        {%- else %}
        and not bool_or(depth = 0 or is_needed or is_open)
        {%- endif %}

),

{{ pass }} as (

    select {{ source }}.*
    from {{ source }}
    left join {{ pass }}_alone
        on
            {%- for column in keys %}
            {{ 'and ' if not loop.first }}{{ source }}.{{ column }} = {{ pass }}_alone.{{ column }}
            {%- endfor %}
    where {{ pass }}_alone.series is null

),

{% endfor -%}
-- the blocks in which something is to be hidden. People without a known address belong to the country but to no region: a region is never an only child
block as (

    select
        reference_year,
        series,
        geo_level,
        parent_code,
        parent_column,
        max(depth) as depth,
        geo_level not in ('country', 'region') and count(distinct geo_code) = 1 as is_single_row,
        max(depth) > 0 and count(distinct column_code) = 1 as is_single_column,
        row_number() over (order by reference_year, series, geo_level, parent_code, parent_column) as block_number
    from companion
    group by reference_year, series, geo_level, parent_code, parent_column
    having bool_or(is_needed or is_open or is_carried)

),

numbered as (

    select
        block.block_number,
        block.is_single_row,
        block.is_single_column,
        companion.geo_code,
        companion.column_code,
        companion.depth,
        companion.is_leaf,
        companion.level_rank,
        companion.cases,
        companion.row_cases,
        companion.is_needed,
        companion.is_open,
        companion.is_carried,
        companion.is_firm
    from companion
    inner join block
        on
            companion.reference_year = block.reference_year
            and companion.series = block.series
            and companion.geo_level = block.geo_level
            and companion.parent_code = block.parent_code
            and companion.parent_column = block.parent_column

),

-- depth 0: a line of units under a published or hidden parent, without rows to look after
line_state as (

    select
        block_number,
        least({{ limit }}, sum(cases)) - coalesce(sum(cases) filter (where is_needed), 0) as lacking_cases,
        case when bool_or(is_carried) or max(level_rank) = 0 then 1 else least(2, count(*)) end - count(*) filter (where is_needed) as lacking_cells,
        -- below a cell that is no leaf a hub is needed: one hidden row with enough cases, where there is one
        not bool_and(is_leaf) and coalesce(max(cases) filter (where is_needed), 0) < least({{ limit }}, max(cases)) as lacks_large
    from numbered
    where depth = 0 and not is_single_row
    group by block_number

),

line_candidate as (

    select
        numbered.block_number,
        numbered.geo_code,
        numbered.column_code,
        numbered.cases,
        line_state.lacking_cases,
        line_state.lacking_cells,
        line_state.lacks_large,
        false as is_part
    from numbered
    inner join line_state on numbered.block_number = line_state.block_number
    where
        not numbered.is_needed
        and (line_state.lacking_cases > 0 or line_state.lacking_cells > 0 or line_state.lacks_large)

),

{{ choose_cells('line_choice', 'line_candidate', ['block_number'], 'geo_code') }},

gridded as (

    select *
    from numbered
    where depth > 0 and not is_single_row and not is_single_column

),

{{ with_line_counts('with_columns', 'gridded', ['block_number', 'column_code'], {
    'is_column_part': 'bool_or(is_needed or is_carried)',
    'column_cases': 'sum(cases)',
    'column_cells': 'count(*)',
    'column_largest': 'max(cases)'
}) }},

{{ with_line_counts('active', 'with_columns', ['block_number', 'geo_code'], {
    'is_row_part': 'bool_or(is_needed or is_open)',
    'row_cells': 'count(*)'
}) }},

-- the row that carries the exchange: open if any row is, large enough, and firm in as many of the columns as possible
hub as (

    select
        block_number,
        geo_code as hub_code
    from active
    group by block_number, geo_code
    qualify
        row_number() over (
            partition by block_number
            order by
                bool_or(is_open) desc,
                max(row_cases) >= {{ limit }} desc,
                bool_or(is_firm) desc,
                count(*) filter (where is_column_part and not is_firm),
                case when count(*) filter (where is_column_part and not is_firm) = 0 then max(row_cases) else -max(row_cases) end,
                geo_code
        ) = 1

),

hub_placed as (

    select
        active.*,
        active.geo_code = hub.hub_code as is_hub
    from active
    inner join hub on active.block_number = hub.block_number

),

-- the column in which most rows that take part have enough; few cases first
column_ranked as (

    select
        block_number,
        column_code,
        max(case when is_hub then cases end) as hub_cases,
        max(case when is_hub then row_cases end) as hub_row_cases,
        row_number() over (
            partition by block_number
            order by
                bool_or(is_hub and is_firm) desc,
                count(*) filter (where is_row_part or is_hub) desc,
                count(*) filter (where (is_row_part or is_hub) and is_firm) desc,
                bool_or(is_column_part),
                sum(cases) filter (where is_row_part or is_hub),
                column_code
        ) as preference
    from hub_placed
    group by block_number, column_code
    having bool_or(is_hub)

),

exchange as (

    select
        block_number,
        column_code
    from column_ranked
    qualify
        preference = 1
        or coalesce(sum(hub_cases) over (
            partition by block_number
            order by preference = 1 desc, hub_cases desc, column_code
            rows between unbounded preceding and 1 preceding
        ), 0) < least({{ limit }}, hub_row_cases)

),

started as (

    select
        hub_placed.block_number,
        hub_placed.geo_code,
        hub_placed.column_code,
        hub_placed.cases,
        hub_placed.row_cases,
        hub_placed.is_open,
        hub_placed.is_carried,
        hub_placed.is_hub,
        exchange.column_code is not null as is_exchange,
        hub_placed.column_cases,
        -- the country hides more: where all of it lies in one region, that region's row is almost the same, and has to move by itself
        least(case when hub_placed.level_rank = 0 then {{ 2 * limit }} else {{ limit }} end, hub_placed.row_cases) as row_floor,
        case when hub_placed.is_open then 1 else least(2, hub_placed.row_cells) end as row_quota,
        0 as row_large,
        least({{ limit }}, hub_placed.column_cases) as column_floor,
        case when hub_placed.is_carried or hub_placed.level_rank = 0 then 1 else least(2, hub_placed.column_cells) end as column_quota,
        case when hub_placed.is_leaf then 0 else least({{ limit }}, hub_placed.column_largest) end as column_large,
        hub_placed.is_needed as is_hidden
    from hub_placed
    left join exchange
        on
            hub_placed.block_number = exchange.block_number
            and hub_placed.column_code = exchange.column_code

),

{{ close_blocks('closed', 'started') }},

{{ top_up_blocks('rows_topped', 'closed', 'row') }},

{{ close_blocks('rows_closed', 'rows_topped') }},

{{ top_up_blocks('columns_topped', 'rows_closed', 'column') }},

{{ close_blocks('columns_closed', 'columns_topped') }},

{{ top_up_blocks('rows_topped_again', 'columns_closed', 'row') }},

{{ close_blocks('last_closed', 'rows_topped_again') }},

-- the conditions of the safe block, once more, for what stands now
lacking_block as (

    select block_number
    from last_closed
    group by block_number, geo_code
    having
        bool_or(is_hidden or is_open)
        and (
            coalesce(sum(cases) filter (where is_hidden), 0) < max(row_floor)
            or count(*) filter (where is_hidden) < max(row_quota)
        )
    union
    select block_number
    from last_closed
    group by block_number, column_code
    having
        bool_or(is_hidden or is_carried)
        and (
            coalesce(sum(cases) filter (where is_hidden), 0) < max(column_floor)
            or count(*) filter (where is_hidden) < max(column_quota)
            or coalesce(max(cases) filter (where is_hidden), 0) < max(column_large)
        )

),

lacking as (

    select
        last_closed.*,
        dense_rank() over (
            partition by last_closed.block_number
            order by last_closed.is_hub desc, last_closed.is_open desc, last_closed.row_cases desc, last_closed.geo_code
        ) as row_rank,
        dense_rank() over (
            partition by last_closed.block_number
            order by last_closed.is_exchange desc, last_closed.column_cases desc, last_closed.column_code
        ) as column_rank
    from last_closed
    inner join lacking_block on last_closed.block_number = lacking_block.block_number

),

chosen as (

    select
        block_number,
        geo_code,
        column_code
    from last_closed
    where is_hidden
    union all
    -- a block that is still not safe is hidden whole: all its cells with cases, and its two largest rows and columns
    select
        block_number,
        geo_code,
        column_code
    from lacking
    where not is_hidden and (cases > 0 or row_rank <= 2 or column_rank <= 2)
    union all
    select
        block_number,
        geo_code,
        column_code
    from numbered
    where
        -- small itself: an only sector is not its municipality, whose other people have no known sector
        (is_needed and (depth = 0 or is_single_row or is_single_column))
        -- an only child reads as its parent, an only column as its row
        or (is_single_row and is_carried)
        or (is_single_column and is_open and not is_single_row)
    union all
    select
        block_number,
        geo_code,
        column_code
    from line_choice

),

hidden as (

    select
        block.reference_year,
        block.series,
        block.geo_level,
        chosen.geo_code,
        chosen.column_code
    from chosen
    inner join block on chosen.block_number = block.block_number

)

select * from hidden
{% endmacro %}

{# All cells that a stage hides. With `complementary_masking` off (the proof that the attack bites) only the small groups themselves.
   Returns: a query with reference_year, series, geo_level, geo_code, column_code; one row a hidden cell. #}
{% macro hidden_cells(stage) %}
    {%- if var('complementary_masking') -%}
        {%- for step in range(0, last_masking_step(stage) + 1) -%}
    select * from {{ ref('int_mask_' ~ stage ~ '_' ~ step) }}
    union
    {% endfor -%}
    {%- endif %}
    -- whatever the blocks decided, a small group is never published
    select
        reference_year,
        series,
        geo_level,
        geo_code,
        column_code
    from {{ ref('int_mask_' ~ stage ~ '_cell') }}
    where is_small
{% endmacro %}

{# The columns of a table in their tree. A column's code holds the values of its filters in the tree's order, its parent has 'total' in the last filter that
   has another value; a combination with 'total' before another value stands outside the tree. Arguments: filters (column names, in the tree's order),
   relation (the alias that holds them, or none). Each returns a SQL expression: text; text, null at the root; integer; boolean. #}
{% macro column_code(filters, relation=none) -%}
    {%- for filter in filters -%}
        {{ relation ~ '.' if relation }}{{ filter }}{{ " || '|' || " if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{% macro parent_column(filters, relation=none) -%}
    case
    {%- for filter in filters | reverse %}
        when {{ relation ~ '.' if relation }}{{ filter }} <> 'total'
            then {% for kept in filters -%}
                {%- if filters.index(kept) < filters.index(filter) -%}
                    {{ relation ~ '.' if relation }}{{ kept }} || '|' || {% else -%}
                    'total{{ '|' if not loop.last }}'{{ ' || ' if not loop.last }}
                {%- endif -%}
            {%- endfor %}
    {%- endfor %}
    end
{%- endmacro %}

{% macro column_depth(filters, relation=none) -%}
    {%- for filter in filters -%}
        case when {{ relation ~ '.' if relation }}{{ filter }} <> 'total' then 1 else 0 end{{ ' + ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{% macro is_tree_column(filters, relation=none) -%}
    {%- for filter in filters -%}
        {%- if not loop.first -%}
            ({{ relation ~ '.' if relation }}{{ loop.previtem }} <> 'total' or {{ relation ~ '.' if relation }}{{ filter }} = 'total'){{ ' and ' if not loop.last }}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}

{# True where a row of int_imaging_cell is hidden, or belongs to the years before the age classes are published. Argument: hidden, the alias of the joined
   hidden cells. Returns: boolean expression over the aliases `cell` and `hidden`. #}
{% macro is_hidden_or_unpublished(hidden) -%}
    {%- if var('small_cell_threshold') | int == 0 -%}
        false
    {%- else -%}
        ({{ hidden }}.geo_code is not null or (cell.age_category <> 'total' and cell.reference_year < {{ var('first_filter_year') }}))
    {%- endif -%}
{%- endmacro %}

{# The hidden cells of one series by its filters, with the margins that stand outside the tree of columns: such a margin is hidden where one of its
   summands is. Arguments: stage, series (text), filters (column names in the tree's order, may be empty).
   Returns: a query with reference_year, geo_level, geo_code and the filters; one row a hidden cell. #}
{% macro hidden_cells_with_margins(stage, series, filters) -%}
    select distinct
        hidden.reference_year,
        hidden.geo_level,
        hidden.geo_code
        {%- for filter in filters %},
        case
            when split_part(hidden.column_code, '|', {{ loop.index }}) = 'total' or margin.total_{{ loop.index }} then 'total'
            else split_part(hidden.column_code, '|', {{ loop.index }})
        end as {{ filter }}
        {%- endfor %}
    from (

        {{ hidden_cells(stage) }}

    ) as hidden
    {%- if filters %}
    inner join (

        {% for margin in outer_margins(filters | length) -%}
        select {{ margin.depth }} as depth{% for total in margin.totals %}, {{ total | lower }} as total_{{ loop.index }}{% endfor %}
        {{ 'union all' if not loop.last }}
        {% endfor %}
    ) as margin
        on margin.depth = 0 or margin.depth = {% for filter in filters -%}
            case when split_part(hidden.column_code, '|', {{ loop.index }}) <> 'total' then 1 else 0 end{{ ' + ' if not loop.last }}
        {%- endfor %}
    {%- endif %}
    where hidden.series = '{{ series }}'
{%- endmacro %}

{# The margins over an earlier filter while a later one is kept, by the depth of the cells that they sum. Argument: size, the number of filters.
   Returns: a list of {depth, totals}; the first, of depth 0, is the cell itself. #}
{% macro outer_margins(size) %}
    {%- set margins = [{'depth': 0, 'totals': [false] * size}] -%}
    {%- if size == 2 -%}
        {%- do margins.append({'depth': 2, 'totals': [true, false]}) -%}
    {%- elif size == 3 -%}
        {%- do margins.append({'depth': 2, 'totals': [true, false, false]}) -%}
        {%- do margins.append({'depth': 3, 'totals': [true, false, false]}) -%}
        {%- do margins.append({'depth': 3, 'totals': [false, true, false]}) -%}
        {%- do margins.append({'depth': 3, 'totals': [true, true, false]}) -%}
    {%- endif -%}
    {{ return(margins) }}
{% endmacro %}

{# Cells that need not be hidden. A margin outside the tree of columns is hidden with its summands, and a 0 may serve a block in vain: where every other
   cell of a sum is published, everybody can subtract, and hiding the last one protects nothing. Such a cell is published after all, unless it is a small
   group itself. What is known stays the same, so that no other cell becomes less safe.
   The sums are a unit's total of each filter, and a unit with its children (not the country's, which counts people without a known address as well).
   Expects a CTE `unit` with geo_level, geo_code, parent_level, parent_code. Arguments: name of the CTE to define; source, a CTE with the complete grid of
   reference_year, units and filters; hidden, small, conditions on it (SQL): what is decided to be hidden, what must stay so; filters, in the tree's order.
   Returns: further CTEs, the last one `name`: reference_year, geo_level, geo_code and the filters of the cells that stay hidden. #}
{% macro hidden_without_derived_cells(name, source, hidden, small, filters) %}
{%- set keys %}reference_year, geo_level, geo_code, {{ filters | join(', ') }}{% endset -%}
{%- set passes = 2 -%}
{{ name }}_pass_0 as (

    select
        {{ source }}.reference_year,
        {{ source }}.geo_level,
        {{ source }}.geo_code,
        {%- for filter in filters %}
        {{ source }}.{{ filter }},
        {%- endfor %}
        unit.parent_level,
        unit.parent_code,
        not ({{ small }}) as may_be_open,
        {{ hidden }} as is_hidden
    from {{ source }}
    inner join unit
        on
            {{ source }}.geo_level = unit.geo_level
            and {{ source }}.geo_code = unit.geo_code

),

{% for pass in range(passes) -%}
{%- set from = name ~ '_pass_' ~ pass -%}
{%- set to = name ~ '_pass_' ~ (pass + 1) -%}
{%- set chain = namespace(source=from) -%}
{%- for filter in filters -%}
{{ with_line_counts(to ~ '_along_' ~ filter, chain.source, ['reference_year', 'geo_level', 'geo_code'] + (filters | reject('equalto', filter) | list), {
    'hidden_along_' ~ filter: 'count(*) filter (where is_hidden)'
}) }},

{% set chain.source = to ~ '_along_' ~ filter -%}
{%- endfor -%}
{{ with_line_counts(to ~ '_line', chain.source, ['reference_year', 'parent_level', 'parent_code'] + filters, {
    'hidden_beside': 'count(*) filter (where is_hidden)'
}) }},

{{ to }}_below as (

    select
        reference_year,
        parent_level as geo_level,
        parent_code as geo_code,
        {%- for filter in filters %}
        {{ filter }},
        {%- endfor %}
        max(hidden_beside) as hidden_below
    from {{ to }}_line
    where geo_level <> 'region'
    group by reference_year, parent_level, parent_code, {{ filters | join(', ') }}

),

{{ to }} as (

    select
        line.reference_year,
        line.geo_level,
        line.geo_code,
        {%- for filter in filters %}
        line.{{ filter }},
        {%- endfor %}
        line.parent_level,
        line.parent_code,
        line.may_be_open,
        line.is_hidden and not (
            line.may_be_open
            and (
                {%- for filter in filters %}
                line.hidden_along_{{ filter }} = 1
                or
                {%- endfor %} coalesce(below.hidden_below = 0, false)
                or (line.geo_level <> 'region' and line.hidden_beside = 1 and coalesce(not parent.is_hidden, false))
            )
        ) as is_hidden
    from {{ to }}_line as line
    left join {{ from }} as parent
        on
            line.reference_year = parent.reference_year
            and line.parent_level = parent.geo_level
            and line.parent_code = parent.geo_code
            {%- for filter in filters %}
            and line.{{ filter }} = parent.{{ filter }}
            {%- endfor %}
    left join {{ to }}_below as below on {{ same_cell('line', 'below', filters) }}

),

{% endfor -%}
{{ name }} as (

    select {{ keys }}
    from {{ name }}_pass_{{ passes }}
    where is_hidden

)
{%- endmacro %}
