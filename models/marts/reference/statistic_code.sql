-- one row is one nomenclature code on one code list of one cube or stat

with cards as (
    select * from {{ ref('card_statistic') }}
),

imaging_variables as (
    select * from {{ ref('imaging_variable') }}
),

delivery_types as (
    select * from {{ ref('delivery_type') }}
),

procedure_types as (
    select * from {{ ref('procedure_type') }}
),

members as (
    select * from {{ ref('code_list_member') }}
),

nomenclature as (
    select * from {{ ref('nomenclature_code') }}
),

-- every statistic of the perinatal family finds its deliveries with all three lists, also one that then counts a single type
lists as (
    select
        cards.code,
        'examination' as role,
        imaging_variables.list_code
    from cards
    inner join imaging_variables on cards.variable = imaging_variables.variable
    union all
    select
        cards.code,
        'delivery' as role,
        delivery_types.list_code
    from cards
    cross join delivery_types
    where cards.family = 'perinatal'
    union all
    select
        cards.code,
        'prenatal_act' as role,
        procedure_types.list_code
    from cards
    cross join procedure_types
    where cards.variable = 'prenatal_acts'
),

listed as (
    select
        lists.code,
        lists.role,
        lists.list_code,
        members.code as nomenclature_code,
        nomenclature.label_en as label,
        members.evidence,
        members.source,
        members.valid_from,
        members.valid_to
    from lists
    inner join members on lists.list_code = members.list_code
    left join nomenclature on members.code = nomenclature.code
)

select * from listed
