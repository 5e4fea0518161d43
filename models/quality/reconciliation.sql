-- One row is a source, the year under which its lines were read (0: no year of their own) and a fate: accepted, or the reason of rejection.
-- Lines in are counted in the source, apart from the reading: `difference` is 0 when every line was accepted or rejected with one reason. A year that
-- lies in the source and is not read, because nothing that is built needs it, has one row with the fate 'not_read'.

with population_count as (

    select * from {{ ref('int_population_count') }}

),

claim_count as (

    select * from {{ ref('int_claim_count') }}

),

unread_year as (

    select * from {{ source('load', 'unread_year') }}

),

line_count as (

    select
        source,
        load_year,
        'not_read' as fate,
        line_count
    from unread_year
    union all
    select
        source,
        load_year,
        'delivered' as fate,
        line_count
    from unread_year
    union all
    select
        'population' as source,
        load_year,
        fate,
        line_count
    from population_count
    union all
    select
        'health_care' as source,
        load_year,
        fate,
        line_count
    from claim_count

),

fate_count as (

    select
        source,
        load_year,
        fate,
        cast(sum(line_count) as bigint) as line_count
    from line_count
    group by source, load_year, fate

),

balance as (

    select
        source,
        load_year,
        cast(sum(case when fate = 'delivered' then line_count else 0 end) as bigint) as rows_in,
        cast(sum(case when fate = 'accepted' then line_count else 0 end) as bigint) as rows_accepted,
        cast(sum(case when fate not in ('delivered', 'accepted', 'not_read') then line_count else 0 end) as bigint) as rows_rejected,
        cast(sum(case when fate = 'not_read' then line_count else 0 end) as bigint) as rows_not_read
    from fate_count
    group by source, load_year

),

reference_year as (

    select * from {{ ref('int_reference_year') }}

),

reconciliation as (

    select
        balance.source,
        balance.load_year,
        fate_count.fate,
        fate_count.line_count,
        balance.rows_in,
        balance.rows_accepted,
        balance.rows_rejected,
        balance.rows_not_read,
        balance.rows_in - balance.rows_accepted - balance.rows_rejected - balance.rows_not_read as difference,
        case
            when balance.rows_not_read > 0 then 'not read: no reference year, and no look-back of one'
            when reference_year.reference_year is null then 'read for its lines only: no reference year'
            when not reference_year.is_published then 'built, not published: narrowed by a variable or the publication date'
            when not reference_year.has_prenatal_lookback then 'built without the prenatal tables: the source has no claims of the year before'
            else 'built'
        end as use_of_year
    from balance
    left join fate_count
        on
            balance.source = fate_count.source
            and balance.load_year = fate_count.load_year
            and fate_count.fate <> 'delivered'
    left join reference_year on balance.load_year = reference_year.reference_year

)

select * from reconciliation
