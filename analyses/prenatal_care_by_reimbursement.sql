-- Question: do women with a right to increased reimbursement, a sign of low income, get the same prenatal care?
-- How to read: one row a region (or Belgium), year and type of act: acts per delivery with and without that right, and their ratio (1 = the same, below 1 =
-- fewer with the right). Types add up to `total`. Women with the right are younger on average: compare by age category before concluding.

with act as (

    select * from {{ ref('cube_007_005a') }}
    where
        geo_level in ('country', 'region')
        and age_category = 'total'

),

geographic_unit as (

    select * from {{ ref('geographic_unit') }}

),

procedure_type as (

    select * from {{ ref('dim_procedure_type') }}

),

beside as (

    select
        act.reference_year,
        act.geo_level,
        act.geo_code,
        act.procedure_type,
        max(case when act.increased_reimbursement = 'yes' then act.value end) as acts_with_right,
        max(case when act.increased_reimbursement = 'no' then act.value end) as acts_without_right
    from act
    group by
        act.reference_year,
        act.geo_level,
        act.geo_code,
        act.procedure_type

),

named as (

    select
        beside.reference_year,
        beside.geo_level,
        geographic_unit.name_nl,
        geographic_unit.name_fr,
        procedure_type.sort_order,
        procedure_type.label_en as procedure_label,
        beside.acts_with_right,
        beside.acts_without_right,
        beside.acts_with_right / nullif(beside.acts_without_right, 0) as ratio
    from beside
    inner join geographic_unit
        on
            beside.geo_level = geographic_unit.geo_level
            and beside.geo_code = geographic_unit.geo_code
    inner join procedure_type on beside.procedure_type = procedure_type.procedure_type

)

select * from named
order by reference_year, geo_level, name_nl, sort_order
