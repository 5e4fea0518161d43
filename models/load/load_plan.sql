-- One row is a year of the warehouse or of this build (0: rows without a usable date), with what this build reads, computes, publishes and tests of it.
-- A year is computed again when its files changed (name or contents), when a rule changed, or when `rebuild_years` names it (project decision). The claims
-- of the year before a reference year are read for the look-back of the prenatal windows, those of the year after for the look-ahead of the postnatal one.
{{ config(post_hook = [
    "{{ stop_on_lost_years() }}",
    "{{ stop_on_fewer_rows() }}",
    "{{ mark_planned_years() }}",
    "{{ resume_stopped_build() }}",
    "{{ log_load_plan() }}",
    "{{ log_incomplete_years() }}",
    "{{ warn_of_an_older_source() }}",
]) }}

with source_year as (

    select * from {{ ref('source_year') }}

),

built_year as (

    select
        reference_year,
        lists_files,
        claims_files,
        rules,
        publication,
        tested
    from {{ source('state', 'built_year') }}
    where {{ is_remembered() }}

),

reference_year as (

    select * from {{ ref('int_reference_year') }}

),

compared as (

    select
        coalesce(source_year.load_year, built_year.reference_year) as reference_year,
        coalesce(reference_year.is_in_source, false) as is_wanted,
        coalesce(next_year.is_in_source, false) as is_lookback,
        coalesce(previous_year.is_in_source, false) as is_lookahead,
        coalesce(reference_year.is_published, false) as is_published,
        source_year.lists_files is not null as has_lists,
        source_year.claims_files is not null as has_claims,
        -- the source has no more than late records of a year that the warehouse holds: they cannot replace what was read before
        coalesce(
            (built_year.lists_files is not null and source_year.lists_files is null)
            or (built_year.claims_files is not null and built_year.claims_files not like 'late:%' and not source_year.has_claims),
            false
        ) as is_kept,
        built_year.reference_year is not null as is_built,
        built_year.publication,
        built_year.tested,
        case
            when {{ 'true' if is_computed_table_missing() else 'false' }} and built_year.reference_year is not null then 'a table is missing'
            when built_year.reference_year is not null and built_year.rules is null then 'not whole'
            when built_year.rules <> '{{ rules_fingerprint() }}' then 'rules changed'
            when source_year.load_year in ({{ (['-1'] + (var('rebuild_years') | map('string') | list)) | join(', ') }}) then 'named in rebuild_years'
        end as reason_of_year,
        case
            when source_year.lists_files is null then null
            when built_year.lists_files is null then 'new'
            when built_year.lists_files <> source_year.lists_files then 'files changed'
        end as reason_of_lists,
        case
            when source_year.claims_files is null then null
            when built_year.claims_files is null then 'new'
            when built_year.claims_files <> source_year.claims_files then 'files changed'
        end as reason_of_claims
    from source_year
    full outer join built_year on source_year.load_year = built_year.reference_year
    left join reference_year on coalesce(source_year.load_year, built_year.reference_year) = reference_year.reference_year
    left join reference_year as next_year on coalesce(source_year.load_year, built_year.reference_year) + 1 = next_year.reference_year
    left join reference_year as previous_year on coalesce(source_year.load_year, built_year.reference_year) - 1 = previous_year.reference_year

),

-- all sources of a reference year are read when one of them has a reason
asked as (

    select
        *,
        case
            when is_kept then null
            when is_wanted then coalesce(reason_of_year, reason_of_claims, reason_of_lists)
            when reference_year = 0 then coalesce(reason_of_year, reason_of_claims, reason_of_lists)
            when is_lookback or is_lookahead then coalesce(reason_of_year, reason_of_claims)
        end as reason
    from compared

),

planned as (

    select
        *,
        reason is not null and has_lists and (is_wanted or reference_year = 0) as reads_lists,
        reason is not null and has_claims as reads_claims
    from asked

),

-- a delivery claim can change every later year, a postnatal contact the year before
followed as (

    select
        *,
        reference_year > 0
        and reference_year + 1 >= min(case when reads_claims and reference_year > 0 then reference_year end) over () as follows_claims
    from planned
    where is_built or reads_lists or reads_claims

),

published as (

    select
        *,
        is_published
        and (
            reads_lists
            or reads_claims
            or coalesce(follows_claims, false)
            or publication is null
            or publication <> '{{ publication_fingerprint() }}'
            or {{ 'true' if is_published_table_missing() else 'false' }}
        ) as publishes
    from followed

),

plan as (

    select
        reference_year,
        reason,
        reads_lists,
        reads_claims,
        coalesce(follows_claims, false) as follows_claims,
        publishes,
        is_kept,
        reference_year > 0
        and (
            reads_lists
            or reads_claims
            or coalesce(follows_claims, false)
            or publishes
            or tested is null
            or tested <> '{{ publication_fingerprint() }}'
        ) as tests,
        {{ this_invocation() }} as planned_by
    from published

)

select * from plan
