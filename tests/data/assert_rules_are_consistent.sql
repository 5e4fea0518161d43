-- The seeds of the rules are consistent: every age is in one category, a category is named by its ages, priorities are unique, and every variable or type that
-- SQL names exists.

with age_category as (

    select * from {{ ref('age_category') }}

),

procedure_type as (

    select * from {{ ref('procedure_type') }}

),

delivery_type as (

    select * from {{ ref('delivery_type') }}

),

scheme as (

    {% for family in families().values() -%}
        select '{{ family.scheme }}' as scheme
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

age as (

    select single_value.number as age from ({{ whole_numbers(var('oldest_age')) }}) as single_value

),

-- what SQL and the declarations of the marts name, read from the code itself
named as (

    {{ names_in_code('IMAG_[A-Z]+_N', 'variable') }}
    union all
    {{ names_in_code("delivery_type = '([a-z_]+)'", 'delivery_type') }}
    union all
    {{ names_in_code("procedure_type = '([a-z_]+)'", 'procedure_type') }}

),

known as (

    {% for variable in imaging_variables() -%}
        select
            '{{ variable }}' as name,
            'variable' as kind
        union all
    {% endfor -%}
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

one_category as (

    select
        'age ' || age.age || ', scheme ' || scheme.scheme as item,
        'it is in ' || count(age_category.age_category) || ' categories, not in one' as failure_reason
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

-- the name of a category is its ages: 10-19, 90+ or <20
named_category as (

    select
        'age category ' || age_category || ', scheme ' || scheme as item,
        'it has the ages from ' || age_from || ' to ' || coalesce(cast(age_to as string), 'any') as failure_reason
    from age_category
    where age_category not in (
        age_from || coalesce('-' || age_to, '+'),
        case when age_from = 0 then '<' || (age_to + 1) else '' end
    )

),

-- a year is computed from its claims and those of the year before
bounded_window as (

    select
        'procedure_type ' || procedure_type as item,
        'window longer than 365 days: ' || window_days as failure_reason
    from procedure_type
    where window_days > 365

),

-- two types of one priority would tie on a day, two types of one list would count a claim twice
deciding_priority as (

    select
        'delivery_type ' || delivery_type as item,
        'duplicate priority or duplicate list' as failure_reason
    from delivery_type
    qualify count(*) over (partition by priority) > 1 or count(*) over (partition by list_code) > 1

),

unknown_name as (

    select
        named.kind || ' ' || named.name as item,
        'unknown name in ' || named.named_by as failure_reason
    from named
    left join known
        on
            named.name = known.name
            and named.kind = known.kind
    where known.name is null

),

failure as (

    select * from one_category
    union all
    select * from named_category
    union all
    select * from bounded_window
    union all
    select * from deciding_priority
    union all
    select * from unknown_name

)

select * from failure
