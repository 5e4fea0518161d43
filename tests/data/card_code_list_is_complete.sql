-- every cube and stat has codes, every code list it uses is described, and every code has its evidence

with cards as (
    select * from {{ ref('card_statistic') }}
),

statistic_codes as (
    select * from {{ ref('statistic_code') }}
),

code_lists as (
    select * from {{ ref('dim_code_list') }}
),

failures as (
    select
        cards.code,
        'no code list' as failure_reason
    from cards
    left join statistic_codes on cards.code = statistic_codes.code
    where statistic_codes.code is null
    union all
    select
        statistic_codes.nomenclature_code as code,
        'code without evidence' as failure_reason
    from statistic_codes
    where statistic_codes.evidence is null
    union all
    select
        statistic_codes.list_code as code,
        'code list unknown or without a label in a language' as failure_reason
    from statistic_codes
    left join code_lists on statistic_codes.list_code = code_lists.list_code
    where code_lists.label_nl is null or code_lists.label_fr is null or code_lists.label_en is null
    union all
    select
        list_code as code,
        'code list without a label in a language' as failure_reason
    from code_lists
    where label_nl is null or label_fr is null or label_en is null
)

select * from failures
