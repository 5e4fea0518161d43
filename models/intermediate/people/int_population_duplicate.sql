-- One row is a usable record of a person and date that has several, with its rank: the record of rank 1 stays, the others are duplicates.
-- The smallest tuple stays, so that a rerun keeps the same one.
{{ config(materialized = 'yearly', meta = {'input': 'lists'}, tags = ['person_level']) }}

-- few persons have several: only their records are sorted. A number a person groups faster than the text; two persons who share one are separated below.
-- Each list is grouped by itself, in half the memory of both. The view is named again, not shared: a shared one would be kept in memory with all its columns
with repeated as (

    {% for list in ('is_december', 'not is_december') %}
        select {{ hash_of(['person_id']) }} as person_number
        from {{ ref('stg_population') }}
        where
            reject_reason is null
            and {{ list }}
            and {{ in_years_to_build('reference_year', day = 'reference_date') }}
        group by {{ hash_of(['person_id']) }}
        having count(*) > 1
        {{ 'union' if not loop.last }}
    {% endfor %}

),

line as (

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
        reference_date_as_received,
        birth_year_as_received,
        residence_code_as_received
    from {{ ref('stg_population') }}
    where
        reject_reason is null
        and {{ in_years_to_build('reference_year', day = 'reference_date') }}

),

repeated_line as (

    select line.*
    from line
    inner join repeated on {{ hash_of(['line.person_id']) }} = repeated.person_number

),

ranked as (

    select
        *,
        row_number() over (
            partition by person_id, reference_date
            order by
                residence_code asc nulls last,
                sector_code asc nulls last,
                insurability_code asc nulls last,
                birth_year asc nulls last,
                sex asc nulls last,
                -- records that differ only in a text that is no number: any of them may stay, but always the same one
                cast(residence_code_as_received as string) asc nulls last,
                cast(birth_year_as_received as string) asc nulls last
        ) as entry_rank,
        count(*) over (partition by person_id, reference_date) as line_count
    from repeated_line

),

several as (

    select * from ranked
    where line_count > 1

)

select * from several
