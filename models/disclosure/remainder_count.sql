-- One row is a remainder: what a count of the country holds beyond its regions (no known address), or one of a municipality beyond its sectors (no known
-- sector). No table publishes it and everybody can subtract it. A municipality without sectors in a year has none.

with counted as (

    select * from {{ ref('protected_count') }}
    where {{ in_years_to_build('reference_year') }}

),

unit as (

    select * from {{ ref('suppression_unit') }}

),

placed as (

    select
        counted.*,
        unit.unit_id,
        unit.parent_unit_id
    from counted
    inner join unit
        on
            counted.geo_level = unit.geo_level
            and counted.geo_code = unit.geo_code

),

parts as (

    select
        reference_year,
        series,
        geo_level,
        parent_unit_id,
        {{ filter_columns() }},
    {%- for number in additive_counts() %}
        cast(sum({{ number }}) as bigint) as {{ number }}{{ ',' if not loop.last }}
    {%- endfor %}
    from placed
    where geo_level in ('{{ remainder_levels() | join("', '") }}')
    group by reference_year, series, geo_level, parent_unit_id, {{ filter_columns() }}

),

remainder as (

    select
        whole.reference_year,
        whole.series,
        whole.denominator_series,
        parts.geo_level,
        unit.geo_code,
        {{ filter_columns('whole') }},
    {%- for number in additive_counts() %}
        whole.{{ number }} - parts.{{ number }} as {{ number }}{{ ',' if not loop.last }}
    {%- endfor %}
    from parts
    inner join unit
        on
            parts.geo_level = unit.geo_level
            and parts.parent_unit_id = unit.parent_unit_id
            and unit.is_remainder
    inner join placed as whole
        on
            parts.reference_year = whole.reference_year
            and parts.series = whole.series
            and parts.parent_unit_id = whole.unit_id
            and {{ same_filters('parts', 'whole') }}

)

select * from remainder
