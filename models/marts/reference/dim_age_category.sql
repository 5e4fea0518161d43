-- One row is an age category (scheme decennial for imaging, maternal for perinatal care), or the total of all ages, which both schemes have.

with age_category as (

    select * from {{ ref('age_category') }}

),

phrase as (

    {{ texts_side_by_side('phrase') }}

),

-- the phrase and the SDMX code follow from the bounds: no lower bound of its own (the name starts with <), no upper bound, or both
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
    from age_category
    union all
    select
        'all' as scheme,
        'total' as age_category,
        max(sort_order) + 1 as sort_order,
        null as age_from,
        null as age_to,
        'age_total' as phrase,
        '_T' as sdmx_code,
        null as named_age
    from age_category

),

labelled as (

    select
        bounded.scheme,
        bounded.age_category,
        bounded.sort_order,
        {%- for language in languages() %}
            {%- set from_filled = "replace(phrase.label_" ~ language ~ ", '{from}', coalesce(cast(bounded.age_from as string), ''))" %}
            {%- set to_filled = "replace(" ~ from_filled ~ ", '{to}', coalesce(cast(bounded.age_to as string), ''))" %}
            replace({{ to_filled }}, '{age}', coalesce(cast(bounded.named_age as string), '')) as label_{{ language }},
        {%- endfor %}
        'SDMX:CL_AGE' as sdmx_codelist,
        bounded.sdmx_code,
        bounded.age_from,
        bounded.age_to
    from bounded
    left join phrase on bounded.phrase = phrase.key

)

select * from labelled
