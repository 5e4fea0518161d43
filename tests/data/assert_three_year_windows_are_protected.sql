-- No suppressed count of three years, and no suppressed window, can be narrowed to an interval shorter than the threshold once the published windows are known:
-- by the sums over units, filters and years that it is in, whole numbers, and the deliveries that contain it, in two passes; and each has a proof. The passes
-- read what is published (`released_cell`, `three_year_window`) and know nothing of the method that suppressed the windows.
{{ config(group = 'disclosure') }}
{#- larger than any count, so that sums of such numbers are still whole numbers -#}
{%- set without_limit = 1000000000000 -%}
{%- set place = "cell.first_year || ' ' || cell.series || ' ' || cell.unit_id" -%}

with cell as (

    select * from {{ ref('three_year_cell') }}
    where {{ in_windows_to_test('first_year') }}

),

-- what the published table says of each count of a window: the numerators of its rows, and their denominators
stated as (

    {% for statistic in statistics_of_windows() %}
        select
            first_year,
            geo_level,
            geo_code,
            '{{ statistic.variable }}' as series,
            numerator as stated
        from {{ ref('three_year_window') }}
        where statistic = '{{ statistic.name }}'
        union all
        select
            first_year,
            geo_level,
            geo_code,
            '{{ families().perinatal.denominator }}' as series,
            denominator as stated
        from {{ ref('three_year_window') }}
        where statistic = '{{ statistic.name }}'
        {{ 'union all' if not loop.last }}
    {%- endfor %}

),

window_stated as (

    select
        first_year,
        geo_level,
        geo_code,
        series,
        max(stated) as stated
    from stated
    group by first_year, geo_level, geo_code, series

),

joined as (

    select
        cell.*,
        window_stated.stated,
        cell.is_hidden or (cell.is_window and window_stated.stated is null) as is_unknown
    from cell
    left join window_stated
        on
            cell.is_window
            and not cell.is_remainder
            and {{ same_columns('cell', 'window_stated', ['first_year', 'series', 'geo_level', 'geo_code']) }}

),

known as (

    select
        cell_id,
        case when is_unknown then 0 else cases end as low,
        case when is_unknown then {{ without_limit }} else cases end as high
    from joined

),

-- what the last release makes necessary is suppressed and protects others
suppressed as (

    select *
    from joined
    where is_target or (is_window and is_unknown and not (is_hidden or is_remainder))

),

inside as (

    select
        cell_id,
        denominator_id as around_id
    from cell
    where is_bounded

),

-- the sums: children and parent of a unit; values and total of a filter; years and window
part_or_total as (

    select
        cell.parent_unit_id || ' of ' || cell.first_year || ' ' || cell.series || ' ' || cell.slot || ' ' || cell.column_id as line,
        cell.cell_id,
        false as is_total
    from cell
    where cell.parent_unit_id > 0
    union all
    select
        cell.unit_id || ' of ' || cell.first_year || ' ' || cell.series || ' ' || cell.slot || ' ' || cell.column_id as line,
        cell.cell_id,
        true as is_total
    from cell
    where cell.geo_level <> 'municipality'
    union all
    select
        'years ' || {{ place }} as line,
        cell.cell_id,
        cell.is_window as is_total
    from cell
    inner join cell as whole
        on
            {{ same_columns('cell', 'whole', ['first_year', 'series', 'unit_id']) }}
            and whole.is_window
    where {{ is_total_of(suppression_filters(), 'cell') }}
    {%- for filter in suppression_filters() %}
        union all
        select
            '{{ filter }} ' || {{ place }} || ' ' || cell.slot
            {%- for other in suppression_filters() if other != filter %} || ' ' || cell.{{ other }}{% endfor %} as line,
            cell.cell_id,
            cell.{{ filter }} = 'total' as is_total
        from cell
        where not cell.is_window
    {%- endfor %}

),

member as (

    select *
    from part_or_total
    qualify bool_or(is_total) over (partition by line) and not bool_and(is_total) over (partition by line)

),

{{ narrow_bounds('once', 'known') }},

{{ narrow_bounds('twice', 'once') }},

failure as (

    select
        suppressed.series || ' ' || coalesce(cast(suppressed.reference_year as string), 'window of ' || suppressed.first_year) || ' '
        || suppressed.geo_level || ' ' || suppressed.geo_code || {{ values_in_words(suppression_filters(), 'suppressed') }} as item,
        case
            when suppressed.stated is not null then 'small, but published'
            when bound.high < bound.low then 'the published counts contradict each other'
            when bound.high - bound.low < {{ var('small_cell_threshold') }} then 'suppressed, but years and windows leave fewer values than the threshold'
            when proof.cell_id is null then 'small or suppressed, but no cell of the suppression'
            when proof.proven_below + proof.proven_above < {{ var('small_cell_threshold') }} then 'suppressed without proof'
        end as failure_reason
    from suppressed
    inner join twice as bound on suppressed.cell_id = bound.cell_id
    left join {{ ref('suppressed_three_year_cell') }} as proof on suppressed.cell_id = proof.cell_id

)

select * from failure
where failure_reason is not null
