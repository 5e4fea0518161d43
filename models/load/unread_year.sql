-- One row is a source and a year of which its records are not read, with their number: the year is no reference year and, for claims, not beside one, or the
-- records are late ones of a year that the warehouse keeps.

with content as (

    select * from {{ ref('source_file_year') }}

),

plan as (

    select * from {{ ref('load_plan') }}

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
        content.source,
        content.load_year,
        cast(sum(content.line_count) as bigint) as line_count
    from content
    left join read_year
        on
            content.source = read_year.source
            and content.load_year = read_year.reference_year
    where
        content.load_year > 0
        and read_year.reference_year is null
    group by content.source, content.load_year

)

select * from unread
