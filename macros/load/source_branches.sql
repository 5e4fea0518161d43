{# The branches in which the files of a source are read. Arguments: source_name, files (SQL: a query with the columns of source_file, and load_year, the year
   of all lines of a file, null for several). Returns: list of {format, from, types, load_year, folder_year, list_date}, the last three as SQL, none where not known.
   Parquet files of one branch have the same types in the columns of the contract: what DuckDB makes of files of different types, a person 7 as number beside
   texts, would be the text 7.0. #}
{% macro source_branches(source_name, files) %}{{ return(adapter.dispatch('source_branches')(source_name, files)) }}{% endmacro %}
{% macro duckdb__source_branches(source_name, files) %}
    {% set groups = {} %}
    {% for row in run_query(
        "select format, load_year, folder_year, list_date, separator, quote, column_names, column_types, cast(to_json(list(read_path order by read_path)) as varchar) as paths,"
        ~ " cast(to_json(list(file order by file) filter (where read_path <> file)) as varchar) as recoded from (" ~ files ~ ") as file where source = " ~ literal(source_name) ~ " group by all order by all").rows %}
        {% if row.recoded %}{% do run_source_step('recode', {'files': fromjson(row.recoded)}) %}{% endif %}
        {% set key = [row.format, row.load_year, row.folder_year, row.list_date, row.separator, row.quote] %}
        {% if row.format == 'parquet' %}
            {% set types = types_of_file(row) %}
            {% for column in declared_columns(source_name) %}{% do key.append(types.get(column.name)) %}{% endfor %}
        {% else %}
            {% do key.append(row.column_names) %}
        {% endif %}
        {% set group = groups.setdefault(key | string, {'shape': row, 'paths': []}) %}
        {% do group.paths.extend(fromjson(row.paths)) %}
    {% endfor %}
    {% set branches = [] %}
    {% for group in groups.values() %}
        {% set from = read_function(group.shape, group.paths | sort) %}
        {% set list_date = group.shape.list_date %}
        {% do branches.append({
            'format': group.shape.format, 'from': from, 'types': column_types(from), 'load_year': group.shape.load_year, 'folder_year': group.shape.folder_year,
            'list_date': "date '" ~ list_date ~ "'" if list_date is not none else none}) %}
    {% endfor %}
    {{ return(branches) }}
{% endmacro %}

{# {column: DuckDB's type} of a file, names in lower case, as source_file has them. Argument: row (with column_names, column_types). Returns: mapping. #}
{% macro types_of_file(row) %}
    {% set types = {} %}
    {% for name in row.column_names.split(',') %}{% do types.update({name: row.column_types.split(';')[loop.index0] if row.column_types else 'VARCHAR'}) %}{% endfor %}
    {{ return(types) }}
{% endmacro %}
