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

-- Project decision: a woman with acts in two years counts as two women; the years are added as if independent.
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

published as (

    {% for statistic in statistics_of_windows() %}
        select
            '{{ statistic.name }}' as statistic,
            first_year,
            geo_level,
            geo_code,
            {{ published_numbers(statistic) }}
        from cell
        where series = '{{ cells_of_statistic(statistic).series }}'
        {{ 'union all' if not loop.last }}
    {%- endfor %}

),

limited as (

    {% for statistic in statistics_of_windows() %}
        select
            published.statistic,
            published.first_year,
            published.first_year + {{ years_of_window() - 1 }} as last_year,
            published.geo_level,
            published.geo_code,
            published.numerator,
            published.denominator,
            published.value,
            {%- for side in ['lower', 'upper'] %}
                case
                    when published.status = 'published'
                        then {{ limit_of_value(statistic, side, 'published.', 'exact_limit.' ~ side ~ '_95', 'spread.dispersion') }}
                end as {{ side }}_95,
            {%- endfor %}
            published.status
        from published
        left join exact_limit on published.numerator = exact_limit.events
        left join spread on published.first_year = spread.first_year
        where published.statistic = '{{ statistic.name }}'
        {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select * from limited
