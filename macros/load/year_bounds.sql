{# The bounds of the published years. #}

{# The last reference year that the publication rule of the cards allows: in the fourth quarter of year T the year T-2 is added.
   Returns: integer, or none without the variable publication_date. Raises a compiler error when that is no date. #}
{% macro last_publishable_year() %}
    {% if var('publication_date') is none %}{{ return(none) }}{% endif %}
    {#- every date of the calendar, 29 February in leap years alone: Jinja cannot catch the error of an impossible date -#}
    {% set calendar = '^([0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))'
        ~ '|([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)$' %}
    {% if not modules.re.match(calendar, var('publication_date') | string) %}
        {{ exceptions.raise_compiler_error(
            "publication_date is '" ~ var('publication_date') ~ "'; give a date of the calendar as YYYY-MM-DD, or leave it out."
        ) }}
    {% endif %}
    {% set day = modules.datetime.date.fromisoformat(var('publication_date') | string) %}
    {{ return(day.year - (2 if day.month >= 10 else 3)) }}
{% endmacro %}

{# `and ...` conditions that keep `column` within first_reference_year, last_reference_year and the publication rule. Returns: SQL, may be empty. #}
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

{# The same bounds in words for a message, empty when there are none. #}
{% macro year_bounds_text() %}
    {% set parts = [] %}
    {% for name in ['first_reference_year', 'last_reference_year', 'publication_date'] if var(name) is not none %}
        {% do parts.append(name ~ ' ' ~ var(name)) %}
    {% endfor %}
    {{ return(' (narrowed by ' ~ (parts | join(', ')) ~ ')' if parts else '') }}
{% endmacro %}
