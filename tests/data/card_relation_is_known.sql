-- every related code is a card of ours or is marked as not built, with its title in three languages, and never both

with relations as (
    select * from {{ ref('statistic_relation') }}
),

not_built as (
    select * from {{ ref('card_not_built') }}
),

failures as (
    select
        relations.code,
        relations.related_code,
        case
            when relations.related_title_nl is null or relations.related_title_fr is null or relations.related_title_en is null
                then 'related code is neither a card nor a row of card_not_built, or lacks a title in a language'
            when relations.is_built and not_built.code is not null
                then 'related code is built: remove it from card_not_built'
            when relations.code = relations.related_code then 'a statistic is not related to itself'
        end as failure_reason
    from relations
    left join not_built on relations.related_code = not_built.code
)

select * from failures
where failure_reason is not null
