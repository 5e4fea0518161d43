-- one row is one column of the published table of one cube or stat, described in one language

{% set words = {
    'numerator': 'cards.numerator',
    'denominator': 'cards.denominator',
    'coding': 'cards.coding',
} %}

with cards as (
    select * from {{ ref('int_card') }}
),

parts as (
    select * from {{ ref('int_card_part') }}
),

card_columns as (
    select * from {{ ref('card_column') }}
),

filters as (
    select distinct member as column_name from parts
    where part = 'filter'
),

-- a column that is a filter belongs to the tables that have this filter, any other column to all
described as (
    select
        cards.code,
        cards.language,
        cast(row_number() over (partition by cards.code, cards.language order by card_columns.sort_order) as int) as position,
        card_columns.column_name,
        {{ fill_placeholders('card_columns.description', words) }} as description
    from cards
    inner join card_columns on cards.language = card_columns.language
    left join filters on card_columns.column_name = filters.column_name
    left join parts
        on
            cards.code = parts.code
            and cards.language = parts.language
            and parts.part = 'filter'
            and card_columns.column_name = parts.member
    where filters.column_name is null or parts.member is not null
)

select * from described
