-- One row is a municipality code that the reference geography ever had, with the municipality that it is part of in the published vintage.
-- `municipality_code` is null for a code younger than the vintage: no step of the crosswalk leads back.

with recursive municipality as (

    select * from {{ ref('geo_municipality') }}

),

step as (

    select
        old_nis,
        new_nis,
        effective_date
    from {{ ref('geo_crosswalk') }}
    where
        old_nis <> new_nis
        and effective_date <= {{ vintage_day() }}

),

-- as many steps as needed; a code's steps follow each other in time, so the walk ends
carried as (

    select
        nis_code,
        nis_code as current_code,
        cast(null as date) as carried_on
    from municipality
    union all
    select
        carried.nis_code,
        step.new_nis as current_code,
        step.effective_date as carried_on
    from carried
    inner join step
        on
            carried.current_code = step.old_nis
            and step.effective_date >= coalesce(carried.carried_on, step.effective_date)

),

last_step as (

    select
        nis_code,
        current_code,
        row_number() over (partition by nis_code order by carried_on desc nulls last) as step_rank
    from carried

),

in_vintage as (

    select
        last_step.nis_code,
        municipality.nis_code as municipality_code
    from last_step
    left join municipality
        on
            last_step.current_code = municipality.nis_code
            and {{ vintage_day() }} between municipality.valid_from and municipality.valid_to
    where last_step.step_rank = 1

)

select * from in_vintage
