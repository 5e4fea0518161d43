-- The person-level tables have only values that their rules allow. Each table is read once: at full size they are the largest.
{{ config(group = 'persons', tags = ['spark'], enabled = target.name != 'duckdb_and_spark') }}
{%- set is_tested = in_years_to_test('reference_year') %}
{%- set type = variables().prenatal_acts.numerator_filters[0] %}
{%- set coded_filters = [] %}
{%- for filter, definition in filter_definitions().items() if definition.codes %}{% do coded_filters.append(filter) %}{% endfor %}

with beneficiary as (

    select * from {{ ref('int_beneficiary') }}
    where {{ is_tested }}

),

imaging_use as (

    select * from {{ ref('int_imaging_use') }}
    where {{ is_tested }}

),

delivery as (

    select * from {{ ref('int_delivery') }}

),

prenatal_act as (

    select * from {{ ref('int_prenatal_act') }}
    where {{ is_tested }}

),

unit as (

    select * from {{ ref('geographic_unit') }}

),

-- grouped first: some thousand places instead of millions of people
place as (

    select
        municipality_code,
        sector_code,
        min(age) as youngest,
        {%- for filter in coded_filters %}
            {%- set codes = filter_definitions()[filter].codes | join("', '") %}
            count(*) filter (where {{ filter }} is null or {{ filter }} not in ('{{ codes }}')) as unknown_{{ filter }},
        {%- endfor %}
        max(age) as oldest
    from beneficiary
    group by municipality_code, sector_code

),

impossible_place as (

    select
        'int_beneficiary ' || coalesce(place.municipality_code, 'without address') || ' ' || coalesce(place.sector_code, 'without sector') as item,
        case
            when place.municipality_code is not null and municipality.geo_code is null then 'municipality not in the published vintage'
            when place.sector_code is not null and sector.geo_code is null then 'sector not in this municipality'
            when place.youngest < 0 or place.oldest > {{ var('oldest_age') }} then 'age below 0 or above {{ var("oldest_age") }}'
            {%- for filter in coded_filters %}
                when place.unknown_{{ filter }} > 0 then 'unknown value of {{ filter }}'
            {%- endfor %}
        end as failure_reason
    from place
    left join unit as municipality
        on
            municipality.geo_level = 'municipality'
            and place.municipality_code = municipality.geo_code
    left join unit as sector
        on
            sector.geo_level = 'statistical_sector'
            and place.sector_code = sector.geo_code
            and place.municipality_code = sector.parent_code

),

impossible_use as (

    select
        'int_imaging_use ' || reference_year as item,
        case
            when count(*) filter (where least({{ imaging_variables() | map('lower') | join(', ') }}) < 0) > 0 then 'net number of examinations below 0'
            when min(lines) < 1 then 'person without a record'
            when
                count(*) filter (where lines < greatest(lines_of_other_performers, lines_outside_code_dates, lines_without_reimbursement)) > 0
                then 'more records with a warning than records'
        end as failure_reason
    from imaging_use
    group by reference_year

),

walked as (

    select
        reference_year,
        person_id,
        delivery_date,
        delivery_type,
        lag(delivery_date) over (partition by person_id order by delivery_date) as previous_date
    from delivery

),

impossible_delivery as (

    select
        'int_delivery ' || reference_year as item,
        case
            when count(*) filter (where {{ days_between('previous_date', 'delivery_date') }} <= {{ var('delivery_gap_days') }}) > 0
                then 'two deliveries of a woman within {{ var("delivery_gap_days") }} days'
            when count(*) filter (where reference_year <> extract(year from delivery_date)) > 0 then 'reference year differs from the year of the date'
            when count(*) filter (where delivery_type not in (select known.delivery_type from {{ ref('delivery_type') }} as known)) > 0
                then 'unknown type of delivery'
        end as failure_reason
    from walked
    where {{ is_tested }}
    group by reference_year

),

act_of_delivery as (

    select
        prenatal_act.reference_year,
        prenatal_act.{{ type }},
        prenatal_act.acts,
        delivery.delivery_date,
        count(*) over (partition by prenatal_act.person_id, prenatal_act.delivery_date, prenatal_act.{{ type }}) as times
    from prenatal_act
    left join delivery
        on
            prenatal_act.person_id = delivery.person_id
            and prenatal_act.delivery_date = delivery.delivery_date
            and prenatal_act.reference_year = delivery.reference_year

),

impossible_act as (

    select
        'int_prenatal_act ' || reference_year || ' ' || {{ type }} as item,
        case
            when count(*) filter (where delivery_date is null) > 0 then 'acts without a delivery'
            when max(times) > 1 then 'duplicate type of act of a delivery'
            when min(acts) < 1 then 'row without an act'
        end as failure_reason
    from act_of_delivery
    group by reference_year, {{ type }}

),

failure as (

    select * from impossible_place
    union all
    select * from impossible_use
    union all
    select * from impossible_delivery
    union all
    select * from impossible_act

)

select * from failure
where failure_reason is not null
