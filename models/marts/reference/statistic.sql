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
} %}

with card as (

    select * from {{ ref('int_card') }}

),

part as (

    select * from {{ ref('int_card_part') }}

),

text as (

    select * from {{ ref('text') }}

),

level_label as (

    select * from text
    where topic = 'geo_level'

),

unit as (

    select * from {{ ref('sdmx_code') }}
    where topic = 'unit_measure'

),

part_columns as (

    select
        code,
        language,
        part,
        max(case when position = 1 then label end) as first_label,
        max(case when position = 2 then label end) as second_label,
        max(case when position = 3 then label end) as third_label
    from part
    group by code, language, part

),

part_lists as (

    select
        code,
        language,
        max(case when part = 'filter' then first_label end) as first_filter,
        max(case when part = 'filter' then second_label end) as second_filter,
        max(case when part = 'filter' then third_label end) as third_filter,
        max(case when part = 'keyword' then first_label || coalesce('; ' || second_label, '') || coalesce('; ' || third_label, '') end) as keywords,
        max(
            case
                when part = 'source_variable' then first_label || coalesce('; ' || second_label, '') || coalesce('; ' || third_label, '')
            end
        ) as source_variables
    from part_columns
    group by code, language

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

described as (

    select
        card.*,
        level_label.text as level_label,
        part_lists.keywords as keyword_list,
        part_lists.source_variables as source_variable_list,
        coalesce(
            part_lists.first_filter || coalesce('; ' || part_lists.second_filter, '') || coalesce('; ' || part_lists.third_filter, ''),
            phrase.no_characteristics_text
        ) as characteristics,
        case
            when part_lists.third_filter is not null
                then part_lists.first_filter || ', ' || part_lists.second_filter || ' ' || phrase.and_text || ' ' || part_lists.third_filter
            else part_lists.first_filter || coalesce(' ' || phrase.and_text || ' ' || part_lists.second_filter, '')
        end as filter_sentence_list,
        phrase.filtered_text,
        phrase.not_filtered_text,
        phrase.level_since_text,
        phrase.update_frequency_text,
        phrase.definition_reference_text,
        phrase.unreleased_text,
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
        {{ fill_placeholders('definition_reference_text', {'date': card_date('card_date'), 'code': 'code'}) }} as definition_reference,
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
