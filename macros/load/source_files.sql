{# The list of source files, for the models of models/load. The Python package makes it (atlas/source_files.py), the same for `make build` and for plain
   `dbt build`: names, encodings, headers and footers are read there, once. No macro shows a value of a row. #}

{# The sources, as models/staging/_sources.yml declares them. Each is a folder of the same name below ATLAS_SOURCE_DIR. Returns: list of text. #}
{% macro source_names() %}{{ return(['population', 'health_care']) }}{% endmacro %}

{# The directory that holds the folders of the sources, without a final slash. Returns: text. #}
{% macro source_directory() %}
    {{ return(env_var('ATLAS_SOURCE_DIR', env_var('ATLAS_OUTPUT_DIR', 'output') ~ '/demo_source').rstrip('/')) }}
{% endmacro %}

{# The private file that holds the list: JSON, one record per file with the columns of listed_files. Returns: text, its path. #}
{% macro source_records() %}{{ return(env_var('ATLAS_OUTPUT_DIR', 'output') ~ '/source_files.json') }}{% endmacro %}

{# `text` (any value) as a SQL string literal. Returns: text. #}
{% macro literal(text) %}{{ return("'" ~ (text | string | replace("'", "''")) ~ "'") }}{% endmacro %}

{# A SQL list literal of texts. Argument: texts (list). #}
{% macro list_literal(texts) %}
    {% set items = [] %}
    {% for text in texts %}{% do items.append(literal(text)) %}{% endfor %}
    {{ return('[' ~ (items | join(', ')) ~ ']') }}
{% endmacro %}

{# Runs a step of the Python package. Arguments: step (text, see atlas/dbt_plugin.py), more (mapping of its arguments).
   Returns nothing. Raises dbt's runtime error with the message of the step. #}
{% macro run_source_step(step, more={}) %}{{ return(adapter.dispatch('run_source_step')(step, more)) }}{% endmacro %}
{% macro default__run_source_step(step, more) %}{% endmacro %}
{% macro duckdb__run_source_step(step, more) %}
    {% set arguments = {'step': step} %}
    {% do arguments.update(more) %}
    {#- the method of dbt-duckdb that calls a plugin; relation and columns are not used -#}
    {% do adapter.store_relation('dbt_plugin', this, [], source_records(), 'json', arguments) %}
{% endmacro %}

{# on-run-end hook. Removes the private copies of files. Raises dbt's runtime error when a source file has changed since it was listed: the tables may then hold
   parts of two versions, and nothing is recorded as built. #}
{% macro check_source_unchanged() %}
    {% set files = model_relation('source_file') if execute else none %}
    {% if is_building() and target.type == 'duckdb' and files
        and adapter.get_relation(database=files.database, schema=files.schema, identifier=files.identifier) %}
        {% do run_source_step('clear', {'exchange': exchange_folder()} if is_beside_spark() else {}) %}
        {% do run_source_step('check') %}
    {% endif %}
{% endmacro %}

{# The columns of a source as its YAML declares them. Argument: source_name (text). Returns: list of {name, field, type}. #}
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

{# The column that dates the rows of a source: the date of the list, the day of the service. Argument: source_name (text). Returns: {name, field, type}. #}
{% macro dating_column(source_name) %}{{ return(declared_columns(source_name) | selectattr('type', 'equalto', 'date') | first) }}{% endmacro %}

{# The files below the source directory, those that are not read included. Argument: anew (boolean), whether they are listed again. Returns: a query with the
   fields of SourceFile (atlas/source_files.py); no row unless models are being built. Raises dbt's runtime error that names files which cannot be read. #}
{% macro listed_files(anew) %}
    {% set types = {'folder_year': 'integer', 'list_date': 'date', 'file_size': 'bigint', 'modified_at': 'bigint', 'row_count': 'bigint',
        'only_year': 'integer', 'skipped_lines': 'integer', 'has_rows': 'boolean', 'ends_in_line': 'boolean'} %}
    {% set columns = [] %}
    {% set empty = [] %}
    {% for name in ['source', 'file', 'relative_path', 'format', 'folder_year', 'list_date', 'file_size', 'modified_at', 'checksum', 'row_count', 'only_year',
        'encoding', 'separator', 'quote', 'skipped_lines', 'has_rows', 'ends_in_line', 'read_path', 'column_names', 'column_types', 'unread_reason'] %}
        {% do columns.append(name ~ ": '" ~ types.get(name, 'string') ~ "'") %}
        {% do empty.append('cast(null as ' ~ types.get(name, 'string') ~ ') as ' ~ name) %}
    {% endfor %}
    {% if not is_building() %}{{ return('select ' ~ (empty | join(', ')) ~ ' where false') }}{% endif %}
    {% if anew %}{% do run_source_step('scan', {'directory': source_directory(), 'forget': flags.FULL_REFRESH or false}) %}{% endif %}
    {{ return("select * from read_json(" ~ literal(source_records()) ~ ", format = 'array', columns = {" ~ (columns | join(', ')) ~ "})") }}
{% endmacro %}

{# Hook of source_file. Demo data and real data are never in one warehouse. A warehouse of demo data is emptied when a real source comes (the demo can be
   made again); the other way round the build stops. Raises a compiler error. #}
{% macro keep_demo_apart() %}
    {% if is_building() %}
        {% set directory = source_directory() %}
        {% do run_query("create table if not exists quality.source_origin (is_synthetic boolean)") %}
        {% set is_synthetic = run_query("select count(*) > 0 from glob(" ~ literal(pattern_of(directory ~ '/SYNTHETIC.txt')) ~ ")").columns[0][0] %}
        {% set before = run_query("select is_synthetic from quality.source_origin").columns[0].values() %}
        {% set is_empty = run_query("select count(*) = 0 from quality.built_year").columns[0][0] %}
        {% if before and before[0] != is_synthetic and not is_empty %}
            {% if is_synthetic %}
                {% do exceptions.raise_compiler_error(
                    "This warehouse holds real data, and " ~ directory ~ " is demo data: they must not mix. Set ATLAS_SOURCE_DIR"
                    ~ " to the real extracts, or give the demo an output directory"
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

{# A path as a file pattern of DuckDB that matches this path alone, also when its name holds `*`, `?` or `[`. Argument: path (text). Returns: text. #}
{% macro pattern_of(path) %}{{ return(modules.re.sub('([*?\\[])', '[\\1]', path)) }}{% endmacro %}

{# A fingerprint of the rows of a group, null for none. Arguments: columns (list of SQL), order (SQL), condition (SQL: which rows). Returns: SQL aggregate. #}
{% macro hash_of_rows(columns, order, condition) -%}
    md5(string_agg(concat_ws('|', {{ columns | join(', ') }}), ';' order by {{ order }}) filter (where {{ condition }}))
{%- endmacro %}
