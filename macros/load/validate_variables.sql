{# What a variable may hold, beside those with a check of their own below. Home of the defaults and the meaning: dbt_project.yml.
   Returns: mapping of a name to [kind, least, most]; kinds are whole (number), share (number), boolean. #}
{% macro variable_bounds() %}
    {{ return({
        'delivery_gap_days': ['whole', 0, 365],
        'oldest_age': ['whole', 100, 150],
        'first_postnatal_day': ['whole', 0, 365],
        'last_postnatal_day': ['whole', 0, 365],
        'largest_case_count': ['whole', 1, 2147483647],
        'first_sector_year': ['whole', 1900, 2200],
        'first_filter_year': ['whole', 1900, 2200],
        'least_standardisation_events': ['whole', 0, 1000000],
        'least_expected_events': ['whole', 0, 1000000],
        'least_units': ['whole', 1, 1000000],
        'least_persons_of_dispersion': ['whole', 1, 1000000],
        'least_standardisation_coverage': ['share', 0, 1],
        'least_share_of_units': ['share', 0, 1],
        'drop_missing_years': ['boolean', none, none],
        'complementary_masking': ['boolean', none, none],
        'protect_complement': ['boolean', none, none],
        'smallest_levels': ['boolean', none, none],
    }) }}
{% endmacro %}

{# on-run-start hook. Stops before any work when a variable is invalid or unknown. Raises a compiler error that names the variable, its value and what is
   allowed. #}
{% macro validate_variables() %}
    {% if execute and flags.WHICH in ['run', 'build'] %}
        {% do run_source_step('variables', {'names': (invocation_args_dict.get('vars') or {}) | list}) %}
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
        {% set years = var('rebuild_years') %}
        {% if years is none or years is string or years is not iterable or years is mapping %}
            {% do exceptions.raise_compiler_error("rebuild_years is '" ~ years ~ "'; give a list of years of four digits, as in [2022, 2023].") %}
        {% endif %}
        {% for year in years if not modules.re.match('^[0-9]{4}$', year | string) %}
            {% do exceptions.raise_compiler_error("rebuild_years holds '" ~ year ~ "'; give a list of years of four digits, as in [2022, 2023].") %}
        {% endfor %}
        {% for name, bounds in variable_bounds().items() %}
            {% set value = var(name) %}
            {% if bounds[0] == 'boolean' %}
                {% if value is not boolean %}{% do exceptions.raise_compiler_error(name ~ " is '" ~ value ~ "'; give true or false, without quotes.") %}{% endif %}
            {% elif value is boolean or not modules.re.match('^[0-9]{1,10}$' if bounds[0] == 'whole' else '^[0-9]{1,10}([.][0-9]{1,10})?$', value | string) or not bounds[1] <= value | float <= bounds[2] %}
                {% do exceptions.raise_compiler_error(
                    name ~ " is '" ~ value ~ "'; give a " ~ ('whole number' if bounds[0] == 'whole' else 'number') ~ " from " ~ bounds[1] ~ " to " ~ bounds[2] ~ "."
                    ~ (" A year is computed from its claims and those of the year before." if name == 'delivery_gap_days' else "")) %}
            {% endif %}
        {% endfor %}
        {% if var('first_postnatal_day') > var('last_postnatal_day') %}
            {% do exceptions.raise_compiler_error("first_postnatal_day is " ~ var('first_postnatal_day') ~ ", after last_postnatal_day (" ~ var('last_postnatal_day') ~ "): no contact could count. Give a first day that is not after the last.") %}
        {% endif %}
        {% do last_publishable_year() %}
    {% endif %}
{% endmacro %}
