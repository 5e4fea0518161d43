-- One row is a list of nomenclature codes that a statistic uses.

with code_list as (

    select * from {{ ref('int_code_list') }}

),

label as (

    {{ texts_side_by_side('code_list') }}

),

scope as (

    {{ texts_of('code_list_scope') }}

),

labelled as (

    select
        code_list.list_code,
        code_list.family,
        {{ language_columns('label') }},
        scope.text as scope_en,
        code_list.is_official
    from code_list
    left join label on code_list.list_code = label.key
    left join scope on code_list.list_code = scope.key

)

select * from labelled
