-- One row is a nomenclature code on one code list of a cube or stat.

with statistic as (

    select * from {{ ref('int_statistic') }}

),

imaging_variable as (

    {{ imaging_variable_rows() }}

),

delivery_type as (

    select * from {{ ref('delivery_type') }}

),

procedure_type as (

    select * from {{ ref('procedure_type') }}

),

member as (

    select * from {{ ref('code_list_member') }}

),

nomenclature as (

    select * from {{ ref('nomenclature_code') }}

),

-- every statistic of the perinatal family finds its deliveries with all three lists, also one that then counts a single type
counted_list as (

    select
        statistic.code,
        'examination' as role,
        imaging_variable.list_code
    from statistic
    inner join imaging_variable on statistic.variable = imaging_variable.variable
    union all
    select
        statistic.code,
        'delivery' as role,
        delivery_type.list_code
    from statistic
    cross join delivery_type
    where statistic.family = 'perinatal'
    union all
    select
        statistic.code,
        'prenatal_act' as role,
        procedure_type.list_code
    from statistic
    cross join procedure_type
    where statistic.variable = 'prenatal_acts'
    union all
    select
        statistic.code,
        'postnatal_contact' as role,
        '{{ variables().no_postnatal_midwife.list_code }}' as list_code
    from statistic
    where statistic.variable = 'no_postnatal_midwife'

),

listed as (

    select
        counted_list.code,
        counted_list.role,
        counted_list.list_code,
        member.code as nomenclature_code,
        nomenclature.label_en as label,
        member.evidence,
        member.source,
        member.valid_from,
        member.valid_to
    from counted_list
    inner join member on counted_list.list_code = member.list_code
    left join nomenclature on member.code = nomenclature.code

)

select * from listed
