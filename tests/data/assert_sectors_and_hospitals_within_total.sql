-- The sectors of a municipality have no more than the municipality (the sector of some people is unknown); the hospitals add up to Belgium's row of the
-- hospital tables, in which a woman of two hospitals is one woman.
{%- set is_tested = in_years_to_test('reference_year') %}
{%- set filters = family_filters('perinatal') %}
{%- set type = variables().prenatal_acts.numerator_filters[0] %}

with unit as (

    select * from {{ ref('geographic_unit') }}

),

imaging_cell as (

    select * from {{ ref('int_imaging_cell') }}
    where {{ is_total_of(family_filters('imaging')) }} and {{ is_tested }}

),

prenatal_cell as (

    select * from {{ ref('int_prenatal_cell') }}
    where {{ is_tested }}

),

hospital_delivery_cell as (

    select * from {{ ref('int_hospital_delivery_cell') }}
    where {{ is_tested }}

),

hospital_prenatal_cell as (

    select * from {{ ref('int_hospital_prenatal_cell') }}
    where {{ is_tested }}

),

in_sectors as (

    select
        imaging_cell.reference_year,
        unit.parent_code as geo_code,
        imaging_cell.variable,
        sum(imaging_cell.beneficiaries) as beneficiaries,
        sum(imaging_cell.patients) as patients,
        sum(imaging_cell.exams) as exams
    from imaging_cell
    inner join unit
        on
            imaging_cell.geo_level = unit.geo_level
            and imaging_cell.geo_code = unit.geo_code
    where imaging_cell.geo_level = 'statistical_sector'
    group by imaging_cell.reference_year, unit.parent_code, imaging_cell.variable

),

over_sectors as (

    select
        in_sectors.reference_year || ' ' || in_sectors.geo_code || ' ' || in_sectors.variable as item,
        'its sectors have more than the municipality' as failure_reason
    from in_sectors
    left join imaging_cell
        on
            in_sectors.reference_year = imaging_cell.reference_year
            and imaging_cell.geo_level = 'municipality'
            and in_sectors.geo_code = imaging_cell.geo_code
            and in_sectors.variable = imaging_cell.variable
    where
        in_sectors.beneficiaries > coalesce(imaging_cell.beneficiaries, 0)
        or in_sectors.patients > coalesce(imaging_cell.patients, 0)
        or in_sectors.exams > coalesce(imaging_cell.exams, 0)

),

over_hospitals as (

    select
        'deliveries of ' || reference_year as item,
        'the hospitals do not add up to Belgium' as failure_reason
    from hospital_delivery_cell
    group by reference_year
    having
        {{ total_less_parts('geo_level', 'country', 'deliveries') }} <> 0
        or {{ total_less_parts('geo_level', 'country', 'caesareans') }} <> 0
        or {{ total_less_parts('geo_level', 'country', 'women') }} > 0
        or {{ total_less_parts('geo_level', 'country', 'caesarean_women') }} > 0
    union all
    select
        'acts of ' || reference_year || ', ' || {{ type }} as item,
        'the hospitals do not add up to Belgium' as failure_reason
    from hospital_prenatal_cell
    group by reference_year, {{ type }}
    having
        {{ total_less_parts('geo_level', 'country', 'acts') }} <> 0
        or {{ total_less_parts('geo_level', 'country', 'act_women') }} > 0

),

-- the types of act share women: those of the total are no fewer than those of any type and no more than all of them together
over_types as (

    select
        reference_year || ' ' || geo_level || ' ' || geo_code{% for filter in filters %} || ' ' || {{ filter }}{% endfor %} as item,
        'the women of the types of act are inconsistent with the women of the total' as failure_reason
    from prenatal_cell
    group by reference_year, geo_level, geo_code, {{ filters | join(', ') }}
    having
        sum(case when {{ type }} = 'total' then act_women else 0 end) < max(case when {{ type }} <> 'total' then act_women else 0 end)
        or {{ total_less_parts(type, 'total', 'act_women') }} > 0
    union all
    select
        'hospital tables ' || reference_year || ' ' || geo_level || ' ' || geo_code as item,
        'the acts of the types do not add up to the total, or their women are inconsistent' as failure_reason
    from hospital_prenatal_cell
    group by reference_year, geo_level, geo_code
    having
        {{ total_less_parts(type, 'total', 'acts') }} <> 0
        or sum(case when {{ type }} = 'total' then act_women else 0 end) < max(case when {{ type }} <> 'total' then act_women else 0 end)
        or {{ total_less_parts(type, 'total', 'act_women') }} > 0

),

failure as (

    select * from over_sectors
    union all
    select * from over_hospitals
    union all
    select * from over_types

)

select * from failure
