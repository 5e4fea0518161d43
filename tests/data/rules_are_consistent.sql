-- The numbers that rules stand on agree with each other: every age has one class, named by its ages, the search for the next delivery spans the longest window,
-- priorities decide, and every variable or type that SQL names exists.

with age_category as (

    select * from {{ ref('age_category') }}

),

procedure_type as (

    select * from {{ ref('procedure_type') }}

),

delivery_type as (

    select * from {{ ref('delivery_type') }}

),

imaging_variable as (

    select * from {{ ref('imaging_variable') }}

),

scheme as (

    select 'decennial' as scheme
    union all
    select 'maternal' as scheme

),

age as (

    select range as age from range(0, {{ var('oldest_age') }} + 1)

),

-- what SQL and the declarations of the marts name, read from the code itself
named as (

    {{ names_in_code('IMAG_[A-Z]+_N', 'variable') }}
    union all
    {{ names_in_code("delivery_type = '([a-z_]+)'", 'delivery_type') }}
    union all
    {{ names_in_code("procedure_type = '([a-z_]+)'", 'procedure_type') }}
    {%- for variable in imaging_variables() %}
        union all
        select
            '{{ variable }}' as name,
            'variable' as kind,
            'int_person_claim' as named_by
    {%- endfor %}

),

known as (

    select
        variable as name,
        'variable' as kind
    from imaging_variable
    union all
    select
        delivery_type as name,
        'delivery_type' as kind
    from delivery_type
    union all
    select
        procedure_type as name,
        'procedure_type' as kind
    from procedure_type
    union all
    select
        'total' as name,
        'procedure_type' as kind

),

one_class as (

    select
        'age ' || age.age || ', scheme ' || scheme.scheme as item,
        'it is in ' || count(age_category.age_category) || ' classes, not in one' as failure_reason
    from age
    cross join scheme
    left join age_category
        on
            scheme.scheme = age_category.scheme
            and age.age >= age_category.age_from
            and age.age <= coalesce(age_category.age_to, age.age)
    group by age.age, scheme.scheme
    having count(age_category.age_category) <> 1

),

-- the name of a class is its ages: 10-19, 90+ or <20
named_class as (

    select
        'class ' || age_category || ', scheme ' || scheme as item,
        'it holds the ages from ' || age_from || ' to ' || coalesce(cast(age_to as varchar), 'any') as failure_reason
    from age_category
    where age_category not in (
        age_from || coalesce('-' || age_to, '+'),
        case when age_from = 0 then '<' || (age_to + 1) else '' end
    )

),

spanned_window as (

    select
        'longest_prenatal_window_days' as item,
        'it is {{ var("longest_prenatal_window_days") }}, the longest window of procedure_type is ' || max(window_days) as failure_reason
    from procedure_type
    having max(window_days) <> {{ var('longest_prenatal_window_days') }}

),

-- two types of one priority would tie on a day, two types of one list would count a claim twice
deciding_priority as (

    select
        'delivery_type ' || delivery_type as item,
        'its priority or its list is also another type''s' as failure_reason
    from delivery_type
    qualify count(*) over (partition by priority) > 1 or count(*) over (partition by list_code) > 1

),

unknown_name as (

    select
        named.kind || ' ' || named.name as item,
        named.named_by || ' names it, and no seed has it' as failure_reason
    from named
    left join known
        on
            named.name = known.name
            and named.kind = known.kind
    where known.name is null

),

-- a variable that has no column among the claims of a person would be 0 everywhere
uncounted_variable as (

    select
        'variable ' || variable as item,
        'the seed has it, and the macro imaging_variables does not: no column of int_person_claim counts it' as failure_reason
    from imaging_variable
    where variable not in ('{{ imaging_variables() | join("', '") }}')

),

failure as (

    select * from one_class
    union all
    select * from named_class
    union all
    select * from spanned_window
    union all
    select * from deciding_priority
    union all
    select * from unknown_name
    union all
    select * from uncounted_variable

)

select * from failure
