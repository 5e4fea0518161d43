-- One row is a cube or stat in one language, with its words: what it counts, over what, and the numbers that its sentences mention.

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

{% set family_and_measure = "statistic.family || '.' || statistic.measure" %}

{# the texts of a card: topic and key in the seed text #}
{% set texts = {
    'title': {'topic': 'title', 'key': 'statistic.code'},
    'variable_one': {'topic': 'variable_one', 'key': 'statistic.variable'},
    'variable_number_of': {'topic': 'variable_number_of', 'key': 'statistic.variable'},
    'measure_coding': {'topic': 'measure_coding', 'key': family_and_measure},
    'measure_description': {'topic': 'measure_description', 'key': family_and_measure},
    'measure_numerator': {'topic': 'measure_numerator', 'key': family_and_measure},
    'measure_denominator': {'topic': 'measure_denominator', 'key': family_and_measure},
    'place': {'topic': 'phrase', 'key': "'place_' || statistic.place"},
    'per_number': {'topic': 'phrase', 'key': "'per_' || cast(statistic.per as string)"},
} %}

with statistic as (

    select * from {{ ref('int_statistic') }}

),

text as (

    select * from {{ ref('text') }}

),

language as (

    {% for language in languages() %}
        select '{{ language }}' as language
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

prenatal_window as (

    select
        cast(max(case when procedure_type = 'ultrasound' then window_days end) as string) as window_ultrasound,
        cast(max(case when procedure_type = 'invasive' then window_days end) as string) as window_invasive,
        cast(max(case when procedure_type = 'cardiotocography' then window_days end) as string) as window_cardiotocography
    from {{ ref('procedure_type') }}

),

-- left joins: a missing text leaves a field of the card empty, which a data test reports, and does not remove the card
resolved as (

    select
        statistic.*,
        language.language,
        title.text as title,
        variable_one.text as one,
        variable_number_of.text as number_of,
        measure_coding.text as coding,
        measure_description.text as description,
        measure_numerator.text as numerator,
        measure_denominator.text as denominator,
        place.text as place_text,
        per_number.text as per_text,
        prenatal_window.window_ultrasound,
        prenatal_window.window_invasive,
        prenatal_window.window_cardiotocography
    from statistic
    cross join language
    cross join prenatal_window
    {% for alias, named in texts.items() %}
        left join text as {{ alias }}
            on
                {{ alias }}.topic = '{{ named.topic }}'
                and {{ named.key }} = {{ alias }}.key
                and language.language = {{ alias }}.language
    {% endfor %}

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
        resolved.performer,
        resolved.first_year,
        resolved.source_variables,
        resolved.keywords,
        resolved.basis,
        resolved.card_date,
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
