-- Every statistic that a card names as related has a title in every language, and none is related to itself.

with relation as (

    select * from {{ ref('statistic_relation') }}

),

failure as (

    select
        code || ' ' || related_code as item,
        case
            when {{ is_missing_in_a_language('related_title') }}
                then 'no title in a language: add it to seeds/statistics/text.csv, or correct the code'
            when code = related_code then 'statistic related to itself'
        end as failure_reason
    from relation

)

select * from failure
where failure_reason is not null
