-- One row is a remark on the card of a cube or stat in one language.

{% set words = {
    'window_ultrasound': 'card.window_ultrasound',
    'window_invasive': 'card.window_invasive',
    'window_cardiotocography': 'card.window_cardiotocography',
    'filter_level': "coalesce(ended.level_name, '')",
} %}

{% set card_properties = {
    'all': "'all'",
    'family': 'family',
    'measure': 'measure',
    'variable': 'variable',
    'performer': 'performer',
    'level': 'smallest_level',
    'place': 'place',
    'basis': 'basis',
    'code': 'code',
} %}

with card as (

    select * from {{ ref('int_card') }}

),

part as (

    select * from {{ ref('int_card_part') }}

),

remark as (

    {{ texts_of('remark') }}

),

remark_scope as (

    select * from {{ ref('remark_scope') }}

),

ended_filter as (

    {{ ended_filters() }}

),

level_name as (

    {{ texts_of('geo_level') }}

),

-- the filters that end above the smallest level of a card, with that level
ended as (

    select
        card.code,
        card.language,
        ended_filter.filter,
        level_name.text as level_name
    from ended_filter
    inner join card on ended_filter.code = card.code
    inner join level_name
        on
            ended_filter.geo_level = level_name.key
            and card.language = level_name.language

),

-- what a remark may be about: a card has a remark when one of the scopes of the remark is a property of the card
property as (

    {% for scope, column in card_properties.items() %}
        select
            code,
            language,
            '{{ scope }}' as scope,
            {{ column }} as scope_value
        from card
        union all
    {% endfor %}
    select
        code,
        language,
        part as scope,
        member as scope_value
    from part
    where part = 'filter'
    union all
    select
        code,
        language,
        'ended_filter' as scope,
        filter as scope_value
    from ended

),

applicable as (

    select
        property.code,
        property.language,
        remark_scope.remark,
        remark_scope.origin,
        min(remark_scope.sort_order) as sort_order,
        max(case when property.scope = 'ended_filter' then property.scope_value end) as ended_filter
    from property
    inner join remark_scope
        on
            property.scope = remark_scope.scope
            and property.scope_value = remark_scope.scope_value
    group by property.code, property.language, remark_scope.remark, remark_scope.origin

),

numbered as (

    select
        applicable.code,
        applicable.language,
        cast(row_number() over (
            partition by applicable.code, applicable.language order by applicable.sort_order, applicable.remark
        ) as int) as position,
        applicable.remark as remark_code,
        applicable.origin,
        {{ fill_placeholders('remark.text', words) }} as remark
    from applicable
    inner join card
        on
            applicable.code = card.code
            and applicable.language = card.language
    left join remark
        on
            applicable.remark = remark.key
            and applicable.language = remark.language
    left join ended
        on
            applicable.code = ended.code
            and applicable.language = ended.language
            and applicable.ended_filter = ended.filter

)

select * from numbered
