{# One end of the 95 % interval of a share by Wilson's method, which stays within 0 and 100 % and holds for few cases too.
   Arguments: numerator, denominator (SQL bigint, persons or deliveries, the first among the second), side ('lower' or 'upper').
   Returns: double expression, in percent; null when either is null or the denominator is 0. For `analyses/`: no published figure has an interval.
   Raises a compiler error for another side. #}
{% macro wilson_bound(numerator, denominator, side) -%}
    {%- if side not in ['lower', 'upper'] -%}
        {{ exceptions.raise_compiler_error("wilson_bound: side must be 'lower' or 'upper', not '" ~ side ~ "'") }}
    {%- endif -%}
    {%- set z = 1.959964 -%}
    100 * (
        {{ numerator }} + {{ z * z / 2 }} {{ '-' if side == 'lower' else '+' }} {{ z }} * sqrt(
            {{ numerator }} * (1 - {{ numerator }} / nullif(cast({{ denominator }} as double), 0)) + {{ z * z / 4 }}
        )
    ) / (nullif(cast({{ denominator }} as double), 0) + {{ z * z }})
{%- endmacro %}
