-- Every text exists once in every language, every part that a card lists has a label, and every remark is used by a card. The scope of a code list is
-- published in English only.

with statistic as (

    select * from {{ ref('int_statistic') }}

),

part as (

    select * from {{ ref('int_card_part') }}

),

text as (

    select * from {{ ref('text') }}
    where topic <> 'code_list_scope'

),

remark_scope as (

    select * from {{ ref('remark_scope') }}

),

statistic_remark as (

    select * from {{ ref('statistic_remark') }}

),

declared_list as (

    {% for field in ['filters', 'keywords', 'source_variables'] %}
        select
            code,
            '{{ field }}' as field,
            {{ field }} as members
        from statistic
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

failure as (

    select
        code as item,
        'a card has at most {{ most_parts_of_card() }} ' || field as failure_reason
    from declared_list
    where split_part(members, ';', {{ most_parts_of_card() + 1 }}) <> ''
    union all
    select
        code || ' ' || member as item,
        part || ' without a label in ' || language as failure_reason
    from part
    where label is null
    union all
    select
        topic || ' ' || key as item,
        'text missing or duplicate in a language' as failure_reason
    from text
    group by topic, key
    having
        count(text) <> {{ languages() | length }}
        or count(distinct language) <> {{ languages() | length }}
        or count(*) filter (where language not in ('{{ languages() | join("', '") }}')) > 0
    union all
    select
        remark_scope.remark as item,
        'remark without a text' as failure_reason
    from remark_scope
    left join text
        on
            text.topic = 'remark'
            and remark_scope.remark = text.key
    where text.key is null
    union all
    select
        text.key as item,
        'remark on no card' as failure_reason
    from text
    left join statistic_remark on text.key = statistic_remark.remark_code
    where
        text.topic = 'remark'
        and statistic_remark.remark_code is null
        -- a filter that ends nowhere, with threshold 0 for instance, has no remark
        and text.key not in (
            select remark_scope.remark from remark_scope
            where
                remark_scope.scope = 'ended_filter'
                and remark_scope.scope_value not in ('{{ ended_filter_names() | join("', '") }}')
        )
    union all
    select
        remark as item,
        'remark with two positions or two origins' as failure_reason
    from remark_scope
    group by remark
    having count(distinct origin) > 1 or count(distinct sort_order) > 1

)

select * from failure
