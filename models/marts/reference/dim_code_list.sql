-- one row is one list of nomenclature codes that a statistic uses

{{ config(alias='code_list') }}

with code_lists as (
    select * from {{ ref('code_list') }}
),

labels as (
    {{ labels_of('code_list', 'list_code') }}
),

labelled as (
    select
        code_lists.list_code,
        code_lists.family,
        labels.label_nl,
        labels.label_fr,
        labels.label_en,
        code_lists.scope_en,
        code_lists.is_official
    from code_lists
    left join labels on code_lists.list_code = labels.list_code
)

select * from labelled
