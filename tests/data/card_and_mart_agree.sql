-- every mart has a card, every card has a mart, and both say the same about it

with marts as (
    {{ declared_statistics() }}
),

cards as (
    select * from {{ ref('card_statistic') }}
),

compared as (
    select
        coalesce(marts.code, cards.code) as code,
        case
            when cards.code is null then 'the mart has no card: add a row to seeds/statistics/card_statistic.csv'
            when marts.code is null then 'the card has no mart that declares meta.statistic'
            when marts.family <> cards.family then 'family: mart ' || marts.family || ', card ' || cards.family
            when marts.measure <> cards.measure then 'measure: mart ' || marts.measure || ', card ' || cards.measure
            when marts.variable <> cards.variable then 'variable: mart ' || marts.variable || ', card ' || cards.variable
            when marts.per <> coalesce(cast(cards.per as string), '') then 'per: mart ' || marts.per
            when marts.filters <> coalesce(cards.filters, '') then 'filters: mart ' || marts.filters
            when marts.smallest_level <> cards.smallest_level
                then 'smallest_level: mart ' || marts.smallest_level || ', card ' || cards.smallest_level
            when marts.first_year <> cast(cards.first_year as string) then 'first_year: mart ' || marts.first_year
        end as failure_reason
    from marts
    full outer join cards on marts.code = cards.code
)

select * from compared
where failure_reason is not null
