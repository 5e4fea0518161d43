-- Every line that came in is accepted or rejected with one reason (quality.reconciliation), for each source and year.

with reconciliation as (

    select * from {{ ref('reconciliation') }}

),

failure as (

    select
        source || ' ' || load_year as item,
        case
            when difference <> 0 or rows_in <> rows_accepted + rows_rejected
                then rows_in || ' lines in, ' || rows_accepted || ' accepted, ' || rows_rejected || ' rejected'
            when sum(line_count) <> rows_in then 'the lines by fate do not add up to the lines in'
        end as failure_reason
    from reconciliation
    group by source, load_year, rows_in, rows_accepted, rows_rejected, difference

)

select * from failure
where failure_reason is not null
