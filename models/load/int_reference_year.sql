-- One row is a reference year: its population lists of 30 June and 31 December and its claims are in the source, or in the warehouse from an earlier build.
-- This is the one place that decides which years can be built. It is published unless a variable or the publication rule of the cards forbids it.
{{ config(post_hook = "{{ stop_without_reference_year() }}") }}

with source_year as (

    select * from {{ ref('source_year') }}
    where load_year > 0

),

built_year as (

    select
        reference_year,
        lists_files,
        claims_files,
        rules
    from {{ source('state', 'built_year') }}
    where
        reference_year > 0
        and {{ is_remembered() }}

),

year as (

    select
        coalesce(source_year.load_year, built_year.reference_year) as reference_year,
        coalesce(source_year.has_june_list and source_year.has_december_list and source_year.has_claims, false)
        {{ year_bounds('source_year.load_year') }} as is_in_source,
        coalesce(source_year.has_claims, false) as has_claims_in_source,
        coalesce(built_year.lists_files is not null and built_year.claims_files not like 'late:%' and built_year.rules is not null, false) as is_built,
        coalesce(built_year.claims_files not like 'late:%', false) as has_built_claims
    from source_year
    full outer join built_year on source_year.load_year = built_year.reference_year

),

-- without the claims of the year after, the postnatal window of its last deliveries is cut; whether they reach its end is known when they are read
-- (int_postnatal_lookahead)
-- without the claims of the year before, the look-back of the prenatal windows is cut: deliveries are built, the prenatal tables are not
decided as (

    select
        year.reference_year,
        coalesce(year.is_in_source, false) as is_in_source,
        coalesce(
            previous_year.has_built_claims
            or (previous_year.has_claims_in_source and (year.is_in_source or previous_year.is_in_source)),
            false
        ) as has_prenatal_lookback,
        coalesce(
            next_year.has_built_claims
            or (next_year.has_claims_in_source and (year.is_in_source or next_year.is_in_source)),
            false
        ) as has_claims_of_next_year,
        true {{ year_bounds('year.reference_year') }} as is_published
    from year
    left join year as previous_year on year.reference_year - 1 = previous_year.reference_year
    left join year as next_year on year.reference_year + 1 = next_year.reference_year
    where
        year.is_in_source
        or year.is_built

)

select * from decided
