-- One row is a perinatal statistic by residence, a three-year window and a unit from country to municipality: the total of three calendar years.
{{ config(meta = {'by_window': true, 'year_column': 'first_year'}) }}

with cell as (

    select * from {{ ref('publishable_three_year_cell') }}
    where {{ in_years_to_build('first_year') }}

),

act_of_year as (

    select
        cell.reference_year,
        {{ first_year_of_window('cell.reference_year') }} as first_year,
        cell.cases
    from {{ ref('released_cell') }} as cell
    where
        cell.series = 'prenatal_acts'
        and cell.geo_level = 'country'
        and {{ is_total_of(suppression_filters(), 'cell') }}
        and not cell.is_numerator_suppressed
        and {{ in_years_to_build(first_year_of_window('cell.reference_year')) }}

),

exact_limit as (

    select * from {{ ref('poisson_limit') }}

),

dispersion as (

    select * from {{ ref('dispersion') }}

),

-- a woman's acts of two years count as those of two women
spread as (

    select
        act_of_year.first_year,
        greatest(
            sum(dispersion.phi * act_of_year.cases) / sum(act_of_year.cases) - max({{ rate_per('cell.cases', 'cell.denominator', 1) }}), 0e0
        ) as dispersion
    from act_of_year
    inner join dispersion
        on
            act_of_year.reference_year = dispersion.reference_year
            and dispersion.variable = 'prenatal_acts'
            and {{ is_total_of(compared_filters(), 'dispersion') }}
    inner join cell
        on
            act_of_year.first_year = cell.first_year
            and cell.series = 'prenatal_acts'
            and cell.geo_level = 'country'
    group by act_of_year.first_year
    having count(dispersion.phi) = {{ years_of_window() }} and not bool_or(cell.is_numerator_suppressed)

),

numbered as (

    {% for statistic in statistics_of_windows() %}
        {%- set cells = cells_of_statistic(statistic) %}
        {%- set is_suppressed = 'is_denominator_suppressed' if statistic.per is none else '(' ~ cells.suppressed ~ ' or is_denominator_suppressed)' %}
        select
            '{{ statistic.name }}' as statistic,
            first_year,
            geo_level,
            geo_code,
            case
                when not {{ is_suppressed }} then {{ cells.numerator }}
            end as numerator,
            case
                when not is_denominator_suppressed then {{ cells.denominator }}
            end as denominator,
            case
                when {{ is_suppressed }} then 'small_cell'
                when {{ cells.denominator }} = 0 then 'empty'
                else 'published'
            end as status
        from cell
        where series = '{{ cells.series }}'
        {{ 'union all' if not loop.last }}
    {%- endfor %}

),

limited as (

    {% for statistic in statistics_of_windows() %}
        select
            numbered.statistic,
            numbered.first_year,
            numbered.first_year + {{ years_of_window() - 1 }} as last_year,
            numbered.geo_level,
            numbered.geo_code,
            numbered.numerator,
            numbered.denominator,
            {%- set value = rate_per('numbered.numerator', 'numbered.denominator', statistic.per or 1) %}
            case when numbered.status = 'published' then {{ 'cast(numbered.numerator as double)' if statistic.per is none else value }} end as value,
            {%- for side in ['lower', 'upper'] %}
                case
                    when numbered.status = 'published'
                        then {{ limit_of_value(statistic, side, 'numbered.', 'exact_limit.' ~ side ~ '_95', 'spread.dispersion') }}
                end as {{ side }}_95,
            {%- endfor %}
            numbered.status
        from numbered
        left join exact_limit on numbered.numerator = exact_limit.events
        left join spread on numbered.first_year = spread.first_year
        where numbered.statistic = '{{ statistic.name }}'
        {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select * from limited
