-- one row is the metadata card of one cube or stat in one language

with cards as (
    select * from {{ ref('int_card') }}
),

parts as (
    select * from {{ ref('int_card_part') }}
),

labels as (
    select * from {{ ref('int_card_label') }}
),

phrases as (
    select * from {{ ref('card_phrase') }}
),

units as (
    select * from {{ ref('card_unit') }}
),

part_columns as (
    select
        code,
        language,
        part,
        max(case when position = 1 then label end) as first_label,
        max(case when position = 2 then label end) as second_label,
        max(case when position = 3 then label end) as third_label
    from parts
    group by code, language, part
),

part_lists as (
    select
        code,
        language,
        max(case when part = 'filter' then first_label end) as first_filter,
        max(case when part = 'filter' then second_label end) as second_filter,
        max(case when part = 'filter' then third_label end) as third_filter,
        max(
            case when part = 'keyword' then first_label || coalesce('; ' || second_label, '') || coalesce('; ' || third_label, '') end
        ) as keywords,
        max(
            case
                when part = 'source_variable' then first_label || coalesce('; ' || second_label, '') || coalesce('; ' || third_label, '')
            end
        ) as source_variables
    from part_columns
    group by code, language
),

card_phrases as (
    select
        language,
        max(case when phrase = 'and' then phrase_text end) as and_text,
        max(case when phrase = 'filtered' then phrase_text end) as filtered_text,
        max(case when phrase = 'not_filtered' then phrase_text end) as not_filtered_text,
        max(case when phrase = 'no_characteristics' then phrase_text end) as no_characteristics_text,
        max(case when phrase = 'level_since' then phrase_text end) as level_since_text,
        max(case when phrase = 'update_frequency' then phrase_text end) as update_frequency_text,
        max(case when phrase = 'recommended_reference' then phrase_text end) as reference_text
    from phrases
    group by language
),

described as (
    select
        cards.*,
        labels.label as level_label,
        part_lists.keywords as keyword_list,
        part_lists.source_variables as source_variable_list,
        coalesce(
            part_lists.first_filter || coalesce('; ' || part_lists.second_filter, '') || coalesce('; ' || part_lists.third_filter, ''),
            card_phrases.no_characteristics_text
        ) as characteristics,
        case
            when part_lists.third_filter is not null
                then
                    part_lists.first_filter
                    || ', '
                    || part_lists.second_filter
                    || ' '
                    || card_phrases.and_text
                    || ' '
                    || part_lists.third_filter
            else part_lists.first_filter || coalesce(' ' || card_phrases.and_text || ' ' || part_lists.second_filter, '')
        end as filter_sentence_list,
        card_phrases.filtered_text,
        card_phrases.not_filtered_text,
        card_phrases.level_since_text,
        card_phrases.update_frequency_text,
        card_phrases.reference_text,
        {% if var('publication_date') %}cast('{{ var('publication_date') }}' as date){% else %}cards.publication_date{% endif %}
            as citation_date,
        units.sdmx_unit_measure
    from cards
    inner join card_phrases on cards.language = card_phrases.language
    left join part_lists on cards.code = part_lists.code and cards.language = part_lists.language
    left join labels
        on labels.dimension = 'geo_level' and cards.smallest_level = labels.code and cards.language = labels.language
    left join units on cards.measure = units.measure
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
        {{ fill_placeholders('reference_text', {'date': card_date('citation_date'), 'code': 'code'}) }} as recommended_reference,
        metadata_updated,
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
