-- One row is a statistic named as related on the card of another, whether this warehouse builds it or not.

with relation as (

    {{ declared_relations() }}

),

statistic as (

    select * from {{ ref('int_statistic') }}

),

title as (

    {{ texts_side_by_side('title', 'related_title') }}

),

titled as (

    select
        relation.code,
        cast(relation.position as int) as position,
        relation.related_code,
        statistic.code is not null as is_built,
        {{ language_columns('title', 'related_title') }}
    from relation
    left join statistic on relation.related_code = statistic.code
    left join title on relation.related_code = title.key

)

select * from titled
