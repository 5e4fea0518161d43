-- One row is a year, geographic unit, age class (or total) and imaging variable: beneficiaries, patients and examinations, unmasked.
-- Complete from country to municipality; sectors only where they have beneficiaries, as total only (cards).
{{ config(materialized = 'yearly', input = 'both') }}

{%- set measures = ['beneficiaries'] %}
{%- for exams in imaging_variables() | map('lower') %}{% do measures.extend([exams ~ '_patients', exams]) %}{% endfor %}

with place as (

    select * from {{ ref('int_place_cell') }}
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

    select * from {{ ref('imaging_variable') }}

),

age_value as (

    {{ filter_values('age_category', 'decennial') }}

),

rolled as (

    {{ roll_up('place', [], ['age_category'], measures, 'unit_of_residence') }}

),

in_sector as (

    select
        reference_year,
        'statistical_sector' as geo_level,
        sector_code as geo_code,
        'total' as age_category,
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
            reference_year,
            geo_level,
            geo_code,
            age_category,
            '{{ variable }}' as variable,
            beneficiaries,
            {{ variable | lower }}_patients as patients,
            {{ variable | lower }} as exams
        from unit
        {{ 'union all' if not loop.last }}
    {%- endfor %}

),

grid as (

    select
        reference_year.reference_year,
        geographic_unit.geo_level,
        geographic_unit.geo_code,
        age_value.age_category,
        imaging_variable.variable
    from reference_year
    cross join geographic_unit
    cross join age_value
    cross join imaging_variable

),

cell as (

    select
        grid.reference_year,
        grid.geo_level,
        grid.geo_code,
        grid.age_category,
        grid.variable,
        coalesce(unit_of_variable.beneficiaries, 0) as beneficiaries,
        coalesce(unit_of_variable.patients, 0) as patients,
        coalesce(unit_of_variable.exams, 0) as exams
    from grid
    left join unit_of_variable
        on
            grid.reference_year = unit_of_variable.reference_year
            and grid.geo_level = unit_of_variable.geo_level
            and grid.geo_code = unit_of_variable.geo_code
            and grid.age_category = unit_of_variable.age_category
            and grid.variable = unit_of_variable.variable
    union all
    select
        unit_of_variable.reference_year,
        unit_of_variable.geo_level,
        unit_of_variable.geo_code,
        unit_of_variable.age_category,
        unit_of_variable.variable,
        unit_of_variable.beneficiaries,
        unit_of_variable.patients,
        unit_of_variable.exams
    from unit_of_variable
    inner join imaging_variable on unit_of_variable.variable = imaging_variable.variable
    where unit_of_variable.geo_level = 'statistical_sector'

)

select * from cell
