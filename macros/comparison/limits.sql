{# Confidence limits, as SQL expressions. Every macro takes SQL expressions and returns one of type double. Nothing here reads a table. #}

{# The quantile z of the standard normal distribution for a two-sided confidence level: P(|Z| <= z) = level.
   Argument: confidence (95 or 99.8, percent). Returns: double literal with 16 digits. Raises a compiler error for another level. #}
{% macro normal_quantile(confidence) -%}
    {%- set quantiles = {'95': '1.959963984540054e0', '99.8': '3.090232306167813e0'} -%}
    {%- if confidence | string not in quantiles -%}
        {{ exceptions.raise_compiler_error("normal_quantile: confidence must be 95 or 99.8, not '" ~ confidence ~ "'") }}
    {%- endif -%}
    {{ quantiles[confidence | string] }}
{%- endmacro %}

{# The sign of a limit's half width. Argument: side ('lower' or 'upper'). Returns: '-' or '+'. Raises a compiler error for another side. #}
{% macro sign_of_side(side) -%}
    {%- if side not in ['lower', 'upper'] -%}
        {{ exceptions.raise_compiler_error("side must be 'lower' or 'upper', not '" ~ side ~ "'") }}
    {%- endif -%}
    {{ '-' if side == 'lower' else '+' }}
{%- endmacro %}

{# One limit of a share by Wilson's score method.
   Arguments: events, total (SQL numbers, events among total), side ('lower' or 'upper'), confidence (95 or 99.8, percent).
   Returns: double expression between 0 and 1; null when either is null or total is 0. Source: Wilson (1927); PHEindicatormethods, phe_proportion. #}
{% macro wilson_limit(events, total, side, confidence=95) -%}
    {%- set z = normal_quantile(confidence) | trim -%}
    {%- set x = 'cast(' ~ events ~ ' as double)' -%}
    {%- set n = 'cast(' ~ total ~ ' as double)' -%}
    case
        when {{ x }} = {{ '0 and ' ~ n ~ ' > 0' if side == 'lower' else n ~ ' and ' ~ n ~ ' > 0' }} then {{ '0e0' if side == 'lower' else '1e0' }}
        else (
            2 * {{ x }} + {{ z }} * {{ z }} {{ sign_of_side(side) }} {{ z }} * sqrt({{ z }} * {{ z }} + 4 * {{ x }} * (1 - {{ x }} / nullif({{ n }}, 0)))
        ) / (2 * (nullif({{ n }}, 0) + {{ z }} * {{ z }}))
    end
{%- endmacro %}

{# One limit of a Poisson count by Byar's approximation, accurate from 10 events on.
   Arguments: events (SQL number), side ('lower' or 'upper'), confidence (95 or 99.8). Returns: double expression; 0 events have the lower limit 0.
   Source: Breslow and Day (1987); PHEindicatormethods, byars_lower and byars_upper. #}
{% macro byar_limit(events, side, confidence=95) -%}
    {%- set z = normal_quantile(confidence) | trim -%}
    {%- set x = 'cast(' ~ events ~ ' as double)' ~ (' + 1' if side == 'upper') -%}
    {{ 'coalesce(' if side == 'lower' -}}
    ({{ x }}) * power(1 - 1 / (9 * nullif({{ x }}, 0)) {{ sign_of_side(side) }} {{ z }} / (3 * sqrt(nullif({{ x }}, 0))), 3)
    {{- ', 0 * (' ~ x ~ '))' if side == 'lower' }}
{%- endmacro %}

{# One limit of a Poisson count: exact below 10 events, Byar's approximation from 10 on.
   Arguments: events (SQL number); exact (SQL number: the limit of the seed poisson_limit for these events, null from 10 on);
   side ('lower' or 'upper'), confidence (95 or 99.8).
   Returns: double expression. Source: PHEindicatormethods, phe_rate. #}
{% macro poisson_limit(events, exact, side, confidence=95) -%}
    case when {{ events }} < 10 then {{ exact }} else {{ byar_limit(events, side, confidence) }} end
{%- endmacro %}

{# A limit of a count that varies more, or less, than a Poisson count: its distance from the count is scaled by the root of the dispersion.
   Arguments: events, limit (SQL numbers: a count and its Poisson limit), dispersion (SQL double, variance / Poisson variance; 1 changes nothing).
   Returns: double expression, at least 0: a count is never negative (project decision); null without a dispersion. Source: Dobson et al. (1991), the same
   scaling as of a directly standardised rate. #}
{% macro scaled_limit(events, limit, dispersion) -%}
    case when {{ limit }} is not null and {{ dispersion }} is not null then greatest({{ events }} + sqrt({{ dispersion }}) * ({{ limit }} - {{ events }}), 0e0) end
{%- endmacro %}

{# One limit of a weighted sum of counts, such as a directly standardised rate, by Dobson's method.
   Arguments: value, variance (SQL doubles, of the weighted sum), events (SQL number, the unweighted count), limit (SQL number, its Poisson limit).
   Returns: double expression in the unit of value, at least 0; null without events. Source: Dobson et al. (1991); PHEindicatormethods, calculate_dsr. #}
{% macro dobson_limit(value, variance, events, limit) -%}
    case
        when {{ value }} is not null and {{ variance }} is not null and {{ events }} > 0
            then greatest({{ value }} + sqrt({{ variance }} / cast({{ events }} as double)) * ({{ limit }} - {{ events }}), 0e0)
    end
{%- endmacro %}
