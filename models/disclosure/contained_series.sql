-- One row is an imaging variable whose code list is part of another variable's list, with that variable: whoever had a CT scan had an examination of a
-- radiologist. Nobody can rely on it where the performer, not the code, decides who made an examination.
{{ config(materialized = 'table') }}

with variable as (

    {{ imaging_variable_rows() }}

),

member as (

    select * from {{ ref('code_list_member') }}

),

-- a code may be a member in several periods
code as (

    select
        variable.variable,
        member.code
    from variable
    inner join member on variable.list_code = member.list_code
    group by variable.variable, member.code

),

size as (

    select
        variable,
        count(*) as codes
    from code
    group by variable

),

shared as (

    select
        part.variable as series,
        whole.variable as container_series,
        count(*) as codes
    from code as part
    inner join code as whole
        on
            part.code = whole.code
            and part.variable <> whole.variable
    where {{ 'true' if var('performer_from') == 'article' else 'false' }}
    group by part.variable, whole.variable

),

contained as (

    select
        shared.series,
        shared.container_series
    from shared
    inner join size as part
        on
            shared.series = part.variable
            and shared.codes = part.codes
    inner join size as whole
        on
            shared.container_series = whole.variable
            and part.codes < whole.codes
    -- of several lists the largest, which is part of none itself
    qualify row_number() over (partition by shared.series order by whole.codes desc, shared.container_series asc) = 1

)

select * from contained
