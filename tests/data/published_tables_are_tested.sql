-- Every mart that declares a statistic is in the list of published tables that the tests read, and the list has nothing else.

with mart as (

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
        coalesce(mart.code, listed.code) as item,
        case
            when listed.code is null then 'the mart is missing from the macro published_tables: no test reads it'
            when mart.code is null then 'the macro published_tables names it, but no mart declares it'
        end as failure_reason
    from mart
    full outer join listed on mart.code = listed.code

)

select * from failure
where failure_reason is not null
