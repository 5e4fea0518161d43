-- one row is one filter, keyword or source variable of a cube or stat in one language, at its place on the card

with cards as (
    select * from {{ ref('int_card') }}
),

labels as (
    select * from {{ ref('int_card_label') }}
),

positions as (
    select 1 as position
    union all
    select 2 as position
    union all
    select 3 as position
),

listed as (
    select
        code,
        language,
        family,
        number_of,
        'filter' as part,
        filters as members
    from cards
    union all
    select
        code,
        language,
        family,
        number_of,
        'keyword' as part,
        keywords as members
    from cards
    union all
    select
        code,
        language,
        family,
        number_of,
        'source_variable' as part,
        source_variables as members
    from cards
),

split as (
    select
        listed.code,
        listed.language,
        listed.family,
        listed.number_of,
        listed.part,
        positions.position,
        split_part(listed.members, ';', positions.position) as member
    from listed
    cross join positions
    where split_part(listed.members, ';', positions.position) <> ''
),

-- a source variable of the imaging family is the count that the statistic itself names, so it needs no label of its own
labelled as (
    select
        split.code,
        split.language,
        split.part,
        split.position,
        split.member,
        case
            when split.part <> 'source_variable' then labels.label
            else split.member || ': ' || coalesce(labels.label, {{ capitalised('split.number_of') }})
        end as label
    from split
    left join labels
        on
            split.part = labels.dimension
            and split.language = labels.language
            and case when split.part = 'filter' then split.family || '.' || split.member else split.member end = labels.code
)

select * from labelled
