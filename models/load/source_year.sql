-- One row is a year of the source (0: rows without a usable date), with the lists and claims found for it, what it lacks, and the fingerprint of its files.
-- The year is that of the rows (source_file_year).

with content as (

    select * from {{ ref('source_file_year') }}

),

source_file as (

    select * from {{ ref('source_file') }}

),

-- claims in the folder of another year are late records: they count, and they alone are not the claims of a year (int_reference_year), nor do they replace
-- those that the warehouse holds (load_plan)
found as (

    select
        content.source,
        content.load_year,
        content.relative_path,
        content.checksum,
        content.line_count,
        extract(month from content.list_date) = 6 and extract(day from content.list_date) = 30 as is_june_list,
        extract(month from content.list_date) = 12 and extract(day from content.list_date) = 31 as is_december_list,
        source_file.folder_year is null or source_file.folder_year = content.load_year as is_own_file
    from content
    inner join source_file on content.relative_path = source_file.relative_path

),

file_of_year as (

    select distinct
        load_year,
        source,
        relative_path,
        checksum
    from found

),

fingerprint as (

    select
        load_year,
        {{ hash_of_rows(['relative_path', 'checksum'], 'relative_path', "source = 'population'") }} as lists_files,
        {{ hash_of_rows(['relative_path', 'checksum'], 'relative_path', "source = 'health_care'") }} as claims_files
    from file_of_year
    group by load_year

),

summary as (

    select
        load_year,
        load_year > 0 and max(case when is_june_list then 1 else 0 end) = 1 as has_june_list,
        load_year > 0 and max(case when is_december_list then 1 else 0 end) = 1 as has_december_list,
        load_year > 0 and max(case when source = 'health_care' and is_own_file then 1 else 0 end) = 1 as has_claims,
        cast(sum(case when source = 'population' then line_count else 0 end) as bigint) as list_line_count,
        cast(sum(case when source = 'health_care' then line_count else 0 end) as bigint) as claim_line_count
    from found
    group by load_year

),

judged as (

    select
        summary.load_year,
        summary.has_june_list,
        summary.has_december_list,
        summary.has_claims,
        summary.list_line_count,
        summary.claim_line_count,
        fingerprint.lists_files,
        -- late records alone may be read for the year beside, and read again
        case when summary.has_claims then '' else 'late:' end || fingerprint.claims_files as claims_files,
        case when summary.has_june_list then '' else 'list of 30 June; ' end
        || case when summary.has_december_list then '' else 'list of 31 December; ' end
        || case when summary.has_claims then '' else 'claims; ' end as missing
    from summary
    inner join fingerprint on summary.load_year = fingerprint.load_year

)

select * from judged
