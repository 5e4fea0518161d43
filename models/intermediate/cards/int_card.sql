-- one row is one cube or stat in one language, with its words: what it counts, over what, and the numbers that its sentences mention

{% set words = {
    'one': 'resolved.one',
    'number_of': 'resolved.number_of',
    'Number_of': capitalised('resolved.number_of'),
    'per': "coalesce(resolved.per_text, '')",
    'place': 'resolved.place_text',
    'window_ultrasound': 'resolved.window_ultrasound',
    'window_invasive': 'resolved.window_invasive',
    'window_cardiotocography': 'resolved.window_cardiotocography',
} %}

with cards as (
    select * from {{ ref('card_statistic') }}
),

phrases as (
    select * from {{ ref('card_phrase') }}
),

variables as (
    select * from {{ ref('card_variable') }}
),

measures as (
    select * from {{ ref('card_measure') }}
),

procedure_types as (
    select * from {{ ref('procedure_type') }}
),

languages as (
    select language from phrases
    where phrase = 'language_name'
),

windows as (
    select
        cast(max(case when procedure_type = 'ultrasound' then window_days end) as string) as window_ultrasound,
        cast(max(case when procedure_type = 'invasive' then window_days end) as string) as window_invasive,
        cast(max(case when procedure_type = 'cardiotocography' then window_days end) as string) as window_cardiotocography
    from procedure_types
),

translated as (
    select
        cards.*,
        languages.language,
        case when cards.smallest_level = 'hospital' then 'hospital' else 'residence' end as place,
        case languages.language
            when 'nl' then cards.title_nl
            when 'fr' then cards.title_fr
            when 'en' then cards.title_en
        end as title
    from cards
    cross join languages
),

-- left joins: a part that is missing leaves a hole in the card, which a test reports, and does not make the card vanish
resolved as (
    select
        translated.*,
        variables.one,
        variables.number_of,
        measures.coding,
        measures.description,
        measures.numerator,
        measures.denominator,
        places.phrase_text as place_text,
        numbers.phrase_text as per_text,
        windows.window_ultrasound,
        windows.window_invasive,
        windows.window_cardiotocography
    from translated
    cross join windows
    left join variables
        on translated.variable = variables.variable and translated.language = variables.language
    left join measures
        on
            translated.family = measures.family
            and translated.measure = measures.measure
            and translated.language = measures.language
    left join phrases as places
        on 'place_' || translated.place = places.phrase and translated.language = places.language
    left join phrases as numbers
        on 'per_' || cast(translated.per as string) = numbers.phrase and translated.language = numbers.language
),

filled as (
    select
        resolved.code,
        resolved.language,
        resolved.title,
        resolved.family,
        resolved.measure,
        resolved.variable,
        resolved.per,
        resolved.per_text,
        resolved.filters,
        resolved.smallest_level,
        resolved.place,
        resolved.first_year,
        resolved.source_variables,
        resolved.keywords,
        resolved.basis,
        resolved.publication_date,
        resolved.metadata_updated,
        resolved.number_of,
        {{ fill_placeholders('coding', words) }} as coding,
        {{ fill_placeholders('description', words) }} as description,
        {{ fill_placeholders('numerator', words) }} as numerator,
        {{ fill_placeholders('denominator', words) }} as denominator,
        resolved.window_ultrasound,
        resolved.window_invasive,
        resolved.window_cardiotocography
    from resolved
)

select * from filled
