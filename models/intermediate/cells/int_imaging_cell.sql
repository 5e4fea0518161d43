-- One row is a year, geographic unit, combination of the filters of the imaging family (totals included) and imaging variable: beneficiaries, patients and
-- examinations, before suppression.
-- Complete from country to municipality; sectors only where they have beneficiaries, as total only (cards).
{{ config(materialized = 'yearly', meta = {'input': 'both'}) }}

{%- set filters = family_filters('imaging') %}
{%- set measures = ['beneficiaries'] %}
{%- for exams in imaging_variables() | map('lower') %}{% do measures.extend([exams ~ '_patients', exams]) %}{% endfor %}

with place as (

    select * from {{ ref('int_imaging_by_residence') }}
    where {{ in_years_to_build('reference_year') }}

),

reference_year as (

    select * from {{ ref('int_reference_year') }}
    where {{ in_years_to_build('reference_year') }}

),

unit_of_residence as (

    select * from {{ ref('int_unit_of_residence') }}

),

geographic_unit as (

    select * from {{ ref('geographic_unit') }}
    where geo_level <> 'statistical_sector'

),

imaging_variable as (

    {{ imaging_variable_rows() }}

),

rolled as (

    {{ roll_up('place', [], filters, measures, 'unit_of_residence') }}

),

in_sector as (

    select
        reference_year,
        'statistical_sector' as geo_level,
        sector_code as geo_code,
        {%- for filter in filters %}
            'total' as {{ filter }},
        {%- endfor %}
    {%- for measure in measures %}
        cast(sum({{ measure }}) as bigint) as {{ measure }}{{ ',' if not loop.last }}
    {%- endfor %}
    from place
    where sector_code is not null and reference_year >= {{ var('first_sector_year') }}
    group by reference_year, sector_code

),

unit as (

    select * from rolled
    union all
    select * from in_sector

),

unit_of_variable as (

    {%- for variable in imaging_variables() %}
        select
            unit.reference_year,
            unit.geo_level,
            unit.geo_code,
            {{ columns_of(filters, 'unit') }}
            '{{ variable }}' as variable,
            unit.beneficiaries,
            unit.{{ variable | lower }}_patients as patients,
            unit.{{ variable | lower }} as exams
        from unit
        {{ 'union all' if not loop.last }}
    {%- endfor %}

),

grid as (

    select
        reference_year.reference_year,
        geographic_unit.geo_level,
        geographic_unit.geo_code,
        {%- for filter in filters %}
            {{ filter }}_value.{{ filter }},
        {%- endfor %}
        imaging_variable.variable
    from reference_year
    cross join geographic_unit
    cross join imaging_variable
    {{- cross_join_filters(filters, families().imaging.scheme) }}

),

cell as (

    select
        grid.reference_year,
        grid.geo_level,
        grid.geo_code,
        {{ columns_of(filters, 'grid') }}
        grid.variable,
        coalesce(unit_of_variable.beneficiaries, 0) as beneficiaries,
        coalesce(unit_of_variable.patients, 0) as patients,
        coalesce(unit_of_variable.exams, 0) as exams
    from grid
    left join unit_of_variable
        on
            {{ is_same_cell('grid', 'unit_of_variable', filters + ['variable']) }}
    union all
    select
        unit_of_variable.reference_year,
        unit_of_variable.geo_level,
        unit_of_variable.geo_code,
        {{ columns_of(filters, 'unit_of_variable') }}
        unit_of_variable.variable,
        unit_of_variable.beneficiaries,
        unit_of_variable.patients,
        unit_of_variable.exams
    from unit_of_variable
    inner join imaging_variable on unit_of_variable.variable = imaging_variable.variable
    where unit_of_variable.geo_level = 'statistical_sector'

)

select * from cell
