-- One row is a list of nomenclature codes that a statistic counts. A list is official when every code of it was published as a member of the list.

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

counted as (

    select
        list_code,
        'imaging' as family,
        'imaging variable' as counted_by
    from imaging_variable
    union all
    select
        list_code,
        'perinatal' as family,
        'delivery type' as counted_by
    from delivery_type
    union all
    select
        list_code,
        'perinatal' as family,
        'procedure type' as counted_by
    from procedure_type
    union all
    select
        '{{ variables().no_postnatal_midwife.list_code }}' as list_code,
        'perinatal' as family,
        'postnatal contact' as counted_by

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
        counted.counted_by,
        evidence.is_official
    from counted
    left join evidence on counted.list_code = evidence.list_code

)

select * from listed
