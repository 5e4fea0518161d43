-- One row is the metadata card of a cube or stat in one language.

{% set phrases = {
    'and': 'and_text',
    'filtered': 'filtered_text',
    'not_filtered': 'not_filtered_text',
    'no_characteristics': 'no_characteristics_text',
    'level_since': 'level_since_text',
    'update_frequency': 'update_frequency_text',
    'definition_reference': 'definition_reference_text',
    'reference_unreleased': 'unreleased_text',
    'definition_after_own': 'own_definition_text',
} %}
{% set positions = range(1, most_parts_of_card() + 1) | list %}

with card as (

    select * from {{ ref('int_card') }}

),

part as (

    select * from {{ ref('int_card_part') }}

),

text as (

    select * from {{ ref('text') }}

),

unit as (

    select * from {{ ref('sdmx_code') }}
    where topic = 'unit_measure'

),

level_label as (

    select * from text
    where topic = 'geo_level'

),

phrase as (

    select
        {%- for key, column in phrases.items() %}
            max(case when key = '{{ key }}' then text end) as {{ column }},
        {%- endfor %}
        language
    from text
    where topic = 'phrase'
    group by language

),

part_columns as (

    select
        {%- for position in positions %}
            max(case when position = {{ position }} then label end) as label_{{ position }},
        {%- endfor %}
        max(position) as last_position,
        code,
        language,
        part
    from part
    group by code, language, part

),

-- the parts of a kind as a list, and as a sentence names them: `a`, `a and b`, `a, b and c`
part_texts as (

    select
        part_columns.code,
        part_columns.language,
        part_columns.part,
        part_columns.label_1
        {%- for position in positions[1:] %}
            || coalesce('; ' || part_columns.label_{{ position }}, '')
        {%- endfor %} as listed,
        part_columns.label_1
        {%- for position in positions[1:] %}
            || coalesce(
                case when part_columns.last_position = {{ position }} then ' ' || phrase.and_text || ' ' else ', ' end || part_columns.label_{{ position }}, ''
            )
        {%- endfor %} as named
    from part_columns
    inner join phrase on part_columns.language = phrase.language

),

part_lists as (

    select
        code,
        language,
        max(case when part = 'filter' then listed end) as filters,
        max(case when part = 'filter' then named end) as filter_sentence_list,
        max(case when part = 'keyword' then listed end) as keywords,
        max(case when part = 'source_variable' then listed end) as source_variables
    from part_texts
    group by code, language

),

described as (

    select
        card.*,
        level_label.text as level_label,
        part_lists.keywords as keyword_list,
        part_lists.source_variables as source_variable_list,
        coalesce(part_lists.filters, phrase.no_characteristics_text) as characteristics,
        part_lists.filter_sentence_list,
        phrase.filtered_text,
        phrase.not_filtered_text,
        phrase.level_since_text,
        phrase.update_frequency_text,
        phrase.definition_reference_text,
        phrase.unreleased_text,
        phrase.own_definition_text,
        unit.sdmx_code as sdmx_unit_measure
    from card
    inner join phrase on card.language = phrase.language
    left join part_lists
        on
            card.code = part_lists.code
            and card.language = part_lists.language
    left join level_label
        on
            card.smallest_level = level_label.key
            and card.language = level_label.language
    left join unit on card.measure = unit.key

),

composed as (

    select
        code,
        code || '_At' as card_code,
        language,
        title,
        description
        || ' ' || case
            when filter_sentence_list is null then not_filtered_text
            else {{ fill_placeholders('filtered_text', {'filters': 'filter_sentence_list'}) }}
        end as description,
        coding,
        {{ capitalised('numerator') }}
        || case
            when per is null then ''
            when per = 1 then ' / ' || denominator
            else ' / (' || denominator || ' / ' || per_text || ')'
        end as calculation,
        first_year as available_since,
        case
            when smallest_level = 'statistical_sector'
                then {{ fill_placeholders('level_since_text', {'level': 'level_label'}) }}
            else level_label
        end as smallest_geographic_level,
        characteristics,
        update_frequency_text as update_frequency,
        -- a build is not cited: the release, which has a version, writes its own citation here (atlas/citation.py)
        {{ fill_placeholders('unreleased_text', {'code': 'code'}) }} as recommended_reference,
        case
            when basis = 'own' then own_definition_text
            else {{ fill_placeholders('definition_reference_text', {'date': card_date('card_date'), 'code': 'code'}) }}
        end as definition_reference,
        card_date as metadata_updated,
        source_variable_list as source_variables,
        keyword_list as keywords,
        family,
        measure,
        variable,
        per,
        filters,
        smallest_level,
        sdmx_unit_measure,
        basis
    from described

)

select * from composed
