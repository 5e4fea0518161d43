-- one row is one statistic named as related on the card of another, whether this warehouse builds it or not

with relations as (
    select * from {{ ref('card_relation') }}
),

cards as (
    select * from {{ ref('card_statistic') }}
),

not_built as (
    select * from {{ ref('card_not_built') }}
),

titled as (
    select
        relations.code,
        relations.sort_order as position,
        relations.related_code,
        cards.code is not null as is_built,
        coalesce(cards.title_nl, not_built.title_nl) as related_title_nl,
        coalesce(cards.title_fr, not_built.title_fr) as related_title_fr,
        coalesce(cards.title_en, not_built.title_en) as related_title_en
    from relations
    left join cards on relations.related_code = cards.code
    left join not_built on relations.related_code = not_built.code
)

select * from titled
