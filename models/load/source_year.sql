-- One row is a year of the source (0: rows without a usable date), with the lists and claims found for it, what it lacks, and the fingerprint of its files.
-- The year is that of the file's folder. Only of files that no folder dates the date column is read.
{{ config(post_hook = "{{ stop_on_broken_lines() }}") }}

with source_file as (

    select * from {{ ref('source_file') }}

),

found as (

    select
        source,
        load_year,
        list_date
    from source_file
    where load_year is not null
    union
    {{ dates_of_undated_files() }}

),

-- a file that no folder dates may hold any year, so that it belongs to each of them, and to year 0
file_of_year as (

    select distinct
        found.load_year,
        source_file.source,
        source_file.relative_path,
        source_file.file_size,
        source_file.modified_at
    from found
    inner join source_file
        on
            found.source = source_file.source
            and (found.load_year = source_file.load_year or source_file.load_year is null)
    union
    select
        0 as load_year,
        source,
        relative_path,
        file_size,
        modified_at
    from source_file
    where load_year is null

),

fingerprint as (

    select
        load_year,
        {{ hash_of_rows(['relative_path', 'file_size', 'modified_at'], 'relative_path', "source = 'population'") }} as lists_files,
        {{ hash_of_rows(['relative_path', 'file_size', 'modified_at'], 'relative_path', "source = 'health_care'") }} as claims_files
    from file_of_year
    group by load_year

),

content as (

    select
        load_year,
        coalesce(max(case when extract(month from list_date) = 6 and extract(day from list_date) = 30 then 1 else 0 end), 0) = 1 as has_june_list,
        coalesce(max(case when extract(month from list_date) = 12 and extract(day from list_date) = 31 then 1 else 0 end), 0) = 1 as has_december_list,
        max(case when source = 'health_care' then 1 else 0 end) = 1 as has_claims
    from found
    group by load_year

),

described as (

    select
        fingerprint.load_year,
        coalesce(content.has_june_list, false) as has_june_list,
        coalesce(content.has_december_list, false) as has_december_list,
        coalesce(content.has_claims, false) as has_claims,
        fingerprint.lists_files,
        fingerprint.claims_files
    from fingerprint
    left join content on fingerprint.load_year = content.load_year

),

judged as (

    select
        *,
        case when has_june_list then '' else 'list of 30 June; ' end
        || case when has_december_list then '' else 'list of 31 December; ' end
        || case when has_claims then '' else 'claims; ' end as missing
    from described

)

select * from judged
