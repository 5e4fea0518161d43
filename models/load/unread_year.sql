-- One row is a source and a year of it that is not read, because it is no reference year and not beside one, with its number of records.

with content as (

    select * from {{ ref('source_file_year') }}

),

plan as (

    select * from {{ ref('load_plan') }}

),

source_year as (

    select * from {{ ref('source_year') }}

),

built_year as (

    select
        reference_year,
        lists_files,
        claims_files
    from {{ source('state', 'built_year') }}

),

source_name as (

    select source from content
    group by source

),

found as (

    select
        'population' as source,
        load_year
    from source_year
    where lists_files is not null
    union all
    select
        'health_care' as source,
        load_year
    from source_year
    where claims_files is not null

),

read_year as (

    select
        'population' as source,
        reference_year
    from plan
    where reads_lists
    union all
    select
        'health_care' as source,
        reference_year
    from plan
    where reads_claims
    union all
    select
        source_name.source,
        built_year.reference_year
    from built_year
    cross join source_name
    left join plan on built_year.reference_year = plan.reference_year
    where
        not coalesce(plan.is_kept, false)
        and case source_name.source when 'population' then built_year.lists_files else built_year.claims_files end is not null

),

unread as (

    select
        found.source,
        found.load_year
    from found
    left join read_year
        on
            found.source = read_year.source
            and found.load_year = read_year.reference_year
    where
        found.load_year > 0
        and read_year.reference_year is null

),

line_count as (

    select
        unread.source,
        unread.load_year,
        cast(sum(content.line_count) as bigint) as line_count
    from unread
    inner join content
        on
            unread.source = content.source
            and unread.load_year = content.load_year
    group by unread.source, unread.load_year

)

select * from line_count
