-- No suppressed count can be narrowed to an interval shorter than the threshold by the sums that it is in, the whole numbers that are published, the
-- denominator and the list that contain it, in two passes; and each has a proof. The passes look at every count of the years that this build computed,
-- one year at a time, numerators, denominators and remainders, and know nothing of the method that suppressed them. The linear programs of
-- tests/pytest/attacker.py find more, on small sources.
{{ config(group = 'disclosure') }}
{#- larger than any count, so that sums of such numbers are still whole numbers -#}
{%- set without_limit = 1000000000000 -%}

with cell as (

    select * from {{ ref('protected_cell') }}
    where {{ in_years_to_test('reference_year') }}

),

published as (

    select
        cell.cell_id,
        cell.denominator_id,
        publishable.is_numerator_suppressed,
        publishable.is_denominator_suppressed
    from {{ ref('publishable_cell') }} as publishable
    inner join cell
        on
            publishable.reference_year = cell.reference_year
            and publishable.series = cell.series
            and publishable.geo_level = cell.geo_level
            and publishable.geo_code = cell.geo_code
            and {{ same_filters('publishable', 'cell') }}

),

-- a count that one table suppresses and another publishes is known
suppressed as (

    select cell_id from published
    where is_numerator_suppressed
    union all
    select denominator_id as cell_id from published
    group by denominator_id
    having bool_and(is_denominator_suppressed)
    union all
    -- no table states a remainder: everybody can subtract, and only a small one is protected
    select cell_id from cell
    where is_remainder and is_small

),

unknown as (

    select cell_id from suppressed
    union
    select cell_id from cell
    where is_remainder

),

known as (

    select
        cell.cell_id,
        case when unknown.cell_id is null then cell.cases else 0 end as low,
        case when unknown.cell_id is null then cell.cases else {{ without_limit }} end as high
    from cell
    left join unknown on cell.cell_id = unknown.cell_id

),

-- what a count contains: its numerators that count its own persons or deliveries, and the lists within its list
inside as (

    select
        cell_id,
        denominator_id as around_id
    from cell
    where headroom is not null
    union all
    select
        cell.cell_id,
        cell.container_id as around_id
    from cell
    inner join cell as container on cell.container_id = container.cell_id
    where cell.container_id not in (
        select exceeding.container_id from cell as exceeding
        inner join cell as exceeded on exceeding.container_id = exceeded.cell_id
        where exceeding.cases > exceeded.cases
    )

),

column_of_series as (

    select * from {{ ref('suppression_column') }}

),

-- the sums: children and parent of a unit; values and total of a filter. The number of a line is that of its total, or of the unit without the filter, with
-- one digit more for the kind of the sum
line_of_cell as (

    select
        parent_id * 10 as line,
        cell_id,
        false as is_total
    from cell
    where not is_root_unit
    union all
    select
        cell_id * 10 as line,
        cell_id,
        true as is_total
    from cell
    {%- for filter in suppression_filters() %}
        union all
        select
            (cell.cell_id - cell.column_id + column_of_series.without_{{ filter }}_id) * 10 + {{ loop.index }} as line,
            cell.cell_id,
            cell.{{ filter }} = 'total' as is_total
        from cell
        inner join column_of_series
            on
                cell.series_id = column_of_series.series_id
                and cell.column_id = column_of_series.column_id
        where column_of_series.has_{{ filter }} and cell.geo_level <> 'statistical_sector'
    {%- endfor %}

),

-- only a sum with an unknown count says more than it publishes
line as (

    select line_of_cell.line
    from line_of_cell
    left join unknown on line_of_cell.cell_id = unknown.cell_id
    group by line_of_cell.line
    having count(unknown.cell_id) > 0 and bool_or(line_of_cell.is_total) and not bool_and(line_of_cell.is_total)

),

member as (

    select
        line_of_cell.line,
        line_of_cell.cell_id,
        line_of_cell.is_total
    from line_of_cell
    inner join line on line_of_cell.line = line.line

),

{{ narrow_bounds('once', 'known') }},

{{ narrow_bounds('twice', 'once') }},

failure as (

    select
        cell.series || ' ' || cell.reference_year || ' ' || cell.geo_level || ' ' || cell.geo_code
        || {{ values_in_words(suppression_filters(), 'cell') }} as item,
        case
            when bound.high < bound.low then 'the published counts contradict each other'
            when bound.high - bound.low < {{ var('small_cell_threshold') }} then 'suppressed, but published counts leave fewer values than the threshold'
            when proof.cell_id is null then 'small or suppressed, but no cell of the suppression'
            when proof.proven_below + proof.proven_above < {{ var('small_cell_threshold') }} then 'suppressed without proof'
        end as failure_reason
    from suppressed
    inner join cell on suppressed.cell_id = cell.cell_id
    inner join twice as bound on suppressed.cell_id = bound.cell_id
    left join {{ ref('suppressed_cell') }} as proof on suppressed.cell_id = proof.cell_id

)

select * from failure
where failure_reason is not null
