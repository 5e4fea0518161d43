{# The bounds of the published years. #}

{# The last reference year that the publication rule of the cards allows: in the fourth quarter of year T the year T-2 is added.
   Returns: integer, or none without the variable publication_date, which is a date (validate_variables). #}
{% macro last_publishable_year() %}
    {% if var('publication_date') is none %}{{ return(none) }}{% endif %}
    {% set day = modules.datetime.date.fromisoformat(var('publication_date') | string) %}
    {{ return(day.year - (2 if day.month >= 10 else 3)) }}
{% endmacro %}

{# `and ...` conditions that keep `column` (SQL integer) within first_reference_year, last_reference_year and the publication rule.
   Returns: SQL, may be empty. #}
{% macro year_bounds(column) %}
    {% set conditions = [] %}
    {% if var('first_reference_year') is not none %}{% do conditions.append('and ' ~ column ~ ' >= ' ~ var('first_reference_year')) %}{% endif %}
    {% if var('last_reference_year') is not none %}{% do conditions.append('and ' ~ column ~ ' <= ' ~ var('last_reference_year')) %}{% endif %}
    {% if last_publishable_year() is not none %}{% do conditions.append('and ' ~ column ~ ' <= ' ~ last_publishable_year()) %}{% endif %}
    {#- a window is within them when its last year is, too -#}
    {% if is_by_window() and conditions %}
        {% for condition in conditions | list %}{% do conditions.append(condition | replace(column, column ~ ' + ' ~ (years_of_window() - 1))) %}{% endfor %}
    {% endif %}
    {{ return(conditions | join(' ')) }}
{% endmacro %}

{# The same bounds in words for a message, empty when there are none. Returns: text. #}
{% macro year_bounds_text() %}
    {% set parts = [] %}
    {% for name in ['first_reference_year', 'last_reference_year', 'publication_date'] if var(name) is not none %}
        {% do parts.append(name ~ ' ' ~ var(name)) %}
    {% endfor %}
    {{ return(' (narrowed by ' ~ (parts | join(', ')) ~ ')' if parts else '') }}
{% endmacro %}
