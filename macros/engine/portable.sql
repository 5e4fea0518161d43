{# The places where DuckDB and Spark differ, one dispatched macro each. All take SQL expressions as text and return a SQL expression. #}

{# Whole days from `start` to `stop` (dates). Returns: integer expression, negative when `stop` is before `start`. #}
{% macro days_between(start, stop) %}{{ return(adapter.dispatch('days_between')(start, stop)) }}{% endmacro %}
{% macro default__days_between(start, stop) %}datediff({{ stop }}, {{ start }}){% endmacro %}
{% macro duckdb__days_between(start, stop) %}date_diff('day', {{ start }}, {{ stop }}){% endmacro %}

{# `day` (date) moved by `days` (integer, a literal or a column). Returns: date expression. #}
{% macro add_days(day, days) %}{{ return(adapter.dispatch('add_days')(day, days)) }}{% endmacro %}
{% macro default__add_days(day, days) %}date_add({{ day }}, {{ days }}){% endmacro %}
{% macro duckdb__add_days(day, days) %}({{ day }} + cast({{ days }} as integer)){% endmacro %}

{# True when the whole of `expression` (text) matches `pattern`, a regular expression without anchors. Null stays null. #}
{% macro matches(expression, pattern) %}{{ return(adapter.dispatch('matches')(expression, pattern)) }}{% endmacro %}
{% macro default__matches(expression, pattern) %}({{ expression }} rlike '^({{ pattern | replace('\\', '\\\\') }})\\z'){% endmacro %}
{% macro duckdb__matches(expression, pattern) %}regexp_full_match({{ expression }}, '{{ pattern }}'){% endmacro %}

{# Whole quotient of `dividend` by `divisor` (non-negative integers). Returns: integer expression. #}
{% macro whole_quotient(dividend, divisor) %}{{ return(adapter.dispatch('whole_quotient')(dividend, divisor)) }}{% endmacro %}
{% macro default__whole_quotient(dividend, divisor) %}({{ dividend }} div {{ divisor }}){% endmacro %}
{% macro duckdb__whole_quotient(dividend, divisor) %}({{ dividend }} // {{ divisor }}){% endmacro %}

{# A number that is equal for equal values and seldom for others. Argument: expressions (list of SQL). Returns: bigint expression. #}
{% macro hash_of(expressions) %}{{ return(adapter.dispatch('hash_of')(expressions)) }}{% endmacro %}
{% macro default__hash_of(expressions) %}xxhash64({{ expressions | join(', ') }}){% endmacro %}
{% macro duckdb__hash_of(expressions) %}hash({{ expressions | join(', ') }}){% endmacro %}

{# `text` (string) without spaces of all scripts around it (Unicode category Zs). Returns: string expression; null stays null. #}
{% macro without_spaces(text) %}{{ return(adapter.dispatch('without_spaces')(text)) }}{% endmacro %}
{% macro default__without_spaces(text) %}trim(both '\u0020\u00A0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A\u202F\u205F\u3000' from {{ text }}){% endmacro %}
{% macro duckdb__without_spaces(text) %}trim({{ text }}){% endmacro %}

{# Number of bytes of `text` (string) in UTF-8. Returns: integer expression. #}
{% macro byte_length(text) %}{{ return(adapter.dispatch('byte_length')(text)) }}{% endmacro %}
{% macro default__byte_length(text) %}octet_length({{ text }}){% endmacro %}
{% macro duckdb__byte_length(text) %}strlen({{ text }}){% endmacro %}

{# The whole numbers from 0 to `last` (integer). Returns: a query with one column, `name` (text). #}
{% macro whole_numbers(last, name='number') %}{{ return(adapter.dispatch('whole_numbers')(last, name)) }}{% endmacro %}
{% macro default__whole_numbers(last, name) %}select id as {{ name }} from range(0, {{ last + 1 }}){% endmacro %}
{% macro duckdb__whole_numbers(last, name) %}select range as {{ name }} from range(0, {{ last + 1 }}){% endmacro %}

{# The calendar day in Belgium of a moment (timestamp with time zone), whatever the time zone of the machine. Returns: date expression. #}
{% macro day_in_belgium(moment) %}{{ return(adapter.dispatch('day_in_belgium')(moment)) }}{% endmacro %}
{% macro default__day_in_belgium(moment) %}cast(from_utc_timestamp({{ moment }}, 'Europe/Brussels') as date){% endmacro %}
{% macro duckdb__day_in_belgium(moment) %}cast({{ moment }} at time zone 'Europe/Brussels' as date){% endmacro %}
