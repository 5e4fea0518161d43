-- Every cube and stat counts codes, every code list has a label in every language, and every code has its evidence.

with statistic as (

    select * from {{ ref('int_statistic') }}

),

statistic_code as (

    select * from {{ ref('statistic_code') }}

),

code_list as (

    select * from {{ ref('dim_code_list') }}

),

failure as (

    select
        statistic.code as item,
        'statistic without a code list' as failure_reason
    from statistic
    left join statistic_code on statistic.code = statistic_code.code
    where statistic_code.code is null
    union all
    select
        nomenclature_code as item,
        'code without evidence' as failure_reason
    from statistic_code
    where evidence is null
    union all
    select
        list_code as item,
        'code list without a label in a language' as failure_reason
    from code_list
    where {{ is_missing_in_a_language('label') }}

)

select * from failure
