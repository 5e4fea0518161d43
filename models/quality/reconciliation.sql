-- One row is a source, the year under which its records were read (0: no year of their own) and a disposition: accepted, or the reason of rejection.
-- Records in are counted in the source, apart from the reading: `difference` is 0 when every record was accepted or rejected with one reason. A year
-- of the source that is not read, because nothing that is built needs it, has one row with the disposition 'not_read'.
{{ config(post_hook = "{{ warn_of_odd_counts() }}") }}

with population_count as (

    select * from {{ ref('int_population_count') }}

),

claim_count as (

    select * from {{ ref('int_claim_count') }}

),

unread_year as (

    select * from {{ ref('unread_year') }}

),

reference_year as (

    select * from {{ ref('int_reference_year') }}

),

lookahead as (

    select * from {{ ref('int_postnatal_lookahead') }}

),

line_count as (

    select
        source,
        load_year,
        'not_read' as disposition,
        line_count
    from unread_year
    union all
    select
        source,
        load_year,
        'received' as disposition,
        line_count
    from unread_year
    union all
    select
        'population' as source,
        load_year,
        disposition,
        line_count
    from population_count
    union all
    select
        'health_care' as source,
        load_year,
        disposition,
        line_count
    from claim_count

),

disposition_count as (

    select
        source,
        load_year,
        disposition,
        cast(sum(line_count) as bigint) as line_count
    from line_count
    group by source, load_year, disposition

),

balance as (

    select
        source,
        load_year,
        cast(sum(case when disposition = 'received' then line_count else 0 end) as bigint) as rows_in,
        cast(sum(case when disposition = 'accepted' then line_count else 0 end) as bigint) as rows_accepted,
        cast(sum(case when disposition not in ('received', 'accepted', 'not_read') then line_count else 0 end) as bigint) as rows_rejected,
        cast(sum(case when disposition = 'not_read' then line_count else 0 end) as bigint) as rows_not_read
    from disposition_count
    group by source, load_year

),

-- what a built year lacks, because a window reaches into a year whose claims are not there
window_of_year as (

    select
        reference_year.reference_year,
        reference_year.is_published,
        case when reference_year.has_prenatal_lookback then '' else 'the prenatal tables (no claims of the year before)' end as lacks_before,
        case
            when lookahead.has_postnatal_lookahead then ''
            when reference_year.has_claims_of_next_year then 'cube_007_009a (claims of the year after end within its window)'
            else 'cube_007_009a (no claims of the year after)'
        end as lacks_after
    from reference_year
    left join lookahead on reference_year.reference_year = lookahead.reference_year

),

reconciliation as (

    select
        balance.source,
        balance.load_year,
        disposition_count.disposition,
        disposition_count.line_count,
        balance.rows_in,
        balance.rows_accepted,
        balance.rows_rejected,
        balance.rows_not_read,
        balance.rows_in - balance.rows_accepted - balance.rows_rejected - balance.rows_not_read as difference,
        case
            when balance.rows_not_read > 0 and balance.rows_accepted > 0 then 'built; late records are not added: the source no longer has the year'
            when balance.rows_not_read > 0 then 'not read: no reference year, and no look-back or look-ahead of one'
            when window_of_year.reference_year is null then 'read for its records only: no reference year'
            when not window_of_year.is_published then 'built, not published: narrowed by a variable or the publication date'
            when window_of_year.lacks_before = '' and window_of_year.lacks_after = '' then 'built'
            else
                'built without ' || window_of_year.lacks_before
                || case when window_of_year.lacks_before <> '' and window_of_year.lacks_after <> '' then ' and ' else '' end
                || window_of_year.lacks_after
        end as use_of_year
    from balance
    left join disposition_count
        on
            balance.source = disposition_count.source
            and balance.load_year = disposition_count.load_year
            and disposition_count.disposition <> 'received'
    left join window_of_year on balance.load_year = window_of_year.reference_year

)

select * from reconciliation
