{# Three-year windows: totals of perinatal statistics by residence over three calendar years. Windows do not overlap; they are counted from the first year of
   the family (2006 to 2008, ..., 2021 to 2023; project decision: no year of the series is left over at its beginning). #}

{# The number of years of a window. Returns: integer. #}
{% macro years_of_window() %}{{ return(3) }}{% endmacro %}

{# What is added to a year, so that the rest of its division by the years of a window is its place in the window, from 0 on. Returns: integer, no less than 0 with
   any year. #}
{% macro shift_of_windows() %}{{ return(years_of_window() * 1000 - families().perinatal.first_year) }}{% endmacro %}

{# The first year of the window that a year is in. Argument: year (SQL integer). Returns: integer expression. #}
{% macro first_year_of_window(year) -%}
    {{ year }} - ({{ year }} + {{ shift_of_windows() }}) % {{ years_of_window() }}
{%- endmacro %}

{# The first years of the windows that some years are in. Argument: years (list of integers; -1 for none).
   Returns: list of integers, in order, each once; [-1] for none. #}
{% macro first_years_of_windows(years) %}
    {% set found = [] %}
    {% for year in years if year > 0 %}
        {% set first = year - (year + shift_of_windows()) % years_of_window() %}
        {% if first not in found %}{% do found.append(first) %}{% endif %}
    {% endfor %}
    {{ return(found | sort or [-1]) }}
{% endmacro %}

{# The variables of which windows are published, the denominator of the family left out: its counts are those of the others. Returns: list of text. #}
{% macro variables_of_windows() %}
    {% set found = [] %}
    {% for name, variable in variables().items() if variable.family == 'perinatal' and name != families().perinatal.denominator %}
        {% do found.append(name) %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}

{# The rows of the years that a model computes and of those before them in the same window. Column: reference_year. Returns: boolean expression. #}
{% macro in_window_until_years_to_build() -%}
    ({{ in_years_to_build('reference_year') }}
    {%- for distance in range(1, years_of_window()) %}
        or ({{ in_years_to_build('reference_year + ' ~ distance) }} and {{ first_year_of_window('reference_year') }} = {{ first_year_of_window('(reference_year + ' ~ distance ~ ')') }})
    {%- endfor %})
{%- endmacro %}

{# Whether the running model has a row a three-year window: `by_window` of its meta, with year_column the first year of the window. A window is computed again
   with any of its years. Returns: boolean. #}
{% macro is_by_window() %}{{ return((model.config.meta.get('by_window') or false) if model is defined and model.config else false) }}{% endmacro %}
