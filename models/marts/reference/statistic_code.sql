-- One row is a nomenclature code on one code list of a cube or stat.

with statistic as (

    select * from {{ ref('int_statistic') }}

),

code_list as (

    select * from {{ ref('int_code_list') }}

),

member as (

    select * from {{ ref('code_list_member') }}

),

nomenclature as (

    select * from {{ ref('nomenclature_code') }}

),

counted_list as (

    select
        statistic.code,
        code_list.role,
        code_list.list_code
    from statistic
    inner join code_list
        on
            statistic.family = code_list.family
            and coalesce(code_list.variable, statistic.variable) = statistic.variable

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
