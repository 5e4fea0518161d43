{# How the rows of a source are read: one SELECT for files that are read in the same way. What differs by file type is here and in read_column.sql. #}

{# {column: DuckDB's type} of what a table function returns, names in lower case. Argument: from (SQL). #}
{% macro column_types(from) %}
    {% set types = {} %}
    {% for row in run_query("describe select * from " ~ from).rows %}{% do types.update({row[0] | lower: row[1]}) %}{% endfor %}
    {{ return(types) }}
{% endmacro %}

{# What reads files of one shape, as SQL after `from`; its column `filename` is the path. Arguments: shape (a row of source_file), paths (list).
   DuckDB's own message about a malformed CSV row shows the row, and with it a person. So malformed rows are put aside, and stop_on_broken_lines names them
   without their contents. #}
{% macro read_function(shape, paths) %}
    {% set patterns = [] %}
    {% for path in paths %}{% do patterns.append(pattern_of(path)) %}{% endfor %}
    {% if shape.format == 'parquet' %}
        {{ return('read_parquet(' ~ list_literal(patterns) ~ ', union_by_name = true, hive_partitioning = false, filename = true)') }}
    {% endif %}
    {% set columns = [] %}
    {% for name in shape.column_names.split(',') %}{% do columns.append(literal(name) ~ ": 'VARCHAR'") %}{% endfor %}
    {{ return(
        "read_csv(" ~ list_literal(patterns) ~ ", auto_detect = false, header = true, delim = " ~ literal(shape.separator) ~ ", quote = " ~ literal(shape.quote)
        ~ ", escape = " ~ literal(shape.quote) ~ ", columns = {" ~ (columns | join(', ')) ~ "}, hive_partitioning = false, filename = true,"
        ~ " store_rejects = true)") }}
{% endmacro %}

{# Hook before a model that reads CSV: forgets the malformed rows that an earlier statement of this connection put aside. #}
{% macro forget_broken_lines() %}
    {% if is_building() %}
        {% do run_query("drop table if exists reject_errors") %}
        {% do run_query("drop table if exists reject_scans") %}
    {% endif %}
{% endmacro %}

{# Hook after a model that reads CSV. Raises a compiler error that names files, lines and the kind of fault of the first malformed rows, never their values. #}
{% macro stop_on_broken_lines() %}
    {% if is_building() and run_query("select count(*) from duckdb_tables() where table_name = 'reject_errors'").columns[0][0] > 0 %}
        {% set broken = run_query(
            "select distinct coalesce(f.file, s.file_path), e.line, lower(cast(e.error_type as varchar)) from reject_errors as e inner join reject_scans as s"
            ~ " on s.scan_id = e.scan_id and s.file_id = e.file_id left join " ~ model_relation('source_file') ~ " as f on s.file_path = f.read_path order by all limit 5").rows %}
        {% if broken | length > 0 %}
            {% set lines = [] %}
            {% for row in broken %}{% do lines.append(row[0] ~ ", line " ~ row[1] ~ " (" ~ row[2] ~ ")") %}{% endfor %}
            {% do exceptions.raise_compiler_error(
                "Malformed CSV rows (first 5): " ~ (lines | join('; ')) ~ ". Nothing was read. A value with a separator or a quote in it that is not quoted is the usual cause,"
                ~ " in the last line a transfer that was cut off: export the file again, or fix the lines.") %}
        {% endif %}
    {% endif %}
{% endmacro %}

{# The date of a row, as SQL on the file's columns. Arguments: source_name, types ({column: type}), list_date (SQL of the folder's date, which goes first, or none). #}
{% macro dating_expression(source_name, types, list_date=none) %}
    {% if list_date is not none %}{{ return(list_date) }}{% endif %}
    {% set name = dating_column(source_name).name %}
    {{ return(read_date(name, types[name]) if name in types else 'cast(null as date)') }}
{% endmacro %}

{# The year of a row, as SQL: of its date, else of the folder, else 0. Arguments: dated (SQL), folder_year (integer or none). #}
{% macro year_of_row(dated, folder_year) %}
    {{ return('coalesce(cast(extract(year from ' ~ dated ~ ') as integer), ' ~ (folder_year if folder_year is not none else 0) ~ ')') }}
{% endmacro %}

{# The columns of a source, named by field and read as their declared types.
   Arguments: source_name, branch (see source_branches), as_text (list of raw names whose received value is cast to text). Returns: SQL, with
     <field>                     the value, null where it cannot be read; the person id is not trimmed yet, because that takes longer than to see which rows
                                 are rejected, and belongs after it (staging)
     person_id_is_missing        boolean: there is no person id, or only white space
     <field>_as_received        what the file holds, for the tables of rejects: in the file's own type where all files agree, so that no line pays for a
                                 text that only a rejected one needs, else as text
     load_year                   integer: the year of the row's date, else of the folder, else 0
     folder_year                 integer: the year that the folder states, may be null #}
{% macro source_columns(source_name, branch, as_text) %}
    {% set dated = dating_expression(source_name, branch.types, branch.list_date) %}
    {% set expressions = [] %}
    {% for column in declared_columns(source_name) %}
        {% set type = branch.types.get(column.name, 'VARCHAR') %}
        {% set received = column.name if column.name in branch.types else 'cast(null as string)' %}
        {% set is_of_few_values = branch.format == 'parquet' and column.field != 'person_id' %}
        {% set value = {
            'date': dated,
            'text': received if column.field == 'person_id' and type == 'VARCHAR' else read_text(received, type, is_of_few_values),
            'label': read_label(received, type, is_of_few_values),
            'code': read_code(received, type),
            'integer': read_integer(received, type),
        }[column.type] %}
        {% do expressions.append(value ~ ' as ' ~ column.field) %}
        {% if column.field == 'person_id' %}{% do expressions.append(is_text_missing(received, type) ~ ' as person_id_is_missing') %}{% endif %}
        {% if column.type not in ['text', 'label'] %}
            {% do expressions.append(('cast(' ~ received ~ ' as string)' if column.name in as_text else received) ~ ' as ' ~ column.field ~ '_as_received') %}
        {% endif %}
    {% endfor %}
    {% do expressions.append((branch.load_year if branch.load_year is not none else year_of_row(dated, branch.folder_year)) ~ ' as load_year') %}
    {% do expressions.append('cast(' ~ (branch.folder_year if branch.folder_year is not none else 'null') ~ ' as integer) as folder_year') %}
    {{ return(expressions | join(', ')) }}
{% endmacro %}

{# The rows of a source that this build reads, see source_columns. Arguments: source_name, format (parquet or csv), csv_rows (relation: for parquet, the
   table that holds the rows of the CSV files; they are added). Returns: a query. The years are those of load_plan; without one, it has no row. #}
{% macro read_source(source_name, format, csv_rows=none) %}
    {#- what dbt has to know while it parses -#}
    {% set file_years = ref('source_file_year') %}
    {% set plan = ref('load_plan') %}
    {% if not execute or is_left_to_spark() %}{{ return('select 0 as load_year') }}{% endif %}
    {% set years = planned_years({'population': 'reads_lists', 'health_care': 'reads_claims'}[source_name], plan) if is_building() else [-1] %}
    {% set planned = 'load_year in (' ~ (years | join(', ')) ~ ')' %}
    {% set branches = source_branches(
        source_name, 'select file.*, content.load_year from ' ~ ref('source_file') ~ ' as file inner join (select relative_path,'
        ~ ' case when min(load_year) = max(load_year) then min(load_year) end as load_year from ' ~ file_years ~ ' group by relative_path having bool_or(' ~ planned ~ ')) as content'
        ~ ' on file.relative_path = content.relative_path') if years != [-1] else [] %}
    {% set as_text = [] %}
    {% for column in declared_columns(source_name) if branches | map(attribute='types') | map(attribute=column.name, default='VARCHAR') | unique | list | length > 1 %}
        {% do as_text.append(column.name) %}
    {% endfor %}
    {% set selects = [] %}
    {% for branch in branches if branch.format == format %}
        {% do selects.append('select ' ~ source_columns(source_name, branch, as_text) ~ ' from ' ~ branch.from) %}
    {% endfor %}
    {% if csv_rows and branches | selectattr('format', 'equalto', 'csv') | list %}{% do selects.append('select * from ' ~ csv_rows) %}{% endif %}
    {% if not selects %}
        {% set columns = [] %}
        {% for column in declared_columns(source_name) %}
            {% do columns.append('cast(null as ' ~ {'date': 'date', 'text': 'string', 'label': 'string', 'code': 'integer', 'integer': 'bigint'}[column.type] ~ ') as ' ~ column.field) %}
            {% if column.field == 'person_id' %}{% do columns.append('cast(null as boolean) as person_id_is_missing') %}{% endif %}
            {% if column.type not in ['text', 'label'] %}{% do columns.append('cast(null as string) as ' ~ column.field ~ '_as_received') %}{% endif %}
        {% endfor %}
        {{ return('select ' ~ (columns | join(', ')) ~ ', cast(null as integer) as load_year, cast(null as integer) as folder_year where false') }}
    {% endif %}
    {{ return('select * from (' ~ (selects | join(' union all ')) ~ ') as line where ' ~ planned) }}
{% endmacro %}
