-- One row is a filter, keyword or source variable of a cube or stat in one language, with its position on the card.

with card as (

    select * from {{ ref('int_card') }}

),

label as (

    select * from {{ ref('text') }}
    where topic in ('filter', 'keyword', 'source_variable')

),

position as (

    {% for position in range(1, most_parts_of_card() + 1) %}
        select {{ position }} as position
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

listed as (

    {% for part, members in {'filter': 'filters', 'keyword': 'keywords', 'source_variable': 'source_variables'}.items() %}
        select
            code,
            language,
            family,
            number_of,
            '{{ part }}' as part,
            {{ members }} as members
        from card
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

split as (

    select
        listed.code,
        listed.language,
        listed.family,
        listed.number_of,
        listed.part,
        position.position,
        split_part(listed.members, ';', position.position) as member
    from listed
    cross join position
    where split_part(listed.members, ';', position.position) <> ''

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
            when split.part <> 'source_variable' then label.text
            else split.member || ': ' || coalesce(label.text, {{ capitalised('split.number_of') }})
        end as label
    from split
    left join label
        on
            split.part = label.topic
            and split.language = label.language
            and case when split.part = 'filter' then split.family || '.' || split.member else split.member end = label.key

)

select * from labelled
