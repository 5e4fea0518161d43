{# How one column of an extract is read, whatever type the file gives it. Each macro takes the column as SQL and its type in the file
   (DuckDB's name) and returns a SQL expression. Nothing raises: what cannot be read is null, and staging gives the row its reason. #}

{# Text, trimmed; empty is null. A whole number that a tool wrote as 123.0 loses its fraction. #}
{% macro read_text(column, type) %}
    {%- if type in ['FLOAT', 'DOUBLE'] or type.startswith('DECIMAL') -%}
        case when {{ column }} = round({{ column }}) then cast(cast({{ column }} as bigint) as varchar) else cast({{ column }} as varchar) end
    {%- elif type == 'VARCHAR' -%}
        {#- trim looks at every character for spaces of all scripts; most texts are plain and have nothing to trim -#}
        case
            when ascii({{ column }}) between 33 and 126 and strlen({{ column }}) = length({{ column }}) and not ends_with({{ column }}, ' ') then {{ column }}
            else nullif(trim({{ column }}), '')
        end
    {%- else -%}
        cast({{ column }} as varchar)
    {%- endif -%}
{% endmacro %}

{# Whether read_text finds nothing, as a boolean; on a hundred million lines that is asked faster than the text is read. #}
{% macro is_text_missing(column, type) %}
    {%- if type == 'VARCHAR' -%}
        case when ascii({{ column }}) between 33 and 126 then false else nullif(trim({{ column }}), '') is null end
    {%- else -%}
        {{ column }} is null
    {%- endif -%}
{% endmacro %}

{# Text of a code that may be a number: as read_text, and a text 123.0, as tools write a column of numbers with gaps, is 123. #}
{% macro read_label(column, type) %}
    {%- if type == 'VARCHAR' -%}
        case when {{ column }} like '%.0' then left(trim({{ column }}), length(trim({{ column }})) - 2) else {{ read_text(column, type) }} end
    {%- else -%}
        {{ read_text(column, type) }}
    {%- endif -%}
{% endmacro %}

{# bigint; a text that is no whole number is null. #}
{% macro read_integer(column, type) %}
    {%- if type in ['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'UTINYINT', 'USMALLINT', 'UINTEGER'] -%}
        cast({{ column }} as bigint)
    {%- elif type in ['FLOAT', 'DOUBLE'] or type.startswith('DECIMAL') -%}
        case when {{ column }} = round({{ column }}) then try_cast({{ column }} as bigint) end
    {%- elif type == 'VARCHAR' -%}
        case
            when regexp_full_match(trim({{ column }}), '[+-]?[0-9]+([.]0*)?') then try_cast(regexp_replace(trim({{ column }}), '[.]0*$', '') as bigint)
        end
    {%- else -%}
        try_cast(cast({{ column }} as varchar) as bigint)
    {%- endif -%}
{% endmacro %}

{# A code of at most six digits as a number (integer): what an integer column lost, its leading zeros, is no information. Longer, signed or
   other text is null. A column of integers is passed on as it is, so that a join on it can be pushed into the reading of the file; staging rejects what is no
   code. #}
{% macro read_code(column, type) %}
    {%- if type == 'INTEGER' -%}
        {{ column }}
    {%- elif type == 'VARCHAR' -%}
        case when regexp_full_match(trim({{ column }}), '[0-9]{1,6}([.]0*)?') then cast(regexp_replace(trim({{ column }}), '[.]0*$', '') as integer) end
    {%- else -%}
        {%- set number = read_integer(column, type) -%}
        case when {{ number }} between 0 and 999999 then cast({{ number }} as integer) end
    {%- endif -%}
{% endmacro %}

{# date; from a date, a timestamp, yyyymmdd as a number or as text, or yyyy-mm-dd as text. No calendar date is null. #}
{% macro read_date(column, type) %}
    {%- if type == 'DATE' -%}
        {{ column }}
    {%- elif type.startswith('TIMESTAMP') -%}
        cast({{ column }} as date)
    {%- elif type == 'VARCHAR' -%}
        case
            when regexp_full_match(trim({{ column }}), '[0-9]{8}([.]0*)?') then cast(try_strptime(left(trim({{ column }}), 8), '%Y%m%d') as date)
            when regexp_full_match(trim({{ column }}), '[0-9]{4}-[0-9]{2}-[0-9]{2}([ T].*)?') then try_cast(left(trim({{ column }}), 10) as date)
        end
    {%- else -%}
        {%- set number = read_integer(column, type) -%}
        {{ date_of_yyyymmdd(number) }}
    {%- endif -%}
{% endmacro %}

{# date of a number yyyymmdd by arithmetic alone: on a hundred million lines that is several times faster than going through text. #}
{% macro date_of_yyyymmdd(number) %}
    {%- set year = whole_quotient(number, 10000) -%}
    {%- set month = '(' ~ whole_quotient(number, 100) ~ ' % 100)' -%}
    {%- set day = '(' ~ number ~ ' % 100)' -%}
    case
        when {{ number }} between 10000101 and 99991231 and {{ month }} between 1 and 12 and {{ day }} between 1 and case
            when {{ month }} in (4, 6, 9, 11) then 30
            when {{ month }} <> 2 then 31
            when {{ year }} % 4 = 0 and ({{ year }} % 100 <> 0 or {{ year }} % 400 = 0) then 29
            else 28
        end
        then make_date(cast({{ year }} as integer), cast({{ month }} as integer), cast({{ day }} as integer))
    end
{%- endmacro %}
