-- Every nomenclature code is valid and agrees with its pair, its lists and the rules that count those lists.

{# the card of cube_007_005a prints these lists in full, 64 codes #}
{%- set complete_lists = {
    'DELIVERY_VAGINAL_HOSPITAL': 10,
    'DELIVERY_HOME': 2,
    'DELIVERY_CAESAREAN': 2,
    'PRENATAL_ULTRASOUND': 46,
    'PRENATAL_INVASIVE': 2,
    'PRENATAL_CTG': 2,
} %}

with nomenclature as (

    select
        *,
        try_cast(code as integer) as number
    from {{ ref('nomenclature_code') }}

),

member as (

    select * from {{ ref('code_list_member') }}

),

code_list as (

    select * from {{ ref('int_code_list') }}

),

qualification as (

    select * from {{ ref('provider_qualification') }}

),

expected_size as (

    {% for list_code, size in complete_lists.items() -%}
        select '{{ list_code }}' as list_code, {{ size }} as size
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

members_of_list as (

    select
        list_code,
        count(*) as size,
        count(distinct code) as codes
    from member
    group by list_code

),

lists_of_code as (

    select
        code,
        string_agg(list_code || coalesce(cast(valid_from as string), '') || coalesce(cast(valid_to as string), ''), ',' order by list_code) as lists
    from member
    group by code

),

possible_code as (

    select
        code as item,
        case
            when number is null or not {{ matches('code', '[0-9]{6}') }} then 'a code has six digits'
            when not {{ check_digit_holds('number') }} then 'the last digit is not the first five modulo 7'
            when setting = 'ambulatory' and {{ whole_quotient('number', 10) }} % 2 <> 1 then 'ambulatory, but its first five digits are even'
            when setting = 'inpatient' and {{ whole_quotient('number', 10) }} % 2 <> 0 then 'inpatient, but its first five digits are odd'
            when setting not in ('ambulatory', 'inpatient') or setting is null then 'setting is neither ambulatory nor inpatient'
            when performer not in ('radiologist', 'specialist', 'dentist', 'other') or performer is null then 'unknown performer'
            when valid_from > valid_to then 'it ended before it began'
            when count(*) over (partition by code) > 1 then 'duplicate code'
            when evidence is null or source is null then 'no evidence or no source'
        end as failure_reason
    from nomenclature

),

agreeing_pair as (

    select
        nomenclature.code as item,
        case
            when other.code is null then 'its pair ' || nomenclature.paired_code || ' is no code'
            when other.paired_code is null or other.paired_code <> nomenclature.code then 'its pair ' || nomenclature.paired_code || ' does not point back'
            when other.setting = nomenclature.setting then 'its pair ' || nomenclature.paired_code || ' has the same setting'
            when coalesce(lists_of_code.lists, '') <> coalesce(lists_of_other.lists, '')
                then 'its pair ' || nomenclature.paired_code || ' is in other lists or at other dates'
        end as failure_reason
    from nomenclature
    left join nomenclature as other on nomenclature.paired_code = other.code
    left join lists_of_code on nomenclature.code = lists_of_code.code
    left join lists_of_code as lists_of_other on nomenclature.paired_code = lists_of_other.code
    where nomenclature.paired_code is not null

),

-- one list of deliveries or of prenatal acts a code: two types of one act would count it twice
known_member as (

    select
        member.list_code || ' ' || member.code as item,
        case
            when code_list.list_code is null then 'unknown list: no variable or type counts it'
            when nomenclature.code is null then 'its code is not in nomenclature_code'
            when member.valid_from > member.valid_to then 'the membership ended before it began'
            when count(*) over (partition by member.list_code, member.code) > 1 then 'duplicate code in the list'
            when member.list_code = 'IMAG_CT' and nomenclature.category <> 'ct' then 'cone beam and other examinations are no CT'
            when
                member.list_code in ('IMAG_RAD', 'IMAG_DENTIST', 'IMAG_SPEC')
                and nomenclature.category in ('interventional', 'flat_fee', 'supplement', 'manipulation', 'mammography_second_reading')
                then 'a ' || nomenclature.category || ' is no diagnostic examination'
            when member.list_code = 'IMAG_RAD' and nomenclature.article not in ('17', '17bis') then 'a radiologist''s articles are 17 and 17bis'
            when member.list_code = 'IMAG_SPEC' and nomenclature.article not in ('17ter', '17quater') then 'other specialists'' articles are 17ter and 17quater'
            when member.list_code = 'IMAG_DENTIST' and nomenclature.article <> '5' then 'the dentist''s article is 5'
            when
                code_list.family = 'perinatal'
                and count(*) filter (where code_list.family = 'perinatal') over (partition by member.code) > 1
                then 'the code is in two lists of the perinatal family'
        end as failure_reason
    from member
    left join code_list on member.list_code = code_list.list_code
    left join nomenclature on member.code = nomenclature.code

),

filled_list as (

    select
        code_list.list_code as item,
        case
            when members_of_list.size is null then 'the list is empty'
            when members_of_list.codes <> expected_size.size then 'the card has ' || expected_size.size || ' codes, the list ' || members_of_list.codes
        end as failure_reason
    from code_list
    left join members_of_list on code_list.list_code = members_of_list.list_code
    left join expected_size on code_list.list_code = expected_size.list_code

),

known_group as (

    select
        qualification as item,
        case
            when performer_group not in ('radiologist', 'specialist', 'general_practitioner', 'other', 'unknown') or performer_group is null
                then 'unknown performer_group'
            when not {{ matches('qualification', '[0-9]{3}') }} then 'a qualification has three digits'
            when count(*) over (partition by qualification) > 1 then 'duplicate qualification'
        end as failure_reason
    from qualification

),

failure as (

    select * from possible_code
    union all
    select * from agreeing_pair
    union all
    select * from known_member
    union all
    select * from filled_list
    union all
    select * from known_group

)

select * from failure
where failure_reason is not null
