-- every part that a card lists has a label, every sentence and label exists in three languages, and every remark is used by a card

{% set language_count = 3 %}

with cards as (
    select * from {{ ref('card_statistic') }}
),

parts as (
    select * from {{ ref('int_card_part') }}
),

labels as (
    select * from {{ ref('card_label') }}
),

phrases as (
    select * from {{ ref('card_phrase') }}
),

remarks as (
    select * from {{ ref('card_remark') }}
),

remark_scopes as (
    select * from {{ ref('card_remark_scope') }}
),

statistic_remarks as (
    select * from {{ ref('statistic_remark') }}
),

lists as (
    select
        code,
        'filters' as field,
        filters as members
    from cards
    union all
    select
        code,
        'keywords' as field,
        keywords as members
    from cards
    union all
    select
        code,
        'source_variables' as field,
        source_variables as members
    from cards
),

failures as (
    select
        code as part,
        'a card takes at most three ' || field as failure_reason
    from lists
    where split_part(members, ';', 4) <> ''
    union all
    select
        member as part,
        'the ' || part || ' has no label in ' || language as failure_reason
    from parts
    where label is null
    union all
    select
        dimension || '.' || code as part,
        'label missing in a language' as failure_reason
    from labels
    where label_nl is null or label_fr is null or label_en is null
    union all
    select
        phrase as part,
        'phrase missing in a language' as failure_reason
    from phrases
    group by phrase
    having count(phrase_text) <> {{ language_count }}
    union all
    select
        remark_scopes.remark as part,
        'remark missing in a language' as failure_reason
    from remark_scopes
    left join remarks on remark_scopes.remark = remarks.remark
    group by remark_scopes.remark
    having count(distinct remarks.language) <> {{ language_count }}
    union all
    select
        remarks.remark as part,
        'remark stands on no card' as failure_reason
    from remarks
    left join statistic_remarks on remarks.remark = statistic_remarks.remark_code
    where statistic_remarks.remark_code is null
    union all
    select
        remark as part,
        'remark has two positions or two origins' as failure_reason
    from remark_scopes
    group by remark
    having count(distinct origin) > 1 or count(distinct sort_order) > 1
)

select * from failures
