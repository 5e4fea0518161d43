{# Delivery deduplication (card of cube_007_005a): the first days of deliveries among the days on which a person has a delivery claim.
   Arguments: relation (text: a CTE or table with one row a person and day, columns person_id and service_date, others pass through),
   gap_days (integer: the card's 30).
   Returns: a query with all columns of the relation and previous_service_date, one row a delivery, its first day. Walking forward in time, a day that lies gap_days or less after
   the PREVIOUS claim's day of that person, kept or not, belongs to the same delivery (our reading of "within 30 days"). #}
{% macro first_delivery_days(relation, gap_days) %}
    select *
    from (
        select
            *,
            lag(service_date) over (partition by person_id order by service_date) as previous_service_date
        from {{ relation }}
    ) as walked
    where
        previous_service_date is null
        or {{ days_between('previous_service_date', 'service_date') }} > {{ gap_days }}
{% endmacro %}

{# Whether a contact is in the postnatal window of a delivery (variables first_postnatal_day, last_postnatal_day).
   Arguments: delivery_date, service_date (SQL dates). Returns: boolean expression. #}
{% macro in_postnatal_window(delivery_date, service_date) -%}
    ({{ days_between(delivery_date, service_date) }} between {{ var('first_postnatal_day') }} and {{ var('last_postnatal_day') }})
{%- endmacro %}

{# Whether an act belongs to the window before a delivery: `delivery_date - window_days <= service_date <= delivery_date`, the day of the delivery
   included (project decision). Arguments: SQL of the dates and of the days. Returns: boolean expression. #}
{% macro in_prenatal_window(service_date, delivery_date, window_days) -%}
    ({{ days_between(service_date, delivery_date) }} between 0 and {{ window_days }})
{%- endmacro %}
