-- one row is one remark on the card of one cube or stat in one language

{% set words = {
    'window_ultrasound': 'cards.window_ultrasound',
    'window_invasive': 'cards.window_invasive',
    'window_cardiotocography': 'cards.window_cardiotocography',
} %}

{% set card_properties = {
    'all': "'all'",
    'family': 'family',
    'measure': 'measure',
    'variable': 'variable',
    'level': 'smallest_level',
    'place': 'place',
    'basis': 'basis',
    'code': 'code',
} %}

with cards as (
    select * from {{ ref('int_card') }}
),

parts as (
    select * from {{ ref('int_card_part') }}
),

remarks as (
    select * from {{ ref('card_remark') }}
),

remark_scopes as (
    select * from {{ ref('card_remark_scope') }}
),

-- what a remark may be about: a remark stands on a card when one of its scopes is a property of the card
properties as (
    {% for scope, column in card_properties.items() %}
        select
            code,
            language,
            '{{ scope }}' as scope,
            {{ column }} as scope_value
        from cards
        union all
    {% endfor %}
    select
        code,
        language,
        part as scope,
        member as scope_value
    from parts
    where part = 'filter'
),

applicable as (
    select
        properties.code,
        properties.language,
        remark_scopes.remark,
        remark_scopes.origin,
        min(remark_scopes.sort_order) as sort_order
    from properties
    inner join remark_scopes
        on properties.scope = remark_scopes.scope and properties.scope_value = remark_scopes.scope_value
    group by properties.code, properties.language, remark_scopes.remark, remark_scopes.origin
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
        {{ fill_placeholders('remarks.remark_text', words) }} as remark
    from applicable
    inner join cards on applicable.code = cards.code and applicable.language = cards.language
    left join remarks on applicable.remark = remarks.remark and applicable.language = remarks.language
)

select * from numbered
