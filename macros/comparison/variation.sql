{# Variation between areas. The macros are aggregates over the areas of one statistic, year and level; observed (O), expected (E) and dispersion (d) are
   SQL expressions of a row. #}

{# Linear interpolation between the two nearest order statistics (R type 7). Arguments: expression (SQL double), share (0 to 1). Returns: double aggregate. #}
{% macro percentile(expression, share) %}{{ return(adapter.dispatch('percentile')(expression, share)) }}{% endmacro %}
{% macro default__percentile(expression, share) %}percentile({{ expression }}, {{ share }}){% endmacro %}
{% macro duckdb__percentile(expression, share) %}quantile_cont({{ expression }}, {{ share }}){% endmacro %}

{# Systematic component of variation x 100: the mean of (O/E - 1)^2 - d/E. Returns: double aggregate, null where it is negative.
   Source: McPherson et al. (1982) in the form of Diehr et al. (1990); d = 1 is the published one. #}
{% macro systematic_component(observed, expected, dispersion='1') -%}
    100 * case
        when {{ exact_sum('power(' ~ observed ~ ' / ' ~ expected ~ ' - 1, 2) - ' ~ dispersion ~ ' / ' ~ expected) }} >= 0
            then {{ exact_sum('power(' ~ observed ~ ' / ' ~ expected ~ ' - 1, 2) - ' ~ dispersion ~ ' / ' ~ expected) }} / count(*)
    end
{%- endmacro %}

{# The weight of an area in the empirical-Bayes variance: 1 / (A + d O / E^2). Argument: variance (SQL double, A). Returns: double expression, null for an
   area without events when A is 0. Source: Shwartz et al. (1994). #}
{% macro empirical_bayes_weight(observed, expected, dispersion, variance) -%}
    1 / nullif({{ variance }} + {{ dispersion }} * {{ observed }} / power({{ expected }}, 2), 0)
{%- endmacro %}

{# One Newton step of the empirical-Bayes variance: A + (sum(w^2 y^2) - sum(w)) / sum(w^2), at least 0, with y = O/E - 1. Argument: weight (SQL double, w),
   variance (aggregate expression, A before the step). Returns: double aggregate. Source: Shwartz et al. (1994). #}
{% macro empirical_bayes_step(observed, expected, weight, variance) -%}
    greatest(
        {{ variance }} + ({{ exact_sum('power(' ~ weight ~ ' * (' ~ observed ~ ' / ' ~ expected ~ ' - 1), 2)') }} - {{ exact_sum(weight) }})
        / nullif({{ exact_sum('power(' ~ weight ~ ', 2)') }}, 0),
        0e0
    )
{%- endmacro %}

{# The steps of that iteration from A = 1: as many as it needs to settle to ten digits. Returns: integer. #}
{% macro empirical_bayes_steps() %}{{ return(12) }}{% endmacro %}

{# True where two relations have the same values in some columns. Arguments: left, right (aliases), columns (list of names). Returns: boolean expression. #}
{% macro same_columns(left, right, columns) -%}
    {%- for column in columns -%}
        {{ left }}.{{ column }} = {{ right }}.{{ column }}{{ ' and ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
