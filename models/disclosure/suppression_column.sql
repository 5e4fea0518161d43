-- One row is a year, series and combination of filters, with the numbers by which cells name them.

with counted as (

    select distinct
        reference_year,
        series,
        denominator_series,
        {{ filter_columns() }}
    from {{ ref('protected_count') }}
    where {{ in_years_to_build('reference_year') }}

),

contained as (

    select * from {{ ref('contained_series') }}

),

-- numbers of columns are the same for all series and follow the codes; those of series contain the year, so that years do not share cells
numbered as (

    select
        *,
        {% for filter in suppression_filters() -%}
            bool_or({{ filter }} <> 'total') over (partition by series) as has_{{ filter }},
            dense_rank() over (order by {{ suppression_filters() | reject('equalto', filter) | join(', ') }}) as without_{{ filter }}_id,
        {% endfor -%}
        dense_rank() over (order by {{ suppression_filters() | join(', ') }}) as column_id,
        reference_year * 1000 + dense_rank() over (partition by reference_year order by series) as series_id
    from counted

),

related as (

    select
        numbered.*,
        -- a filter of the numerator alone does not split the denominator
        denominator_column.series_id as denominator_series_id,
        denominator_column.column_id as denominator_column_id,
        container_column.series_id as container_series_id
    from numbered
    left join numbered as denominator_column
        on
            numbered.reference_year = denominator_column.reference_year
            and numbered.denominator_series = denominator_column.series
            {%- for filter in shared_filters() %}
                and numbered.{{ filter }} = denominator_column.{{ filter }}
            {%- endfor %}
    left join contained on numbered.series = contained.series
    left join numbered as container_column
        on
            contained.container_series = container_column.series
            and numbered.reference_year = container_column.reference_year
            and numbered.column_id = container_column.column_id

)

select * from related
