{# Whether a nomenclature number (integer, 0 to 999999) carries the right check digit: the last digit equals the first five as a number, modulo 7
   (RIZIV/INAMI). Returns: boolean expression, null for null. #}
{% macro check_digit_holds(number) -%}
    {{ whole_quotient(number, 10) }} % 7 = {{ number }} % 10
{%- endmacro %}

{# A nomenclature number as its official code. Argument: number (SQL integer). Returns: string expression of six digits. #}
{% macro nomenclature_code(number) -%}
    lpad(cast({{ number }} as string), 6, '0')
{%- endmacro %}
