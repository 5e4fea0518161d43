{# How the rows of a source are read: one SELECT for the files of one format and folder date. What differs by file type is here and in read_column.sql. #}

{# {column: DuckDB's type} of what a table function returns, names in lower case. Argument: from (SQL). #}
{% macro column_types(from) %}
    {% set types = {} %}
    {% for row in run_query("describe select * from " ~ from).rows %}{% do types.update({row[0] | lower: row[1]}) %}{% endfor %}
    {{ return(types) }}
{% endmacro %}

{# What reads files of one format, as SQL after `from`. Arguments: format, files (list of paths).
   DuckDB's own message about a malformed CSV row shows the row, and with it a person. So malformed rows are put aside, file by file, and
   stop_on_broken_lines names them without their contents. #}
{% macro read_function(format, files) %}
    {% if format == 'parquet' %}
        {{ return('read_parquet(' ~ list_literal(files) ~ ', union_by_name = true, hive_partitioning = false)') }}
    {% endif %}
    {% set reads = [] %}
    {% for file in run_query("select file, separator, column_names from " ~ ref('source_file') ~ " where list_contains(" ~ list_literal(files) ~ ", file) order by file").rows %}
        {% set columns = [] %}
        {% for name in file[2].split(',') %}{% do columns.append(literal(name) ~ ": 'VARCHAR'") %}{% endfor %}
        {% do reads.append(
            "select * from read_csv(" ~ literal(file[0]) ~ ", auto_detect = false, header = true, delim = " ~ literal(file[1]) ~ ", quote = '\"', escape = '\"',"
            ~ " columns = {" ~ (columns | join(', ')) ~ "}, hive_partitioning = false, store_rejects = true)") %}
    {% endfor %}
    {{ return('(' ~ (reads | join(' union all by name ')) ~ ')') }}
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
            "select distinct s.file_path, e.line, lower(cast(e.error_type as varchar)) from reject_errors as e inner join reject_scans as s"
            ~ " on s.scan_id = e.scan_id and s.file_id = e.file_id order by all limit 5").rows %}
        {% if broken | length > 0 %}
            {% set lines = [] %}
            {% for row in broken %}{% do lines.append(row[0] ~ ", line " ~ row[1] ~ " (" ~ row[2] ~ ")") %}{% endfor %}
            {% do exceptions.raise_compiler_error(
                "Malformed CSV rows (first 5): " ~ (lines | join('; ')) ~ ". Nothing was read. A value with a comma or a quote in it that is not quoted is the usual cause:"
                ~ " export the file again, or fix the lines.") %}
        {% endif %}
    {% endif %}
{% endmacro %}

{# The date of a row, as SQL on the file's columns. Arguments: source_name, types ({column: type}), list_date (the folder's date, which goes first, or none). #}
{% macro dating_expression(source_name, types, list_date=none) %}
    {% if list_date is not none %}{{ return("date '" ~ list_date ~ "'") }}{% endif %}
    {% set name = dating_column(source_name).name %}
    {{ return(read_date(name, types[name]) if name in types else 'cast(null as date)') }}
{% endmacro %}

{# The branches in which the files of a source are read. Arguments: source_name, condition (SQL on source_file).
   Returns: list of {format, from, types, load_year, list_date}, the last two none where no folder states them. #}
{% macro source_branches(source_name, condition) %}
    {% set groups = {} %}
    {% for row in run_query(
        "select format, load_year, list_date, file from " ~ ref('source_file') ~ " where source = " ~ literal(source_name) ~ " and " ~ condition ~ " order by format, load_year, list_date, file").rows %}
        {% set key = (row[0], row[1], row[2]) %}
        {% if key not in groups %}{% do groups.update({key: []}) %}{% endif %}
        {% do groups[key].append(row[3]) %}
    {% endfor %}
    {% set branches = [] %}
    {% for key, files in groups.items() %}
        {% set from = read_function(key[0], files) %}
        {% do branches.append({'format': key[0], 'from': from, 'types': column_types(from), 'load_year': key[1], 'list_date': key[2]}) %}
    {% endfor %}
    {{ return(branches) }}
{% endmacro %}

{# For source_year: the years of the files that no folder dates. Only the column with the date is read, and only where Parquet stores it apart is that cheap.
   Returns: a query with source, load_year, list_date (null for claims), one row each. #}
{% macro dates_of_undated_files() %}
    {% set parts = ["select cast(null as varchar) as source, cast(null as integer) as load_year, cast(null as date) as list_date where false"] %}
    {% if is_building() %}
        {% do forget_broken_lines() %}
        {% for source_name in source_names() %}
            {% for branch in source_branches(source_name, 'load_year is null') %}
                {% do parts.append("select " ~ literal(source_name) ~ ", cast(extract(year from day) as integer), " ~ ("day" if source_name == 'population' else "cast(null as date)")
                    ~ " from (select " ~ dating_expression(source_name, branch.types) ~ " as day from " ~ branch.from ~ ") as dated where day is not null group by all") %}
            {% endfor %}
        {% endfor %}
    {% endif %}
    {{ return(parts | join(' union ')) }}
{% endmacro %}

{# For unread_year: the lines by year where no Parquet footer counts them, in the CSV files and in those that no folder dates. Only files that hold a year
   which load_plan and the warehouse leave out are looked at. Returns: a query with source, load_year, line_count. #}
{% macro counts_of_lines_without_footer() %}
    {% set parts = ["select cast(null as varchar) as source, cast(null as integer) as load_year, cast(null as bigint) as line_count where false"] %}
    {% if is_building() %}
        {% for source_name, files, reads in [('population', 'lists_files', 'reads_lists'), ('health_care', 'claims_files', 'reads_claims')] %}
            {% set years = [-1] + run_query(
                "select load_year from " ~ ref('source_year') ~ " where load_year > 0 and " ~ files ~ " is not null and load_year not in (select reference_year from " ~ ref('load_plan')
                ~ " where " ~ reads ~ ") and load_year not in (select reference_year from quality.built_year where " ~ files ~ " is not null)").columns[0].values() | map('int') | list %}
            {% set in_list = 'load_year in (' ~ (years | join(', ')) ~ ')' %}
            {% for branch in (source_branches(source_name, "(load_year is null or (format = 'csv' and " ~ in_list ~ "))") if years != [-1] else []) %}
                {% set year = branch.load_year if branch.load_year is not none else 'cast(extract(year from ' ~ dating_expression(source_name, branch.types) ~ ') as integer)' %}
                {% do parts.append("select " ~ literal(source_name) ~ ", load_year, count(*) from (select " ~ year ~ " as load_year from " ~ branch.from ~ ") as line where " ~ in_list ~ " group by load_year") %}
            {% endfor %}
        {% endfor %}
    {% endif %}
    {{ return(parts | join(' union all ')) }}
{% endmacro %}

{# The columns of a source, named by field and read as their declared types.
   Arguments: source_name, branch (see source_branches), as_text (list of raw names whose received value is cast to text). Returns: SQL, with
     <field>                     the value, null where it cannot be read
     person_id_is_missing        boolean: there is no person id, or only spaces
     <field>_as_received        what the file holds, for the tables of rejects: in the file's own type where all files agree, so that no line pays for a
                                 text that only a rejected one needs, else as text
     load_year                   integer: the year of the folder, else of the row's date, else 0
     is_counted_in_footer        boolean: the file's own count of its rows is in source_file under this load_year #}
{% macro source_columns(source_name, branch, as_text) %}
    {% set dated = dating_expression(source_name, branch.types, branch.list_date) %}
    {% set expressions = [] %}
    {% for column in declared_columns(source_name) %}
        {% set type = branch.types.get(column.name, 'VARCHAR') %}
        {% set received = column.name if column.name in branch.types else 'cast(null as varchar)' %}
        {% set value = {
            'date': dated,
            'text': read_text(received, type),
            'label': read_label(received, type),
            'code': read_code(received, type),
            'integer': read_integer(received, type),
        }[column.type] %}
        {% do expressions.append(value ~ ' as ' ~ column.field) %}
        {% if column.field == 'person_id' %}{% do expressions.append(is_text_missing(received, type) ~ ' as person_id_is_missing') %}{% endif %}
        {% if column.type not in ['text', 'label'] %}
            {% do expressions.append(('cast(' ~ received ~ ' as varchar)' if column.name in as_text else received) ~ ' as ' ~ column.field ~ '_as_received') %}
        {% endif %}
    {% endfor %}
    {% do expressions.append((branch.load_year if branch.load_year is not none else 'coalesce(cast(extract(year from ' ~ dated ~ ') as integer), 0)') ~ ' as load_year') %}
    {% do expressions.append(('true' if branch.format == 'parquet' and branch.load_year is not none else 'false') ~ ' as is_counted_in_footer') %}
    {{ return(expressions | join(', ')) }}
{% endmacro %}

{# The rows of a source that this build reads, see source_columns. Arguments: source_name, format (parquet or csv), csv_rows (relation: for parquet, the
   table that holds the rows of the CSV files; they are added). Returns: a query. The years are those of load_plan; without one, it has no row. #}
{% macro read_source(source_name, format, csv_rows=none) %}
    {#- what dbt has to know while it parses -#}
    {% do ref('source_file') %}
    {% set plan = ref('load_plan') %}
    {% if not execute %}{{ return('select 0 as load_year') }}{% endif %}
    {% set years = planned_years({'population': 'reads_lists', 'health_care': 'reads_claims'}[source_name], plan) if is_building() else [-1] %}
    {% set planned = 'load_year in (' ~ (years | join(', ')) ~ ')' %}
    {% set branches = source_branches(source_name, '(load_year is null or ' ~ planned ~ ')') if years != [-1] else [] %}
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
            {% do columns.append('cast(null as ' ~ {'date': 'date', 'text': 'varchar', 'label': 'varchar', 'code': 'integer', 'integer': 'bigint'}[column.type] ~ ') as ' ~ column.field) %}
            {% if column.field == 'person_id' %}{% do columns.append('cast(null as boolean) as person_id_is_missing') %}{% endif %}
            {% if column.type not in ['text', 'label'] %}{% do columns.append('cast(null as varchar) as ' ~ column.field ~ '_as_received') %}{% endif %}
        {% endfor %}
        {{ return('select ' ~ (columns | join(', ')) ~ ', cast(null as integer) as load_year, cast(null as boolean) as is_counted_in_footer where false') }}
    {% endif %}
    {{ return('select * from (' ~ (selects | join(' union all ')) ~ ') as line where ' ~ planned) }}
{% endmacro %}
