-- The list published_tables, from which the tests read, has exactly the marts that declare a statistic.

with declared as (

    {{ declared_statistics() }}

),

listed as (

    {% for table in published_tables() %}
        select '{{ table }}' as code
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

failure as (

    select
        coalesce(declared.code, listed.code) as item,
        case
            when listed.code is null then 'the mart is missing from the list published_tables (macros/lists.sql): no test reads it'
            when declared.code is null then 'the list published_tables names it, but no mart declares it'
        end as failure_reason
    from declared
    full outer join listed on declared.code = listed.code

)

select * from failure
where failure_reason is not null
