-- One row is a code list with its bit in a set of lists. A list is dated when its statistics need the day, the code and the hospital of each act.

with list as (

    select * from {{ ref('int_code_list') }}

),

numbered as (

    select
        list_code,
        family = 'perinatal' as is_dated,
        cast(power(2, row_number() over (order by list_code) - 1) as bigint) as bit
    from list

)

select * from numbered
