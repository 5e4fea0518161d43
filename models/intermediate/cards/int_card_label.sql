-- one row is the label of one code of one dimension in one language

with labels as (
    select * from {{ ref('card_label') }}
),

by_language as (
    select
        dimension,
        code,
        sort_order,
        'nl' as language,
        label_nl as label
    from labels
    union all
    select
        dimension,
        code,
        sort_order,
        'fr' as language,
        label_fr as label
    from labels
    union all
    select
        dimension,
        code,
        sort_order,
        'en' as language,
        label_en as label
    from labels
)

select * from by_language
