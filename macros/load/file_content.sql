{# Which years and lists a file holds: read once for each content of a file (model source_file_year), so that a further build does not read it again. #}

{# What is known from an earlier build: the rows of the model for files that are there with the same contents, read by the same rules. Returns: a query with
   the columns of the model; no row with --full-refresh. #}
{% macro content_known_before() %}
    {% if is_building() and not flags.FULL_REFRESH and adapter.get_relation(database=this.database, schema=this.schema, identifier=this.identifier) %}
        {{ return(
            "select before.* from " ~ this ~ " as before inner join " ~ ref('source_file') ~ " as file on before.relative_path = file.relative_path and before.checksum = file.checksum"
            ~ " where before.reading = " ~ literal(rules_fingerprint())) }}
    {% endif %}
    {{ return(content_query('null', 'null', 'null', 'null', 'null', 'null', 'null', ['null', 'null', 'null']) ~ ' where false') }}
{% endmacro %}

{# The select list of the model. Arguments: source, relative_path, checksum, load_year, list_date, stated_date, line_count (SQL of the columns of
   these names), written (list of SQL: the three counts of written dates). Returns: text. #}
{% macro content_query(source, relative_path, checksum, load_year, list_date, stated_date, line_count, written) %}
    {{ return(
        "select cast(" ~ source ~ " as string) as source, cast(" ~ relative_path ~ " as string) as relative_path, cast(" ~ checksum ~ " as string) as checksum, cast(" ~ load_year
        ~ " as integer) as load_year, cast(" ~ list_date ~ " as date) as list_date, cast(" ~ stated_date ~ " as date) as stated_date, cast(" ~ line_count ~ " as bigint) as line_count, cast("
        ~ written[0] ~ " as bigint) as day_first_count, cast(" ~ written[1] ~ " as bigint) as month_first_count, cast(" ~ written[2] ~ " as bigint) as undecided_count, "
        ~ literal(rules_fingerprint() if execute else '') ~ " as reading") }}
{% endmacro %}

{# What the footers of new Parquet files prove. Returns: a query with the columns of the model. #}
{% macro content_of_footers() %}
    {{ return(
        content_query('file.source', 'file.relative_path', 'file.checksum', 'file.only_year', 'file.list_date', 'null', 'file.row_count', [0, 0, 0]) ~ " from " ~ ref('source_file')
        ~ " as file where file.only_year is not null and file.row_count > 0 and file.relative_path not in (select relative_path from known)") }}
{% endmacro %}

{# What the dates of the other new files say: only their column with the date is read. Returns: a query with the columns of the model. #}
{% macro content_of_rows() %}
    {% set parts = [content_query('null', 'null', 'null', 'null', 'null', 'null', 'null', ['null', 'null', 'null']) ~ ' where false'] %}
    {% if is_building() %}
        {% do forget_broken_lines() %}
        {% set unknown = "select file.*, cast(null as integer) as load_year from " ~ ref('source_file') ~ " as file left join (" ~ content_known_before()
            ~ ") as known on file.relative_path = known.relative_path where file.only_year is null and known.relative_path is null" %}
        {% for source_name in source_names() %}
            {% for branch in source_branches(source_name, unknown) %}
                {% set name = dating_column(source_name).name %}
                {% set written = count_written_dates(name, branch.types.get(name)) %}
                {% set is_list = source_name == 'population' %}
                {% set list_date = ("coalesce(" ~ branch.list_date ~ ", day)" if branch.list_date is not none else 'day') if is_list else 'null' %}
                {% do parts.append(
                    content_query('file.source', 'file.relative_path', 'file.checksum', year_of_row('day', branch.folder_year), list_date, 'day' if is_list else 'null', 'line_count', ['w0', 'w1', 'w2'])
                    ~ " from (select filename, " ~ ('day' if is_list else 'min(day)') ~ " as day, count(*) as line_count, sum(w0) as w0, sum(w1) as w1, sum(w2) as w2 from (select filename, "
                    ~ dating_expression(source_name, branch.types) ~ " as day, " ~ written[0] ~ " as w0, " ~ written[1] ~ " as w1, " ~ written[2] ~ " as w2 from " ~ branch.from
                    ~ ") as line group by filename, " ~ ('day' if is_list else 'extract(year from day)') ~ ") as line inner join " ~ ref('source_file') ~ " as file on line.filename = file.read_path") %}
            {% endfor %}
        {% endfor %}
    {% endif %}
    {{ return(parts | join(' union all ')) }}
{% endmacro %}

{# Hook of source_file_year. Raises a compiler error that names a CSV file of which no row could be read, although it has some. #}
{% macro stop_on_unread_rows() %}
    {% if is_building() %}
        {% for row in run_query(
            "select file from " ~ model_relation('source_file') ~ " where has_rows and relative_path not in (select relative_path from " ~ this ~ ") order by file limit 1").rows %}
            {% do exceptions.raise_compiler_error(
                row[0] ~ ": no row could be read, although there is text below the line of column names. Export the file again with one kind of line end.") %}
        {% endfor %}
    {% endif %}
{% endmacro %}

{# Hook of source_file_year. A list whose column contradicts its folder stops the build: one of the two is wrong, and nobody but the sender knows which.
   Raises a compiler error that names the file and both dates. #}
{% macro stop_on_misfiled_lists() %}
    {% if is_building() %}
        {% for row in run_query(
            "select file.file, content.list_date, content.stated_date, content.line_count from " ~ this ~ " as content inner join " ~ model_relation('source_file')
            ~ " as file on content.relative_path = file.relative_path where content.stated_date <> content.list_date order by 1, 3 limit 1").rows %}
            {% do exceptions.raise_compiler_error(
                row[0] ~ ": the folder states the list of " ~ row[1] ~ ", but the column " ~ dating_column('population').name ~ " says " ~ row[2] ~ " in " ~ row[3]
                ~ " records. Move the file to the folder of its date, or export it again.") %}
        {% endfor %}
    {% endif %}
{% endmacro %}

{# Hook of source_file_year. Dates with the day before the month are read when their file proves the order: a number above 12 in the place of the day, and
   none in the place of the month. Raises a compiler error that names the file and the column. #}
{% macro stop_on_undecided_dates() %}
    {% if is_building() %}
        {% for row in run_query(
            "select file.source, file.file, sum(content.month_first_count) > 0 from " ~ this ~ " as content inner join " ~ model_relation('source_file')
            ~ " as file on content.relative_path = file.relative_path group by all having sum(content.month_first_count) > 0"
            ~ " or (sum(content.undecided_count) > 0 and sum(content.day_first_count) = 0) order by 1, 2 limit 1").rows %}
            {% do exceptions.raise_compiler_error(
                row[1] ~ ": the column " ~ dating_column(row[0]).name ~ (" holds dates with the month before the day" if row[2] else " holds dates such as dd/mm/yyyy, and none of them shows whether the"
                ~ " day or the month comes first") ~ ". Accepted are yyyymmdd, yyyy-mm-dd and dd/mm/yyyy. Export the column as yyyy-mm-dd.") %}
        {% endfor %}
    {% endif %}
{% endmacro %}

{# Hook of unread_file. Says which files of the source directory are not read (the first ten). #}
{% macro log_unread_files() %}
    {% if is_building() %}
        {% set rows = run_query("select relative_path, count(*) over () from " ~ this ~ " order by source nulls last, relative_path limit 10").rows %}
        {% if rows %}
            {% do log("Not read, " ~ rows[0][1] ~ " files or folders of " ~ source_directory() ~ ": "
                ~ (rows | map(attribute=0) | join(', ')) ~ (', ...' if rows[0][1] > 10 else '')
                ~ ". Reasons: quality.unread_file.", info=true) %}
        {% endif %}
    {% endif %}
{% endmacro %}

{# Hook of source_file. Warns of files of one source with the same contents: a second download, whose claims count twice. #}
{% macro log_equal_files() %}
    {% if is_building() %}
        {% for row in run_query(
            "select string_agg(relative_path, ', ' order by relative_path) from " ~ this ~ " where coalesce(row_count, 1) > 0 group by source, folder_year, list_date, checksum having count(*) > 1 order by 1 limit 5").rows %}
            {% do exceptions.warn("The same contents are in " ~ row[0] ~ ". All of them are read: claims count more than once. Remove the copies.") %}
        {% endfor %}
    {% endif %}
{% endmacro %}
