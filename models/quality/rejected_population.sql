-- One row is a rejected record of the population list, with the one reason why it counts nowhere. Private: person-level.
-- Duplicates are taken from their table: a join of every record with them would read all persons once more.
{{ config(materialized = 'yearly', access = 'private', meta = {'input': 'lists', 'year_column': 'load_year'}, tags = ['spark', 'person_level']) }}

with unusable as (

    select * from {{ ref('stg_population') }}
    where
        reject_reason is not null
        and {{ in_years_to_build('load_year') }}

),

duplicate as (

    select
        *,
        'duplicate' as reject_reason
    from {{ ref('int_population_duplicate') }}
    where
        entry_rank > 1
        and {{ in_years_to_build('load_year') }}

),

rejected as (

    {%- for lines in ['unusable', 'duplicate'] %}
        select
            load_year,
            reference_year,
            reject_reason,
            person_id,
            reference_date,
            cast(reference_date_as_received as string) as reference_date_as_received,
            cast(birth_year_as_received as string) as birth_year_as_received,
            sex,
            cast(residence_code_as_received as string) as residence_code_as_received,
            sector_code,
            insurability_code
        from {{ lines }}
        {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select * from rejected
