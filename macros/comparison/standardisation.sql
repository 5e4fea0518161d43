{# Sums and rates that a standardised value is made of. All take SQL expressions. #}

{# The sum of doubles in a group, the same whatever the order of the rows or the number of threads: added as decimals with 15 places.
   Arguments: expression (SQL double, below 1e20); condition (SQL, rows to add; none: all). Returns: double expression (an aggregate); null for a group without values. #}
{% macro exact_sum(expression, condition=none) -%}
    cast(sum(cast({{ expression }} as decimal(38, 15))){{ ' filter (where ' ~ condition ~ ')' if condition }} as double)
{%- endmacro %}

{# Events that a stratum would have at the reference rate. Arguments: persons, reference_events, reference_persons (SQL numbers).
   Returns: double expression; 0 for a stratum without persons, null without a reference. Source: indirect standardisation; PHEindicatormethods, calculate_ISRate. #}
{% macro expected_events(persons, reference_events, reference_persons) -%}
    case when {{ persons }} = 0 then 0e0
        else cast({{ persons }} as double) * {{ reference_events }} / nullif(cast({{ reference_persons }} as double), 0)
    end
{%- endmacro %}

{# Excess of a count's variance over a Poisson count's, of a sum of independent persons: d = phi - sum(n r^2) / sum(n r).
   Arguments: phi (SQL double: sum of N^2 / sum of N over persons, 1 for a share), squared (SQL double: sum of n r^2), expected (SQL double: sum of n r).
   Returns: double expression, at least 0, null without phi or expected events (`greatest` passes over null). Source: variance of a sum over persons; project decision documented in docs/methods/comparison.md. #}
{% macro dispersion_of(phi, squared, expected) -%}
    case when {{ phi }} is not null and {{ expected }} > 0 then greatest({{ phi }} - {{ squared }} / nullif({{ expected }}, 0), 0e0) end
{%- endmacro %}

{# How a ratio to the country, with its limits, compares with 1. Arguments: lower, upper (SQL doubles). Returns: text expression `higher`, `lower` or
   `not_different`, null without limits. Source: Public Health England, comparison by 95 % limits. #}
{% macro compared_with_one(lower, upper) -%}
    case
        when {{ lower }} > 1 then 'higher'
        when {{ upper }} < 1 then 'lower'
        when {{ lower }} <= 1 and {{ upper }} >= 1 then 'not_different'
    end
{%- endmacro %}
