-- One row is a nomenclature code and a period in which the set of lists that it belongs to does not change; the periods of a code touch and do not overlap.
-- The set is one number (`list_set`, the sum of the lists' bits), so that a claim meets its lists in one join without a fan-out.

with member as (

    select
        code,
        list_code,
        coalesce(valid_from, date '0001-01-01') as valid_from,
        coalesce(valid_to, date '9999-12-31') as valid_to
    from {{ ref('code_list_member') }}

),

nomenclature as (

    select * from {{ ref('nomenclature_code') }}

),

list_bit as (

    select * from {{ ref('int_list_bit') }}

),

code as (

    select code from nomenclature
    union distinct
    select code from member

),

-- a set can change where a membership begins, and on the day after one ends
change_day as (

    select
        code,
        date '0001-01-01' as period_start
    from code
    union distinct
    select
        code,
        valid_from as period_start
    from member
    union distinct
    select
        code,
        {{ add_days('valid_to', 1) }} as period_start
    from member
    where valid_to < date '9999-12-31'

),

period as (

    select
        code,
        period_start,
        coalesce(
            lead(period_start) over (partition by code order by period_start),
            date '9999-12-31'
        ) as period_end
    from change_day

),

membership as (

    select
        period.code,
        period.period_start,
        period.period_end,
        cast(coalesce(sum(distinct list_bit.bit), 0) as bigint) as list_set,
        coalesce(bool_or(list_bit.is_dated), false) as is_dated
    from period
    left join member
        on
            period.code = member.code
            and period.period_start >= member.valid_from
            and period.period_start <= member.valid_to
    left join list_bit on member.list_code = list_bit.list_code
    group by period.code, period.period_start, period.period_end

),

described as (

    select
        cast(membership.code as integer) as nomenclature_number,
        membership.code as nomenclature_code,
        membership.period_start,
        membership.period_end,
        membership.list_set,
        membership.is_dated,
        nomenclature.performer,
        nomenclature.valid_from as code_valid_from,
        nomenclature.valid_to as code_valid_to
    from membership
    left join nomenclature on membership.code = nomenclature.code

)

select * from described
