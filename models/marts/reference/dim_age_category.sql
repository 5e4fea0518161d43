-- one row is one age category of one scheme (decennial for imaging, maternal for perinatal care), the total included

{{ config(alias='age_category') }}

with age_categories as (
    select * from {{ ref('age_category') }}
),

phrases as (
    select * from {{ ref('card_phrase') }}
),

-- a category without a lower bound of its own (its name starts with <) reads 'under', one without an upper bound 'and older'
bounded as (
    select
        scheme,
        age_category,
        sort_order,
        age_from,
        age_to,
        case
            when age_to is null then 'age_from'
            when age_category like '<%' then 'age_below'
            else 'age_between'
        end as phrase,
        case
            when age_to is null then 'Y_GE' || cast(age_from as string)
            when age_category like '<%' then 'Y_LT' || cast(age_to + 1 as string)
            else 'Y' || cast(age_from as string) || 'T' || cast(age_to as string)
        end as sdmx_code,
        case when age_category like '<%' then age_to + 1 else age_from end as named_age
    from age_categories
    union all
    select
        scheme,
        'total' as age_category,
        max(sort_order) + 1 as sort_order,
        null as age_from,
        null as age_to,
        'age_total' as phrase,
        '_T' as sdmx_code,
        null as named_age
    from age_categories
    group by scheme
),

labelled as (
    select
        bounded.scheme,
        bounded.age_category,
        bounded.sort_order,
        bounded.age_from,
        bounded.age_to,
        phrases.language,
        bounded.sdmx_code,
        replace(
            replace(
                replace(phrases.phrase_text, '{from}', coalesce(cast(bounded.age_from as string), '')),
                '{to}', coalesce(cast(bounded.age_to as string), '')
            ),
            '{age}', coalesce(cast(bounded.named_age as string), '')
        ) as label
    from bounded
    left join phrases on bounded.phrase = phrases.phrase
),

side_by_side as (
    select
        scheme,
        age_category,
        sort_order,
        max(case when language = 'nl' then label end) as label_nl,
        max(case when language = 'fr' then label end) as label_fr,
        max(case when language = 'en' then label end) as label_en,
        'SDMX:CL_AGE' as sdmx_codelist,
        sdmx_code,
        age_from,
        age_to
    from labelled
    group by scheme, age_category, sort_order, sdmx_code, age_from, age_to
)

select * from side_by_side
