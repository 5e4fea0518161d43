{# Before a build: looks at what lies in ATLAS_SOURCE_DIR, stops with one message when it cannot be used, decides which years have to be
   computed, and lays the views `source.population` and `source.health_care` over exactly the files that those years need.

   Tables that it leaves in the private warehouse
     source.file       one row a file: source, file, relative_path, format, load_year (null: the file holds any year), list_date, row_count (null: CSV)
     source.load_plan  one row a source and year that this build reads: source, load_year, why
   Raises a compiler error: no directory, no file, a missing column, no usable year, a year that would be lost.
   Our own rule: a year is read again when its files changed (name, size or time of modification), when a rule changed, or when it is named
   in `rebuild_years`. #}
{% macro prepare_source() %}
    {% if execute and flags.WHICH in ['run', 'build'] %}
        {% set directory = env_var('ATLAS_SOURCE_DIR', env_var('ATLAS_OUTPUT_DIR', 'output') ~ '/demo_source') %}
        {% do run_query('create schema if not exists source') %}
        {% do run_query('create schema if not exists quality') %}
        {% do create_state_tables() %}
        {% do list_source_files(directory) %}
        {% do count_file_rows() %}
        {% do read_csv_headers() %}
        {% do keep_demo_apart(directory) %}
        {% set columns = {} %}
        {% for source_name in ['population', 'health_care'] %}
            {% do columns.update({source_name: source_columns(source_name, directory)}) %}
        {% endfor %}
        {% do forget_missing_tables() %}
        {% do plan_load(directory, columns) %}
        {% do forget_what_is_being_replaced() %}
        {% do plan_later_rooms() %}
        {% do count_unread_years(columns) %}
        {% for source_name in ['population', 'health_care'] %}
            {% do create_source_view(source_name) %}
        {% endfor %}
    {% endif %}
{% endmacro %}

{# Text of a SQL string literal. #}
{% macro literal(text) %}{{ return("'" ~ (text | string | replace("'", "''")) ~ "'") }}{% endmacro %}

{# The columns of a source as its YAML declares them: list of {name, field, type}. The only reader of the raw names. #}
{% macro declared_columns(source_name) %}
    {% set found = [] %}
    {% for node in graph.sources.values() if node.source_name == 'ima' and node.name == source_name %}
        {% for column in node.columns.values() %}
            {% set meta = column.config.meta if column.config and column.config.meta else column.meta %}
            {% do found.append({'name': column.name, 'field': meta.field, 'type': meta.type}) %}
        {% endfor %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}

{# The raw name of a field, for staging. Arguments: source_name, field (text). Raises a compiler error when the source declares no such field.
   Inside a unit test dbt shows no sources: its rows carry the names of the fields. #}
{% macro raw_column(source_name, field) %}
    {% if not execute or not graph.sources %}{{ return(field) }}{% endif %}
    {% for column in declared_columns(source_name) if column.field == field %}{{ return(column.name) }}{% endfor %}
    {{ exceptions.raise_compiler_error("The source '" ~ source_name ~ "' declares no column with meta.field '" ~ field ~ "'; see models/staging/_sources.yml.") }}
{% endmacro %}

{% macro create_state_tables() %}
    {% do run_query("create table if not exists quality.loaded_year (source varchar, load_year integer, files_fingerprint varchar, rules_fingerprint varchar)") %}
    {% do run_query("create table if not exists quality.masking_state (fingerprint varchar)") %}
    {% do run_query("create table if not exists quality.published_year (reference_year integer, fingerprint varchar)") %}
    {% do run_query("create table if not exists quality.tested_year (reference_year integer, fingerprint varchar)") %}
{% endmacro %}

{# A table that is kept by year and is not there (a new model, or somebody dropped it) lacks every year, whatever the warehouse remembers: its years are
   computed, or published, again. Returns: nothing. #}
{% macro forget_missing_tables() %}
    {% set missing = [] %}
    {% for node in graph.nodes.values() if node.resource_type == 'model' and node.config.materialized == 'yearly' %}
        {% if adapter.get_relation(database=node.database, schema=node.schema, identifier=node.alias) is none %}{% do missing.append(node.config.get('scope')) %}{% endif %}
    {% endfor %}
    {% if 'published' in missing %}{% do run_query("delete from quality.published_year") %}{% endif %}
    {% if missing | reject('equalto', 'published') | list %}{% do run_query("update quality.loaded_year set rules_fingerprint = 'a table is missing'") %}{% endif %}
{% endmacro %}

{# A build that is stopped half-way leaves years of which some tables are new and some old, or cells masked by another threshold. Until a build of them is
   whole (record_loaded_years), the warehouse does not count them as read, nor its cells as masked. Returns: nothing. #}
{% macro forget_what_is_being_replaced() %}
    {% do run_query(
        "update quality.loaded_year as l set files_fingerprint = 'being read' from source.load_plan as p where p.source = l.source and p.load_year = l.load_year") %}
    {% do run_query("delete from quality.masking_state where fingerprint <> '" ~ masking_fingerprint() ~ "'") %}
{% endmacro %}

{# Demo data and real data never stand in one warehouse. A warehouse of demo data is emptied when a real source comes (the demo can be made again);
   the other way round the build stops. Argument: directory (text). Raises a compiler error. #}
{% macro keep_demo_apart(directory) %}
    {% do run_query("create table if not exists quality.source_origin (is_synthetic boolean)") %}
    {% set is_synthetic = run_query("select count(*) > 0 from glob(" ~ literal(directory.rstrip('/') ~ '/SYNTHETIC.txt') ~ ")").columns[0][0] %}
    {% set before = run_query("select is_synthetic from quality.source_origin").columns[0].values() %}
    {% set is_empty = run_query("select count(*) = 0 from quality.loaded_year").columns[0][0] %}
    {% if before and before[0] != is_synthetic and not is_empty %}
        {% if is_synthetic %}
            {% do exceptions.raise_compiler_error(
                "This warehouse holds real data, and " ~ directory ~ " is demo data: they must not mix. Set ATLAS_SOURCE_DIR to the real extracts, or give the demo an output directory"
                ~ " of its own with ATLAS_OUTPUT_DIR.") %}
        {% endif %}
        {% do log("The warehouse held demo data: it is emptied before the real source is read.", info=true) %}
        {% for state in ['loaded_year', 'published_year', 'tested_year'] %}{% do run_query("delete from quality." ~ state) %}{% endfor %}
        {% for node in graph.nodes.values() if node.resource_type == 'model' and node.config.materialized == 'yearly' %}
            {% set relation = adapter.get_relation(database=node.database, schema=node.schema, identifier=node.alias) %}
            {% if relation is not none %}{% do run_query("delete from " ~ relation) %}{% endif %}
        {% endfor %}
    {% endif %}
    {% do run_query("delete from quality.source_origin") %}
    {% do run_query("insert into quality.source_origin values (" ~ is_synthetic ~ ")") %}
{% endmacro %}

{# source.file: what lies below the directory. A folder `reference_date=` or `service_year=` says which year a file holds. #}
{% macro list_source_files(directory) %}
    {% set root = directory.rstrip('/') %}
    {% do run_query(
        "create or replace table source.file as "
        ~ "with found as ("
        ~ " select source, file, substr(file, " ~ (root | length + 2) ~ ") as relative_path from ("
        ~ "  select 'population' as source, file from glob(" ~ literal(root ~ '/population/**') ~ ")"
        ~ "  union all select 'health_care', file from glob(" ~ literal(root ~ '/health_care/**') ~ ")) as listed), "
        ~ "typed as ("
        ~ " select *, case when lower(file) like '%.parquet' then 'parquet' when lower(file) like '%.csv' or lower(file) like '%.csv.gz' then 'csv' end as format,"
        ~ "  try_cast(nullif(regexp_extract(relative_path, 'reference_date=([^/]+)/', 1), '') as date) as list_date,"
        ~ "  try_cast(nullif(regexp_extract(relative_path, 'service_year=([0-9]+)/', 1), '') as integer) as service_year from found) "
        ~ "select source, file, relative_path, format, list_date,"
        ~ " case source when 'population' then cast(extract(year from list_date) as integer) else service_year end as load_year, cast(null as bigint) as row_count, cast(null as varchar) as header"
        ~ " from typed where format is not null order by source, relative_path") %}
    {% for source_name in ['population', 'health_care'] %}
        {% set count = run_query("select count(*) from source.file where source = '" ~ source_name ~ "'").columns[0][0] %}
        {% if count == 0 %}
            {% do exceptions.raise_compiler_error(
                "No input for '" ~ source_name ~ "': looked for *.parquet, *.csv and *.csv.gz below " ~ root ~ "/" ~ source_name
                ~ " and found none" ~ (" (ATLAS_SOURCE_DIR is not set, so the demo data is meant: make it with `make demo`)" if not env_var('ATLAS_SOURCE_DIR', '') else "")
                ~ ". Point ATLAS_SOURCE_DIR at a directory that holds the folders population/ and health_care/.") %}
        {% endif %}
    {% endfor %}
{% endmacro %}

{# source.file.row_count of the Parquet files, which tell it without being read; a CSV file would have to be read for it and keeps null. #}
{% macro count_file_rows() %}
    {% set files = run_query("select file from source.file where format = 'parquet' order by file").rows %}
    {% if files | length > 0 %}
        {% do run_query("update source.file set row_count = m.num_rows from parquet_file_metadata(" ~ file_list(files) ~ ") as m where m.file_name = file") %}
    {% endif %}
{% endmacro %}

{# source.file.header of the CSV files: their first line, which names the columns. DuckDB could guess header and separator from the first rows, but a broken line
   among them can mislead it, and its message would show the line. #}
{% macro read_csv_headers() %}
    {% for file in run_query("select file from source.file where format = 'csv' order by file").rows %}
        {% do run_query(
            "update source.file set header = (select line from read_csv(" ~ literal(file[0]) ~ ", auto_detect = false, header = false, columns = {'line': 'VARCHAR'}, delim = '\x1f',"
            ~ " quote = '', escape = '', strict_mode = false) limit 1) where file = " ~ literal(file[0])) %}
    {% endfor %}
{% endmacro %}

{# The separator of a CSV file: which of comma, semicolon, tab and bar its header has most of. Argument: header (text). Returns: text. #}
{% macro csv_separator(header) %}
    {% set found = namespace(separator=',') %}
    {% for separator in [';', '\t', '|'] if header.count(separator) > header.count(found.separator) %}{% set found.separator = separator %}{% endfor %}
    {{ return(found.separator) }}
{% endmacro %}

{# The columns that a header names. Argument: header (text, or none for an empty file). Returns: list of names as they are spelled, without quotes. #}
{% macro csv_columns(header) %}
    {% set names = [] %}
    {% if header is not none %}
        {% for name in header.replace('\ufeff', '').split(csv_separator(header)) %}{% do names.append(name.strip().strip('"')) %}{% endfor %}
    {% endif %}
    {{ return(names) }}
{% endmacro %}

{# What the files of a source have: {parquet: {column: type}, csv: {column: type, ...}}; lower-case names.
   Raises a compiler error that names the file and the columns that it lacks. #}
{% macro source_columns(source_name, directory) %}
    {% set from_folder = {'population': 'reference_date', 'health_care': none}[source_name] %}
    {% set columns = {} %}
    {% for format in ['parquet', 'csv'] %}
        {% set files = run_query("select file, list_date is not null from source.file where source = '" ~ source_name ~ "' and format = '" ~ format ~ "' order by file").rows %}
        {% if files | length > 0 %}
            {% if format == 'parquet' %}
                {% set headers = run_query(
                    "select file_name, string_agg(lower(name), ',' order by lower(name)) from parquet_schema(" ~ file_list(files) ~ ") group by file_name order by file_name").rows %}
            {% else %}
                {% set headers = [] %}
                {% for file in run_query("select file, header from source.file where source = '" ~ source_name ~ "' and format = 'csv' order by file").rows %}
                    {% do headers.append([file[0], csv_columns(file[1]) | join(',') | lower]) %}
                {% endfor %}
            {% endif %}
            {% for header in headers %}
                {% set present = header[1].split(',') | map('trim') | list %}
                {% set missing = [] %}
                {% for column in declared_columns(source_name) %}
                    {% if column.name | lower not in present and not (column.name == from_folder and (from_folder ~ '=') in header[0]) %}{% do missing.append(column.name) %}{% endif %}
                {% endfor %}
                {% if missing %}
                    {% do exceptions.raise_compiler_error(
                        "Missing column in " ~ header[0] ~ ": the source '" ~ source_name ~ "' needs " ~ (missing | join(', ')) ~ "; the file has "
                        ~ (header[1].split(',') | reject('equalto', 'duckdb_schema') | reject('equalto', 'schema') | join(', ')) ~ ". Add the column to the extract, or give its name in models/staging/_sources.yml.") %}
                {% endif %}
            {% endfor %}
            {% do columns.update({format: column_types(read_function(format, files))}) %}
        {% endif %}
    {% endfor %}
    {{ return(columns) }}
{% endmacro %}

{# A SQL list literal of files. Argument: rows whose first value is a file. #}
{% macro file_list(files) %}
    {% set items = [] %}
    {% for file in files %}{% do items.append(literal(file[0])) %}{% endfor %}
    {{ return('[' ~ (items | join(', ')) ~ ']') }}
{% endmacro %}

{# What reads files of one format, as SQL to stand after `from`. Arguments: format, files (rows whose first value is a file).
   DuckDB's own message about a broken line of CSV shows the line, and with it a person. So broken lines are put aside, file by file, and
   stop_on_broken_lines tells of them without their contents. #}
{% macro read_function(format, files) %}
    {% if format == 'parquet' %}
        {{ return('read_parquet(' ~ file_list(files) ~ ', union_by_name = true, hive_partitioning = false)') }}
    {% endif %}
    {% set reads = [] %}
    {% for file in run_query("select file, header from source.file where list_contains(" ~ file_list(files) ~ ", file) order by file").rows %}
        {% set columns = [] %}
        {% for name in csv_columns(file[1]) %}{% do columns.append(literal(name) ~ ": 'VARCHAR'") %}{% endfor %}
        {% do reads.append(
            "select * from read_csv(" ~ literal(file[0]) ~ ", auto_detect = false, header = true, delim = " ~ literal(csv_separator(file[1])) ~ ", quote = '\"', escape = '\"',"
            ~ " columns = {" ~ (columns | join(', ')) ~ "}, hive_partitioning = false, store_rejects = true)") %}
    {% endfor %}
    {{ return('(' ~ (reads | join(' union all by name ')) ~ ')') }}
{% endmacro %}

{# Raises a compiler error that names files, lines and what is wrong with them, when a CSV file that was just read has lines that are no rows. #}
{% macro stop_on_broken_lines() %}
    {% if run_query("select count(*) from duckdb_tables() where table_name = 'reject_errors'").columns[0][0] > 0 %}
        {% set broken = run_query(
            "select distinct s.file_path, e.line, lower(cast(e.error_type as varchar)) from reject_errors as e inner join reject_scans as s"
            ~ " on s.scan_id = e.scan_id and s.file_id = e.file_id order by all limit 5").rows %}
        {% if broken | length > 0 %}
            {% set told = [] %}
            {% for row in broken %}{% do told.append(row[0] ~ ", line " ~ row[1] ~ " (" ~ row[2] ~ ")") %}{% endfor %}
            {% do exceptions.raise_compiler_error(
                "Lines that are no rows of the table, the first of them: " ~ (told | join('; ')) ~ ". Nothing was read. A value with a comma or a quote in it that is"
                ~ " not quoted is the usual cause: export the file again, or mend the lines.") %}
        {% endif %}
    {% endif %}
{% endmacro %}

{# The date that dates a row of a source (the list's date, the day of service), as SQL on the file's columns. Arguments: source_name, types
   ({column: type}), list_date (the folder's date, which goes first, or none). #}
{% macro dating_expression(source_name, types, list_date=none) %}
    {% if list_date is not none %}{{ return("date '" ~ list_date ~ "'") }}{% endif %}
    {% set name = {'population': raw_column('population', 'reference_date'), 'health_care': raw_column('health_care', 'service_date')}[source_name] %}
    {{ return(read_date(name, types[name | lower]) if (name | lower) in types else 'cast(null as date)') }}
{% endmacro %}

{# source.load_plan, by the rules above. #}
{% macro plan_load(directory, columns) %}
    {#- Years of the files that no folder dates: only the column with the date is read, and only where Parquet stores it apart is that cheap. -#}
    {% set parts = ["select source, load_year, list_date from source.file where load_year is not null"] %}
    {% for source_name in ['population', 'health_care'] %}
        {% for format in columns[source_name] %}
            {% set files = run_query("select file from source.file where source = '" ~ source_name ~ "' and format = '" ~ format ~ "' and load_year is null order by file").rows %}
            {% if files | length > 0 %}
                {% set dated = dating_expression(source_name, column_types(read_function(format, files))) %}
                {% do parts.append("select '" ~ source_name ~ "', cast(extract(year from day) as integer), "
                    ~ ("day" if source_name == 'population' else "cast(null as date)")
                    ~ " from (select " ~ dated ~ " as day from " ~ read_function(format, files) ~ ") as dated where day is not null group by all") %}
            {% endif %}
        {% endfor %}
    {% endfor %}
    {% do run_query("drop table if exists reject_errors") %}
    {% do run_query("drop table if exists reject_scans") %}
    {% do run_query("create or replace table source.year_found as select distinct * from (" ~ (parts | join(' union all ')) ~ ") as found") %}
    {% do stop_on_broken_lines() %}
    {% do run_query(
        "create or replace table source.usable_year as select lists.load_year as reference_year from ("
        ~ "select load_year from source.year_found where source = 'population' group by load_year having bool_or(month(list_date) = 6 and day(list_date) = 30) and bool_or(month(list_date) = 12 and day(list_date) = 31)) as lists "
        ~ "inner join (select distinct load_year from source.year_found where source = 'health_care') as claims using (load_year) "
        ~ "where true " ~ year_bounds('lists.load_year')) %}
    {% set usable = run_query("select count(*) from source.usable_year").columns[0][0] %}
    {% if usable == 0 %}
        {% set lists = run_query("select coalesce(string_agg(distinct cast(list_date as varchar), ', ' order by cast(list_date as varchar)), 'none') from source.year_found where source = 'population'").columns[0][0] %}
        {% set claims = run_query("select coalesce(string_agg(distinct cast(load_year as varchar), ', ' order by cast(load_year as varchar)), 'none') from source.year_found where source = 'health_care'").columns[0][0] %}
        {% do exceptions.raise_compiler_error(
            "No usable year in " ~ directory ~ ": a reference year needs the population lists of 30 June and 31 December and claims of that year"
            ~ year_bounds_text() ~ ". Population lists found: " ~ lists ~ ". Years with claims: " ~ claims
            ~ ". Add the missing list or claims, or widen first_reference_year, last_reference_year and publication_date.") %}
    {% endif %}
    {#- Which files make up a year, and whether that is what the warehouse has read. A file that no folder dates belongs to every year. -#}
    {% do run_query("set variable source_files = (select list(file) from source.file)") %}
    {% do run_query(
        "create or replace table source.year_fingerprint as "
        ~ "with file as (select f.*, b.size as bytes, b.last_modified as modified from source.file as f inner join read_blob(getvariable('source_files')) as b on b.filename = f.file), "
        ~ "year as (select distinct source, load_year from source.year_found union select distinct source, 0 from source.file where load_year is null) "
        ~ "select year.source, year.load_year, md5(string_agg(concat_ws('|', file.relative_path, file.bytes, epoch_us(file.modified)), ';' order by file.relative_path)) as files_fingerprint "
        ~ "from year inner join file on file.source = year.source and (file.load_year = year.load_year or file.load_year is null) group by year.source, year.load_year") %}
    {% set rules = rules_fingerprint() %}
    {% set lost = run_query(
        "select coalesce(string_agg(distinct cast(l.load_year as varchar), ', '), '') from quality.loaded_year as l anti join source.year_fingerprint as f on f.source = l.source and f.load_year = l.load_year"
        ~ " where l.load_year > 0 and (" ~ ('true' if flags.FULL_REFRESH else 'false') ~ " or l.rules_fingerprint <> '" ~ rules ~ "')").columns[0][0] %}
    {% if lost and not var('drop_missing_years') %}
        {% do exceptions.raise_compiler_error(
            "The warehouse holds " ~ lost ~ ", which " ~ directory ~ " no longer has, and "
            ~ ("--full-refresh would drop it" if flags.FULL_REFRESH else "the code lists, geography or rules have changed since (or a table is missing), so that it cannot stand beside newly computed years")
            ~ ". Bring the files of these years back, or accept their loss with --full-refresh --vars '{drop_missing_years: true}'.") %}
    {% endif %}
    {% if flags.FULL_REFRESH %}
        {% for state in ['loaded_year', 'published_year', 'tested_year'] %}{% do run_query("delete from quality." ~ state) %}{% endfor %}
    {% endif %}
    {% for row in run_query(
        "select l.source, string_agg(cast(l.load_year as varchar), ', ' order by l.load_year) from quality.loaded_year as l anti join source.year_fingerprint as f"
        ~ " on f.source = l.source and f.load_year = l.load_year where l.load_year > 0 group by l.source order by l.source").rows %}
        {% do log("No longer in the source: " ~ row[0] ~ " of " ~ row[1] ~ ". The warehouse keeps what it read of it.", info=true) %}
    {% endfor %}
    {#- A year is computed when one of its two sources asks for it; the claims of the year before it are read once for the look-back of deliveries. -#}
    {% do run_query(
        "create or replace table source.load_plan as "
        ~ "with state as (select f.source, f.load_year, case when l.load_year is null then 'new' when l.rules_fingerprint = 'a table is missing' then l.rules_fingerprint when l.rules_fingerprint <> '" ~ rules ~ "' then 'rules changed'"
        ~ " when l.files_fingerprint = 'being read' then 'not whole' when l.files_fingerprint <> f.files_fingerprint then 'files changed'"
        ~ " when f.load_year in (" ~ (['-1'] + (var('rebuild_years') | map('string') | list)) | join(', ') ~ ") then 'named in rebuild_years' end as why"
        ~ " from source.year_fingerprint as f left join quality.loaded_year as l on l.source = f.source and l.load_year = f.load_year), "
        ~ "wanted as (select reference_year as load_year from source.usable_year), "
        ~ "asked as (select load_year, min(why) as why from state where why is not null and load_year in (select load_year from wanted) group by load_year), "
        ~ "asked_line as (select s.source, s.load_year, a.why from state as s inner join asked as a on a.load_year = s.load_year), "
        ~ "around_line as (select s.source, s.load_year, coalesce(s.why, '') as why from state as s where s.why is not null and s.load_year not in (select load_year from wanted)"
        ~ " and (s.load_year = 0 or (s.source = 'health_care' and s.load_year + 1 in (select load_year from wanted)))) "
        ~ "select * from asked_line union all select * from around_line order by source, load_year") %}
    {#- What is about to be read, and how much: for millions of lines that takes a while. -#}
    {% for row in run_query(
        "with plan as (select source, string_agg(load_year || ' (' || why || ')', ', ' order by load_year) as years from source.load_plan where load_year > 0 group by source), "
        ~ "planned_file as (select f.* from source.file as f where f.load_year is null or exists (from source.load_plan as p where p.source = f.source and p.load_year = f.load_year)) "
        ~ "select plan.source, any_value(plan.years), count(*), coalesce(sum(f.row_count), 0)::bigint, count(*) filter (where f.row_count is null) "
        ~ "from plan inner join planned_file as f using (source) group by plan.source order by plan.source").rows %}
        {% do log(
            "To be read from " ~ row[0] ~ ": " ~ row[1] ~ "; " ~ row[2] ~ " files, " ~ "{:,}".format(row[3] | int) ~ " rows"
            ~ (" and those of " ~ row[4] ~ " CSV files" if row[4] else ""), info=true) %}
    {% endfor %}
    {% if run_query("select count(*) from source.load_plan where load_year > 0").columns[0][0] == 0 %}
        {% do log("Every year of the source is in the warehouse as it is: no source file is read.", info=true) %}
    {% endif %}
{% endmacro %}

{# `source.<name>`: the declared columns under their raw names, read as their declared types, and
     load_year               integer: the year of the folder, else of the row's date, else 0
     <name>_as_delivered     what the file holds, for the rejects table; in the file's own type where all files agree, so that no line pays for a text
                             that only a rejected one needs, else as text
     <person id>_is_missing  boolean: there is no person id, or only spaces
     is_counted_in_footer    boolean: the file's own count of its rows stands in source.file under the line's load_year.
   The files of one folder date are read by one branch that carries it as a constant: nothing is computed a line to find its year.
   Parquet is read where it lies, a few columns at a time. CSV has to be parsed whole each time, so it is parsed once, into the private table
   `source.<name>_csv`; the next build empties it. #}
{% macro create_source_view(source_name) %}
    {% set planned = planned_years(source_name) %}
    {% set filter = "source = '" ~ source_name ~ "' and (load_year is null or load_year in (" ~ (planned | join(', ')) ~ "))" %}
    {% set groups = run_query("select format, load_year, list_date from source.file where " ~ filter ~ " group by all order by all").rows | list %}
    {% if not groups %}
        {#- Nothing is to be read: the view only has to have its columns. -#}
        {% set filter = "file = (select min(file) from source.file where source = '" ~ source_name ~ "')" %}
        {% set groups = run_query("select format, load_year, list_date from source.file where " ~ filter).rows | list %}
    {% endif %}
    {% set branches = [] %}
    {% for group in groups %}
        {% set files = run_query(
            "select file from source.file where " ~ filter ~ " and format = '" ~ group[0] ~ "' and load_year is not distinct from " ~ (group[1] if group[1] is not none else 'null')
            ~ " and list_date is not distinct from " ~ ("date '" ~ group[2] ~ "'" if group[2] is not none else 'null') ~ " order by file").rows %}
        {% set from = read_function(group[0], files) %}
        {% do branches.append({'format': group[0], 'from': from, 'types': column_types(from), 'load_year': group[1], 'list_date': group[2]}) %}
    {% endfor %}
    {% set selects = [] %}
    {% for branch in branches %}
        {% set dated = dating_expression(source_name, branch.types, branch.list_date) %}
        {% set expressions = [] %}
        {% for column in declared_columns(source_name) %}
            {% set name = column.name | lower %}
            {% set type = branch.types.get(name, 'VARCHAR') %}
            {% set delivered = column.name if name in branch.types else 'cast(null as varchar)' %}
            {% if column.field in ['reference_date', 'service_date'] %}
                {% do expressions.append(dated ~ ' as ' ~ column.name) %}
            {% elif column.type == 'text' %}
                {% do expressions.append(read_text(delivered, type) ~ ' as ' ~ column.name) %}
                {% if column.field == 'person_id' %}{% do expressions.append(is_text_missing(delivered, type) ~ ' as ' ~ column.name ~ '_is_missing') %}{% endif %}
            {% elif column.type == 'label' %}
                {% do expressions.append(read_label(delivered, type) ~ ' as ' ~ column.name) %}
            {% elif column.type == 'code' %}
                {% do expressions.append(read_code(delivered, type) ~ ' as ' ~ column.name) %}
            {% else %}
                {% do expressions.append(read_integer(delivered, type) ~ ' as ' ~ column.name) %}
            {% endif %}
            {% if column.type not in ['text', 'label'] %}
                {% set agree = branches | map(attribute='types') | map(attribute=name, default='VARCHAR') | unique | list | length == 1 %}
                {% do expressions.append((delivered if agree else 'cast(' ~ delivered ~ ' as varchar)') ~ ' as ' ~ column.name ~ '_as_delivered') %}
            {% endif %}
        {% endfor %}
        {% set load_year = branch.load_year if branch.load_year is not none else 'coalesce(cast(extract(year from ' ~ dated ~ ') as integer), 0)' %}
        {% do selects.append({'format': branch.format, 'sql': "select " ~ (expressions | join(', ')) ~ ", " ~ load_year ~ " as load_year, "
            ~ ('true' if branch.format == 'parquet' and branch.load_year is not none else 'false') ~ " as is_counted_in_footer from " ~ branch.from}) %}
    {% endfor %}
    {% set branches_of_parquet = selects | selectattr('format', 'equalto', 'parquet') | map(attribute='sql') | list %}
    {% set branches_of_csv = selects | selectattr('format', 'equalto', 'csv') | map(attribute='sql') | list %}
    {% set in_plan = " as line where load_year in (" ~ (planned | join(', ')) ~ ")" %}
    {% do run_query("drop table if exists source." ~ source_name ~ "_csv") %}
    {% if branches_of_csv %}
        {% if planned != [-1] %}{% do log("Parsing the CSV files of " ~ source_name, info=true) %}{% endif %}
        {% do run_query("create table source." ~ source_name ~ "_csv as select * from (" ~ (branches_of_csv | join(' union all ')) ~ ")" ~ in_plan ~ ('' if planned != [-1] else ' limit 0')) %}
        {% do stop_on_broken_lines() %}
    {% endif %}
    {% set from_tables = ["select * from source." ~ source_name ~ "_csv"] if branches_of_csv else [] %}
    {% do run_query(
        "create or replace view source." ~ source_name ~ " as select * from (" ~ ((branches_of_parquet + from_tables) | join(' union all ')) ~ ")" ~ in_plan) %}
{% endmacro %}

{# {column: DuckDB's type} of what a table function returns, names in lower case. Argument: from (SQL). #}
{% macro column_types(from) %}
    {% set types = {} %}
    {% for row in run_query("describe select * from " ~ from).rows %}{% do types.update({row[0] | lower: row[1]}) %}{% endfor %}
    {{ return(types) }}
{% endmacro %}

{# Years of the load plan. Argument: source_name. Returns: list of integers, [-1] when there is none (so that `in (...)` stays valid). #}
{% macro planned_years(source_name) %}
    {% if not execute or flags.WHICH not in ['run', 'build'] %}{{ return([-1]) }}{% endif %}
    {% set years = run_query("select distinct load_year from source.load_plan where source = '" ~ source_name ~ "' order by 1").columns[0].values() | map('int') | list %}
    {{ return(years if years else [-1]) }}
{% endmacro %}
