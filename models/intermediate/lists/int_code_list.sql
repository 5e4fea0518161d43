-- One row is a list of nomenclature codes, with the variable whose statistics count it. A list is official when every code of it was published as a member.

with imaging_variable as (

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

-- every statistic of the perinatal family finds its deliveries with all their lists, also one that then counts a single type: their variable is null
counted as (

    select
        list_code,
        'imaging' as family,
        variable,
        'examination' as role
    from imaging_variable
    union all
    select
        list_code,
        'perinatal' as family,
        cast(null as string) as variable,
        'delivery' as role
    from delivery_type
    union all
    select
        list_code,
        'perinatal' as family,
        'prenatal_acts' as variable,
        'prenatal_act' as role
    from procedure_type
    union all
    select
        '{{ variables().no_postnatal_midwife.list_code }}' as list_code,
        'perinatal' as family,
        'no_postnatal_midwife' as variable,
        'postnatal_contact' as role

),

evidence as (

    select
        list_code,
        count(*) = count(*) filter (where evidence = 'published') as is_official
    from member
    group by list_code

),

listed as (

    select
        counted.list_code,
        counted.family,
        counted.variable,
        counted.role,
        evidence.is_official
    from counted
    left join evidence on counted.list_code = evidence.list_code

)

select * from listed
