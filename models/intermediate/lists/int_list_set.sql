-- One row is a set of lists that occurs and one list in it.

with membership as (

    select distinct list_set from {{ ref('int_code_membership') }}

),

list_bit as (

    select * from {{ ref('int_list_bit') }}

),

unfolded as (

    select
        membership.list_set,
        list_bit.list_code
    from membership
    inner join list_bit on {{ whole_quotient('membership.list_set', 'list_bit.bit') }} % 2 = 1

)

select * from unfolded
