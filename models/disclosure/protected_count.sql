-- One row is a count that is published, before suppression: a denominator (beneficiaries, deliveries) or a numerator (patients, caesareans, acts, deliveries
-- without a postnatal contact) of a year, unit and combination of filters, with the persons behind it. A table that lacks a filter has 'total' in it; a
-- combination below its smallest level is no cell.
{%- set imaging_filters = family_filters('imaging') %}
{%- set places = {'residence': ('delivery_cell', 'prenatal_cell'), 'hospital': ('hospital_delivery_cell', 'hospital_prenatal_cell')} %}

with imaging_cell as (

    select * from {{ ref('int_imaging_cell') }}
    where
        (reference_year >= {{ var('first_filter_year') }} or ({{ is_total_of(imaging_filters) }}))
        and {{ in_years_to_build('reference_year') }}

),

delivery_cell as (

    select * from {{ ref('int_delivery_cell') }}
    where {{ in_years_to_build('reference_year') }}

),

prenatal_cell as (

    select * from {{ ref('int_prenatal_cell') }}
    where {{ in_years_to_build('reference_year') }}

),

postnatal_cell as (

    select * from {{ ref('int_postnatal_cell') }}
    where {{ in_years_to_build('reference_year') }}

),

hospital_delivery_cell as (

    select * from {{ ref('int_hospital_delivery_cell') }}
    where {{ in_years_to_build('reference_year') }}

),

hospital_prenatal_cell as (

    select * from {{ ref('int_hospital_prenatal_cell') }}
    where {{ in_years_to_build('reference_year') }}

),

-- deliveries by residence and by hospital have the same columns once both name all filters
delivery as (

    {% for place, (deliveries, acts) in places.items() -%}
        select
            '{{ place }}' as place,
            reference_year,
            geo_level,
            geo_code,
            {{ filters_or_total(family_filters('perinatal', place)) }},
            deliveries,
            women,
            caesareans,
            caesarean_women
        from {{ deliveries }}
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

prenatal as (

    {% for place, (deliveries, acts) in places.items() -%}
        select
            '{{ place }}' as place,
            reference_year,
            geo_level,
            geo_code,
            {{ filters_or_total(variable_filters('prenatal_acts', place)) }},
            acts,
            act_women
        from {{ acts }}
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- headroom: the cases that the count could hold beside its own under its denominator; null where any number is possible
counted as (

    -- the variables of a year and unit repeat their beneficiaries
    select
        reference_year,
        'beneficiaries' as series,
        cast(null as string) as denominator_series,
        geo_level,
        geo_code,
        {{ filters_or_total(imaging_filters) }},
        max(beneficiaries) as cases,
        cast(null as bigint) as volume,
        cast(null as bigint) as denominator,
        max(beneficiaries) as persons,
        cast(null as bigint) as denominator_persons,
        cast(null as bigint) as headroom
    from imaging_cell
    group by reference_year, geo_level, geo_code, {{ imaging_filters | join(', ') }}
    union all
    select
        reference_year,
        variable as series,
        'beneficiaries' as denominator_series,
        geo_level,
        geo_code,
        {{ filters_or_total(imaging_filters) }},
        patients as cases,
        exams as volume,
        beneficiaries as denominator,
        patients as persons,
        beneficiaries as denominator_persons,
        beneficiaries - patients as headroom
    from imaging_cell
    {%- for place in places %}
        union all
        select
            reference_year,
            '{{ place_series('deliveries', place) }}' as series,
            cast(null as string) as denominator_series,
            geo_level,
            geo_code,
            {{ filter_columns() }},
            deliveries as cases,
            cast(null as bigint) as volume,
            cast(null as bigint) as denominator,
            women as persons,
            cast(null as bigint) as denominator_persons,
            cast(null as bigint) as headroom
        from delivery
        where place = '{{ place }}' and {{ is_within_smallest_levels('deliveries', place) }}
        union all
        select
            reference_year,
            '{{ place_series('caesareans', place) }}' as series,
            '{{ place_series('deliveries', place) }}' as denominator_series,
            geo_level,
            geo_code,
            {{ filter_columns() }},
            caesareans as cases,
            cast(null as bigint) as volume,
            deliveries as denominator,
            caesarean_women as persons,
            women as denominator_persons,
            deliveries - caesareans as headroom
        from delivery
        where place = '{{ place }}' and {{ is_within_smallest_levels('caesareans', place) }}
        union all
        select
            prenatal.reference_year,
            '{{ place_series('prenatal_acts', place) }}' as series,
            '{{ place_series('deliveries', place) }}' as denominator_series,
            prenatal.geo_level,
            prenatal.geo_code,
            {{ filter_columns('prenatal') }},
            prenatal.acts as cases,
            cast(null as bigint) as volume,
            delivery.deliveries as denominator,
            prenatal.act_women as persons,
            delivery.women as denominator_persons,
            cast(null as bigint) as headroom
        from prenatal
        inner join delivery
            on
                prenatal.place = delivery.place
                and prenatal.reference_year = delivery.reference_year
                and prenatal.geo_level = delivery.geo_level
                and prenatal.geo_code = delivery.geo_code
                {%- for filter in shared_filters() %}
                    and prenatal.{{ filter }} = delivery.{{ filter }}
                {%- endfor %}
        where prenatal.place = '{{ place }}' and {{ is_within_smallest_levels('prenatal_acts', place, 'prenatal') }}
    {%- endfor %}
    union all
    select
        postnatal_cell.reference_year,
        'no_postnatal_midwife' as series,
        'deliveries' as denominator_series,
        postnatal_cell.geo_level,
        postnatal_cell.geo_code,
        {{ filters_or_total(family_filters('perinatal'), 'postnatal_cell') }},
        postnatal_cell.deliveries_without as cases,
        cast(null as bigint) as volume,
        delivery_cell.deliveries as denominator,
        postnatal_cell.women_without as persons,
        delivery_cell.women as denominator_persons,
        delivery_cell.deliveries - postnatal_cell.deliveries_without as headroom
    from postnatal_cell
    inner join delivery_cell
        on
            {{ is_same_cell('postnatal_cell', 'delivery_cell', family_filters('perinatal')) }}
    where {{ is_within_smallest_levels('no_postnatal_midwife', relation='postnatal_cell') }}

)

select * from counted
