-- every card has every field in every language of the cards, with no placeholder left unfilled

{% set fields = [
    'title', 'description', 'coding', 'calculation', 'smallest_geographic_level', 'characteristics', 'update_frequency',
    'recommended_reference', 'source_variables', 'keywords', 'sdmx_unit_measure', 'basis',
] %}

with cards as (
    select * from {{ ref('card_statistic') }}
),

languages as (
    {% for language in ['en', 'nl', 'fr'] %}
        select '{{ language }}' as language
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

statistics as (
    select * from {{ ref('statistic') }}
),

remarks as (
    select * from {{ ref('statistic_remark') }}
),

column_descriptions as (
    select * from {{ ref('statistic_column') }}
),

expected as (
    select
        cards.code,
        languages.language
    from cards
    cross join languages
),

field_texts as (
    {% for field in fields %}
        select
            code,
            language,
            '{{ field }}' as field,
            {{ field }} as field_text
        from statistics
        union all
    {% endfor %}
    select
        code,
        language,
        'available_since' as field,
        cast(available_since as string) as field_text
    from statistics
    union all
    select
        code,
        language,
        'metadata_updated' as field,
        cast(metadata_updated as string) as field_text
    from statistics
    union all
    select
        code,
        language,
        'remark ' || remark_code as field,
        remark as field_text
    from remarks
    union all
    select
        code,
        language,
        'column ' || column_name as field,
        description as field_text
    from column_descriptions
),

missing_cards as (
    select
        expected.code,
        expected.language,
        'the whole card' as field,
        'no row in table statistic' as failure_reason
    from expected
    left join statistics on expected.code = statistics.code and expected.language = statistics.language
    where statistics.code is null
),

missing_remarks as (
    select
        expected.code,
        expected.language,
        'remarks' as field,
        'no remark' as failure_reason
    from expected
    left join remarks on expected.code = remarks.code and expected.language = remarks.language
    where remarks.code is null
),

missing_texts as (
    select
        code,
        language,
        field,
        case when instr(field_text, '{') > 0 then 'placeholder left: ' || field_text else 'empty' end as failure_reason
    from field_texts
    where coalesce(trim(field_text), '') = '' or instr(field_text, '{') > 0
),

failures as (
    select * from missing_cards
    union all
    select * from missing_remarks
    union all
    select * from missing_texts
)

select * from failures
