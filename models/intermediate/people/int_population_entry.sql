-- One row is a line of a population list of a year that this build reads, accepted (no reason) or rejected with its one reason.
-- Of several lines of the same person and date the one with the smallest tuple stays, so that a rerun keeps the same one.

with line as (

    select * from {{ ref('stg_population') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by person_id, reference_date, reject_reason
            order by
                residence_code asc nulls last,
                sector_code asc nulls last,
                insurability_code asc nulls last,
                birth_year asc nulls last,
                sex asc nulls last
        ) as entry_rank
    from line

),

judged as (

    select
        load_year,
        reference_year,
        reference_date,
        is_december,
        person_id,
        birth_year,
        sex,
        residence_code,
        sector_code,
        insurability_code,
        case when reject_reason is null and entry_rank > 1 then 'duplicate' else reject_reason end as reject_reason,
        reference_date_as_delivered,
        birth_year_as_delivered,
        residence_code_as_delivered
    from ranked

)

select * from judged
