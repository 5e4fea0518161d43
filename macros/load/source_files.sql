{# What DuckDB needs to list files and read their headers, for the models of models/load. Another engine replaces this file. No macro shows a value of a row. #}

{# The sources, as models/staging/_sources.yml declares them. Each is a folder of the same name below ATLAS_SOURCE_DIR. #}
{% macro source_names() %}{{ return(['population', 'health_care']) }}{% endmacro %}

{# The directory that holds the folders of the sources, without a final slash. #}
{% macro source_directory() %}
    {{ return(env_var('ATLAS_SOURCE_DIR', env_var('ATLAS_OUTPUT_DIR', 'output') ~ '/demo_source').rstrip('/')) }}
{% endmacro %}

{# Text of a SQL string literal. #}
{% macro literal(text) %}{{ return("'" ~ (text | string | replace("'", "''")) ~ "'") }}{% endmacro %}

{# A SQL list literal of texts. Argument: texts (list). #}
{% macro list_literal(texts) %}
    {% set items = [] %}
    {% for text in texts %}{% do items.append(literal(text)) %}{% endfor %}
    {{ return('[' ~ (items | join(', ')) ~ ']') }}
{% endmacro %}

{# The columns of a source as its YAML declares them: list of {name, field, type}. The only reader of the raw names. #}
{% macro declared_columns(source_name) %}
    {% set found = [] %}
    {% for node in graph.get('sources', {}).values() if node.source_name == 'ima' and node.name == source_name %}
        {% for column in node.columns.values() %}
            {% set meta = column.config.meta if column.config and column.config.meta else column.meta %}
            {% do found.append({'name': column.name | lower, 'field': meta.field, 'type': meta.type}) %}
        {% endfor %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}

{# The column that dates the rows of a source: the date of the list, the day of the service. Returns: {name, field, type}. #}
{% macro dating_column(source_name) %}{{ return(declared_columns(source_name) | selectattr('type', 'equalto', 'date') | first) }}{% endmacro %}

{# The files of the sources. Returns: list of {source, file, path, format}, path below the source directory, format parquet or csv; empty unless models are
   being built. Raises a compiler error that names the folder of a source without a file. #}
{% macro list_source_files() %}
    {% if not is_building() %}{{ return([]) }}{% endif %}
    {% set root = source_directory() %}
    {% set files = [] %}
    {% for source_name in source_names() %}
        {% set before = files | length %}
        {% for row in run_query("select file from glob(" ~ literal(root ~ '/' ~ source_name ~ '/**') ~ ") order by file").rows %}
            {% set name = row[0] | lower %}
            {% set format = 'parquet' if name.endswith('.parquet') else 'csv' if name.endswith('.csv') or name.endswith('.csv.gz') else none %}
            {% if format %}{% do files.append({'source': source_name, 'file': row[0], 'path': row[0][root | length + 1:], 'format': format}) %}{% endif %}
        {% endfor %}
        {% if files | length == before %}
            {% do exceptions.raise_compiler_error(
                "No input for '" ~ source_name ~ "': looked for *.parquet, *.csv and *.csv.gz below " ~ root ~ "/" ~ source_name
                ~ " and found none" ~ (" (ATLAS_SOURCE_DIR is not set, so the demo data are used: make them with `make demo`)" if not env_var('ATLAS_SOURCE_DIR', '') else "")
                ~ ". Point ATLAS_SOURCE_DIR at a directory that holds the folders population/ and health_care/.") %}
        {% endif %}
    {% endfor %}
    {{ return(files) }}
{% endmacro %}

{# Argument: files, see list_source_files. Returns: a query with source, file, relative_path, format, file_size (bytes), modified_at (microseconds). #}
{% macro listed_files(files) %}
    {% if not files %}
        {{ return("select cast(null as varchar) as source, cast(null as varchar) as file, cast(null as varchar) as relative_path, cast(null as varchar) as format,"
            ~ " cast(null as bigint) as file_size, cast(null as bigint) as modified_at where false") }}
    {% endif %}
    {% set rows = [] %}
    {% for file in files %}{% do rows.append('(' ~ [literal(file.source), literal(file.file), literal(file.path), literal(file.format)] | join(', ') ~ ')') %}{% endfor %}
    {{ return(
        "select file.source, file.file, file.relative_path, file.format, blob.size as file_size, epoch_us(blob.last_modified) as modified_at from (values " ~ (rows | join(', '))
        ~ ") as file (source, file, relative_path, format) inner join read_blob(" ~ list_literal(files | map(attribute='file')) ~ ") as blob on file.file = blob.filename") }}
{% endmacro %}

{# The number of rows and the columns of the Parquet files, from their footers. Argument: files, see list_source_files.
   Returns: a query with file, row_count, column_names (lower case, separated by commas). #}
{% macro parquet_footers(files) %}
    {% set parquet = files | selectattr('format', 'equalto', 'parquet') | map(attribute='file') | list %}
    {% if not parquet %}
        {{ return("select cast(null as varchar) as file, cast(null as bigint) as row_count, cast(null as varchar) as column_names where false") }}
    {% endif %}
    {{ return(
        "select footer.file_name as file, footer.num_rows as row_count, schema.column_names from parquet_file_metadata(" ~ list_literal(parquet) ~ ") as footer inner join ("
        ~ "select file_name, string_agg(lower(name), ',' order by lower(name)) as column_names from parquet_schema(" ~ list_literal(parquet)
        ~ ") group by file_name) as schema on footer.file_name = schema.file_name") }}
{% endmacro %}

{# The separator and the columns of the CSV files, from their first line: the separator is whichever of comma, semicolon, tab and bar the line has most of.
   DuckDB could detect both from the first rows, but a malformed row among them can mislead it, and its message would show the row.
   Argument: files, see list_source_files. Returns: a query with file, separator, column_names (lower case, in their order, separated by commas). #}
{% macro csv_headers(files) %}
    {% set lines = ["select cast(null as varchar) as file, cast(null as varchar) as line where false"] %}
    {% for file in files if file.format == 'csv' %}
        {% do lines.append(
            "(select " ~ literal(file.file) ~ ", line from read_csv(" ~ literal(file.file) ~ ", auto_detect = false, header = false, columns = {'line': 'VARCHAR'}, delim = '\x1f',"
            ~ " quote = '', escape = '', strict_mode = false) limit 1)") %}
    {% endfor %}
    {% set counts = [] %}
    {% for separator in [',', ';', '\t', '|'] %}{% do counts.append("(" ~ literal(separator) ~ ", " ~ (4 - loop.index0) ~ ")") %}{% endfor %}
    {{ return(
        "select file, separator, lower(regexp_replace(trim(replace(replace(replace(line, chr(65279), ''), '\"', ''), separator, ',')), '\\s*,\\s*', ',', 'g')) as column_names from ("
        ~ "select header.file, header.line, candidate.separator, row_number() over (partition by header.file order by length(header.line) - length(replace(header.line, candidate.separator, '')) desc,"
        ~ " candidate.preference desc) as preference from (" ~ (lines | join(' union all ')) ~ ") as header cross join (values " ~ (counts | join(', '))
        ~ ") as candidate (separator, preference)) as ranked where preference = 1") }}
{% endmacro %}

{# Hook of source_file. Raises a compiler error that names the first file that lacks a declared column, and the columns. A file of a CSV source may have no
   header at all, so that the message names declared columns only: its first line could be a person's row. #}
{% macro stop_on_missing_columns() %}
    {% if is_building() %}
        {% for row in run_query("select source, file, relative_path, column_names from " ~ this ~ " order by source, relative_path").rows %}
            {% set present = row[3].split(',') %}
            {% set missing = [] %}
            {% set found = [] %}
            {% for column in declared_columns(row[0]) %}
                {% if column.name in present or (column.name ~ '=') in row[2] %}{% do found.append(column.name) %}{% else %}{% do missing.append(column.name) %}{% endif %}
            {% endfor %}
            {% if missing %}
                {% do exceptions.raise_compiler_error(
                    "Missing column in " ~ row[1] ~ ": the source '" ~ row[0] ~ "' needs " ~ (missing | join(', ')) ~ "; of its columns the file has " ~ (found | join(', ') or 'none')
                    ~ ". Add the column to the extract, or give its name in models/staging/_sources.yml.") %}
            {% endif %}
        {% endfor %}
    {% endif %}
{% endmacro %}

{# Hook of source_file. Demo data and real data are never in one warehouse. A warehouse of demo data is emptied when a real source comes (the demo can be
   made again); the other way round the build stops. Raises a compiler error. #}
{% macro keep_demo_apart() %}
    {% if is_building() %}
        {% set directory = source_directory() %}
        {% do run_query("create table if not exists quality.source_origin (is_synthetic boolean)") %}
        {% set is_synthetic = run_query("select count(*) > 0 from glob(" ~ literal(directory ~ '/SYNTHETIC.txt') ~ ")").columns[0][0] %}
        {% set before = run_query("select is_synthetic from quality.source_origin").columns[0].values() %}
        {% set is_empty = run_query("select count(*) = 0 from quality.built_year").columns[0][0] %}
        {% if before and before[0] != is_synthetic and not is_empty %}
            {% if is_synthetic %}
                {% do exceptions.raise_compiler_error(
                    "This warehouse holds real data, and " ~ directory ~ " is demo data: they must not mix. Set ATLAS_SOURCE_DIR to the real extracts, or give the demo an output directory"
                    ~ " of its own with ATLAS_OUTPUT_DIR.") %}
            {% endif %}
            {% do log("The warehouse held demo data: it is emptied before the real source is read.", info=true) %}
            {% do run_query("delete from quality.built_year") %}
            {% for relation in yearly_relations() %}{% do run_query("drop table " ~ relation) %}{% endfor %}
        {% endif %}
        {% do run_query("delete from quality.source_origin") %}
        {% do run_query("insert into quality.source_origin values (" ~ is_synthetic ~ ")") %}
    {% endif %}
{% endmacro %}

{# A fingerprint of the rows of a group, null for none. Arguments: columns (list of SQL), order (SQL), condition (SQL: which rows). Returns: SQL aggregate. #}
{% macro hash_of_rows(columns, order, condition) -%}
    md5(string_agg(concat_ws('|', {{ columns | join(', ') }}), ';' order by {{ order }}) filter (where {{ condition }}))
{%- endmacro %}
