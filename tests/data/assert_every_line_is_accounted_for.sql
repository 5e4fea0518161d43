-- Every record of the source is accepted, rejected with one reason, or of a year that is not read (quality.reconciliation), for each source and year.

with reconciliation as (

    select * from {{ ref('reconciliation') }}

),

failure as (

    select
        source || ' ' || load_year as item,
        case
            when difference <> 0 or rows_in <> rows_accepted + rows_rejected + rows_not_read
                then rows_in || ' records in, ' || rows_accepted || ' accepted, ' || rows_rejected || ' rejected, ' || rows_not_read || ' not read'
            when sum(line_count) <> rows_in then 'the records by disposition do not add up to the records in'
        end as failure_reason
    from reconciliation
    group by source, load_year, rows_in, rows_accepted, rows_rejected, rows_not_read, difference

)

select * from failure
where failure_reason is not null
