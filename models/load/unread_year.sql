-- One row is a source and a year of it that is not read, because it is no reference year and no look-back of one, with its number of lines.
{{ config(pre_hook = "{{ forget_broken_lines() }}", post_hook = "{{ stop_on_broken_lines() }}") }}

with source_file as (

    select * from {{ ref('source_file') }}

),

source_name as (

    select distinct source from source_file

),

plan as (

    select * from {{ ref('load_plan') }}

),

found as (

    select
        'population' as source,
        load_year
    from {{ ref('source_year') }}
    where lists_files is not null
    union all
    select
        'health_care' as source,
        load_year
    from {{ ref('source_year') }}
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
    from {{ source('state', 'built_year') }} as built_year
    cross join source_name
    where case source_name.source when 'population' then built_year.lists_files else built_year.claims_files end is not null

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

-- Parquet files state in their footers how many rows they have
counted as (

    select
        source,
        load_year,
        row_count as line_count
    from source_file
    where
        row_count is not null
        and load_year is not null
    union all
    {{ counts_of_lines_without_footer() }}

),

line_count as (

    select
        unread.source,
        unread.load_year,
        cast(sum(counted.line_count) as bigint) as line_count
    from unread
    inner join counted
        on
            unread.source = counted.source
            and unread.load_year = counted.load_year
    group by unread.source, unread.load_year

)

select * from line_count
