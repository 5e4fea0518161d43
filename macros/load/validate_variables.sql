{# Stops before any work when a variable is invalid. Raises a compiler error that names the variable, its value and what is allowed. #}
{% macro validate_variables() %}
    {% if execute and flags.WHICH in ['run', 'build'] %}
        {% do validate_threshold() %}
        {% if var('geography_vintage') | string not in geography_vintages() | map(attribute='vintage') | map('string') %}
            {% do exceptions.raise_compiler_error("geography_vintage is '" ~ var('geography_vintage') ~ "'; allowed are " ~ vintages_in_words() ~ ".") %}
        {% endif %}
        {% if var('performer_from') not in ['article', 'qualification'] %}
            {% do exceptions.raise_compiler_error("performer_from is '" ~ var('performer_from') ~ "'; allowed are article (the article of the code decides by whom) and qualification (that of the performer where it is known).") %}
        {% endif %}
        {% for name in ['first_reference_year', 'last_reference_year'] if var(name) is not none and not modules.re.match('^[0-9]{4}$', var(name) | string) %}
            {% do exceptions.raise_compiler_error(name ~ " is '" ~ var(name) ~ "'; give a year of four digits, or leave it out.") %}
        {% endfor %}
        {% for year in var('rebuild_years') if not modules.re.match('^[0-9]{4}$', year | string) %}
            {% do exceptions.raise_compiler_error("rebuild_years holds '" ~ year ~ "'; give a list of years of four digits, as in [2022, 2023].") %}
        {% endfor %}
        {% if var('delivery_gap_days') | int > 365 %}
            {% do exceptions.raise_compiler_error(
                'delivery_gap_days is ' ~ var('delivery_gap_days') ~ '; allowed are at most 365 days, because a year is computed from its claims and those of the year before.') %}
        {% endif %}
        {% do last_publishable_year() %}
    {% endif %}
{% endmacro %}
