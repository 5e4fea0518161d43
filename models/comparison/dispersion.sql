-- One row is a reference year, a counted variable and a type of act: phi, the sum of the squares of what each person had by the sum of what each person had,
-- over the whole country. The only number beside the published tables that limits and standardised rates are made of.
{{ config(materialized = 'yearly') }}

with place as (

    select * from {{ ref('int_imaging_by_residence') }}
    where {{ in_years_to_build('reference_year') }}

),

prenatal_act as (

    select * from {{ ref('int_prenatal_cell') }}
    where
        geo_level = 'country'
        and {{ is_total_of(family_filters('perinatal')) }}
        and act_women > 0
        and {{ in_years_to_build('reference_year') }}

),

published_year as (

    select reference_year from {{ ref('int_reference_year') }}
    where is_published

),

imaging as (

    {% for variable in imaging_variables() %}
        select
            reference_year,
            '{{ variable }}' as variable,
            {%- for filter in compared_filters() %}
                'total' as {{ filter }},
            {%- endfor %}
            cast(sum({{ variable | lower }}) as double) as events,
            cast(sum({{ variable | lower }}_squared) as double) as squares,
            cast(sum({{ variable | lower }}_patients) as bigint) as persons
        from place
        group by reference_year
        {{ 'union all' if not loop.last }}
    {%- endfor %}

),

perinatal as (

    select
        reference_year,
        'prenatal_acts' as variable,
        {{ columns_of(compared_filters()) }}
        cast(acts as double) as events,
        cast(acts_squared as double) as squares,
        act_women as persons
    from prenatal_act

),

variable as (

    select * from imaging
    union all
    select * from perinatal

),

dispersion as (

    select
        variable.reference_year,
        variable.variable,
        {{ columns_of(compared_filters(), 'variable') }}
        case when variable.persons >= {{ var('least_persons_of_dispersion') }} then variable.squares / nullif(variable.events, 0) end as phi
    from variable
    inner join published_year on variable.reference_year = published_year.reference_year

)

select * from dispersion
