-- One row is a list, a disposition of its records and a residence code, with the number of records: all that is known of the lists without
-- a look at a person.
-- Duplicates are taken from the records that are usable by themselves: a join of every record with them would read all persons once more.
{{ config(materialized = 'yearly', meta = {'input': 'lists', 'year_column': 'load_year'}) }}

{%- set list_and_code = ['load_year', 'reference_year', 'reference_date', 'residence_code', 'is_residence_code_given'] %}

with line as (

    select
        *,
        residence_code is not null or residence_code_as_received is not null as is_residence_code_given
    from {{ ref('stg_population') }}
    where {{ in_years_to_build('load_year') }}

),

repeated_line as (

    select
        *,
        residence_code is not null or residence_code_as_received is not null as is_residence_code_given
    from {{ ref('int_population_duplicate') }}
    where
        entry_rank > 1
        and {{ in_years_to_build('load_year') }}

),

line_count as (

    select
        {{ columns_of(list_and_code) }}
        reject_reason,
        count(*) as line_count
    from line
    group by all

),

duplicate_count as (

    select
        {{ columns_of(list_and_code) }}
        count(*) as line_count
    from repeated_line
    group by all

),

moved as (

    select * from line_count
    union all
    select
        {{ columns_of(list_and_code) }}
        cast(null as string) as reject_reason,
        -line_count as line_count
    from duplicate_count
    union all
    select
        {{ columns_of(list_and_code) }}
        'duplicate' as reject_reason,
        line_count
    from duplicate_count

),

counted as (

    select
        {{ columns_of(list_and_code) }}
        reject_reason,
        cast(sum(line_count) as bigint) as line_count
    from moved
    group by {{ columns_of(list_and_code) }} reject_reason
    having sum(line_count) <> 0

)

select * from counted
