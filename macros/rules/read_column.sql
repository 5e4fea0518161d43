{# How one column of an extract is read, whatever type the file gives it. Each macro takes the column as SQL and its type in the file
   (DuckDB's name) and returns a SQL expression. Nothing raises: what cannot be read is null, and staging gives the row its reason. #}

{# Text without the white space around it: spaces of all scripts, and tabs and line ends, which SQL's trim leaves. Returns: SQL. #}
{% macro trimmed(column) %}{{ return(without_spaces("trim(both chr(9) || chr(10) || chr(13) || ' ' from " ~ column ~ ")")) }}{% endmacro %}

{# Whether a text has nothing to trim: trim looks at every character for spaces of all scripts, and most texts are plain. Returns: boolean expression. #}
{% macro is_plain(column) -%}
    ascii({{ column }}) between 33 and 126 and {{ byte_length(column) }} = length({{ column }}) and substr({{ column }}, -1, 1) > ' '
{%- endmacro %}

{# Text, trimmed; empty is null. A whole number that a tool wrote as 123.0 loses its fraction; NaN, as tools write a gap in a column of numbers, and infinity
   are null.
   Argument: is_of_few_values (boolean), true for a Parquet column that has few different texts: the file stores each once, and an engine trims it once if the
   expression is no `case`. #}
{% macro read_text(column, type, is_of_few_values=false) %}
    {%- if type in ['FLOAT', 'DOUBLE'] or type.startswith('DECIMAL') -%}
        case
            when {{ column }} = round({{ column }}) and abs({{ column }}) < 1e18 then cast(cast({{ column }} as bigint) as string)
            when {{ is_finite(column) }} then cast({{ column }} as string)
        end
    {%- elif type == 'VARCHAR' and is_of_few_values -%}
        nullif({{ trimmed(column) }}, '')
    {%- elif type == 'VARCHAR' -%}
        case when {{ is_plain(column) }} then {{ column }} else nullif({{ trimmed(column) }}, '') end
    {%- else -%}
        cast({{ column }} as string)
    {%- endif -%}
{% endmacro %}

{# Whether a number is neither NaN nor infinite; NaN is the largest number in both engines. Null for null. #}
{% macro is_finite(column) %}{{ return('abs(' ~ column ~ ') <= 1.7e308') }}{% endmacro %}

{# Whether read_text finds nothing, as a boolean; on a hundred million lines that is asked faster than the text is read. #}
{% macro is_text_missing(column, type) %}
    {%- if type == 'VARCHAR' -%}
        case when ascii({{ column }}) between 33 and 126 then false else nullif({{ trimmed(column) }}, '') is null end
    {%- elif type in ['FLOAT', 'DOUBLE'] -%}
        not coalesce({{ is_finite(column) }}, false)
    {%- else -%}
        {{ column }} is null
    {%- endif -%}
{% endmacro %}

{# Text of a code that may be a number: as read_text (is_of_few_values too), and a text 123.0 or 123,0, as tools write a column of numbers with gaps, is 123.
   No regular expression: DuckDB would apply it to every row, not to every different text. #}
{% macro read_label(column, type, is_of_few_values=false) %}
    {%- set text = trimmed(column) -%}
    {%- set whole = "left(" ~ text ~ ", length(" ~ text ~ ") - 2)" -%}
    {%- set value = "nullif(case when " ~ text ~ " like '%.0' or " ~ text ~ " like '%,0' then " ~ whole ~ " else " ~ text ~ " end, '')" -%}
    {%- if type == 'VARCHAR' and is_of_few_values -%}
        {{ value }}
    {%- elif type == 'VARCHAR' -%}
        case when {{ is_plain(column) }} and {{ column }} not like '%.0' and {{ column }} not like '%,0' then {{ column }} else {{ value }} end
    {%- else -%}
        {{ read_text(column, type) }}
    {%- endif -%}
{% endmacro %}

{# bigint; a text that is no whole number is null, with a decimal point or a decimal comma alike. #}
{% macro read_integer(column, type) %}
    {%- if type in ['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'UTINYINT', 'USMALLINT', 'UINTEGER'] -%}
        cast({{ column }} as bigint)
    {%- elif type in ['FLOAT', 'DOUBLE'] or type.startswith('DECIMAL') -%}
        case when {{ column }} = round({{ column }}) then try_cast({{ column }} as bigint) end
    {%- elif type == 'VARCHAR' -%}
        case
            when {{ matches(trimmed(column), '[+-]?[0-9]+([.,]0*)?') }} then try_cast(split_part(split_part({{ trimmed(column) }}, '.', 1), ',', 1) as bigint)
        end
    {%- else -%}
        try_cast(cast({{ column }} as string) as bigint)
    {%- endif -%}
{% endmacro %}

{# A code of at most six digits as a number (integer): what an integer column lost, its leading zeros, is no information. Longer, signed or
   other text is null. A column of integers is passed on as it is, so that a join on it can be pushed into the reading of the file; staging rejects what is no
   code. #}
{% macro read_code(column, type) %}
    {%- if type == 'INTEGER' -%}
        {{ column }}
    {%- elif type == 'VARCHAR' -%}
        case when {{ matches(trimmed(column), '[0-9]{1,6}([.,]0*)?') }} then cast(split_part(split_part({{ trimmed(column) }}, '.', 1), ',', 1) as integer) end
    {%- else -%}
        {%- set number = read_integer(column, type) -%}
        case when {{ number }} between 0 and 999999 then cast({{ number }} as integer) end
    {%- endif -%}
{% endmacro %}

{# date; from a date, a timestamp, yyyymmdd as a number or as text, or yyyy-mm-dd or dd/mm/yyyy as text (also with - or . and without leading zeros; the order
   of day and month is proven for each file, see stop_on_undecided_dates). No calendar date is null. A moment (timestamp with time zone) is the day in Belgium. #}
{% macro read_date(column, type) %}
    {%- if type == 'DATE' -%}
        {{ column }}
    {%- elif type == 'TIMESTAMP WITH TIME ZONE' -%}
        {{ day_in_belgium(column) }}
    {%- elif type.startswith('TIMESTAMP') -%}
        cast({{ column }} as date)
    {%- elif type == 'VARCHAR' -%}
        {%- set text = trimmed(column) -%}
        case
            when {{ matches(text, '[0-9]{8}([.,]0*)?') }} then {{ date_of_yyyymmdd('try_cast(left(' ~ text ~ ', 8) as integer)') }}
            when {{ matches(text, '[0-9]{4}-[0-9]{2}-[0-9]{2}([ T].*)?') }} then {{ date_of_yyyymmdd("try_cast(replace(left(" ~ text ~ ", 10), '-', '') as integer)") }}
            when {{ matches(text, day_and_month_pattern()) }}
                then {{ date_of_yyyymmdd('(' ~ part_of_date(text, 3) ~ ' * 10000 + ' ~ part_of_date(text, 2) ~ ' * 100 + ' ~ part_of_date(text, 1) ~ ')') }}
        end
    {%- else -%}
        {%- set number = read_integer(column, type) -%}
        {{ date_of_yyyymmdd(number) }}
    {%- endif -%}
{% endmacro %}

{# The pattern of a text with day, month and year of four digits, perhaps followed by a time. #}
{% macro day_and_month_pattern() %}{{ return('[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{4}([ T].*)?') }}{% endmacro %}

{# The first, second or third number of such a text (`number`: 1, 2 or 3). Returns: integer expression. #}
{% macro part_of_date(text, number) %}
    {% set part = "split_part(replace(replace(" ~ text ~ ", '-', '/'), '.', '/'), '/', " ~ number ~ ")" %}
    {{ return("try_cast(left(" ~ part ~ ", " ~ (4 if number == 3 else 2) ~ ") as integer)") }}
{% endmacro %}

{# What the texts of a date column prove about the order of day and month, as three SQL expressions, each 1 or 0 for a row: the day is first, the month is
   first, or neither. Arguments: column (SQL), type (DuckDB's name; none when the file lacks the column). Returns: list of SQL. #}
{% macro count_written_dates(column, type) %}
    {% if type != 'VARCHAR' %}{{ return(['0', '0', '0']) }}{% endif %}
    {% set text = trimmed(column) %}
    {% set conditions = [] %}
    {% for condition in ['{one} between 13 and 31 and {two} between 1 and 12', '{two} between 13 and 31 and {one} between 1 and 12',
        '{one} between 1 and 12 and {two} between 1 and 12 and {one} <> {two}'] %}
        {% do conditions.append('case when not ' ~ matches('coalesce(' ~ text ~ ", '')", day_and_month_pattern()) ~ ' then 0 when '
            ~ (condition | replace('{one}', part_of_date(text, 1)) | replace('{two}', part_of_date(text, 2))) ~ ' then 1 else 0 end') %}
    {% endfor %}
    {{ return(conditions) }}
{% endmacro %}

{# Date of `number` (SQL integer, yyyymmdd) by arithmetic alone: on a hundred million lines that is several times faster than going through text. #}
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
