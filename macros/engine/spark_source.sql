{# How the files of a source are read on Spark. The list of files is that of DuckDB (source_file); CSV files are those that DuckDB has parsed (population_csv,
   health_care_csv), so that one parser decides what a row is. #}

{# See source_branches: one branch for the Parquet files of a folder that have the same columns and types. #}
{% macro spark__source_branches(source_name, files) %}
    {% set groups = {} %}
    {% for row in run_query(
        "select format, load_year, folder_year, list_date, separator, quote, column_names, column_types, read_path from (" ~ files ~ ") as file where source = " ~ literal(source_name)
        ~ " order by format, load_year, folder_year, list_date, separator, quote, column_names, column_types, read_path").rows %}
        {% set key = row.values()[:-1] | join('|') %}
        {% if key not in groups %}{% do groups.update({key: {'row': row, 'paths': []}}) %}{% endif %}
        {% do groups[key].paths.append(row.read_path) %}
    {% endfor %}
    {% set branches = [] %}
    {% for group in groups.values() %}
        {% set row = group.row %}
        {% set types = {} %}
        {% for name in row.column_names.split(',') %}{% do types.update({name: row.column_types.split(';')[loop.index0] if row.column_types else 'VARCHAR'}) %}{% endfor %}
        {% do branches.append({
            'format': row.format, 'from': parquet_files(group.paths) if row.format == 'parquet' else none, 'types': types, 'load_year': row.load_year, 'folder_year': row.folder_year,
            'list_date': row.list_date}) %}
    {% endfor %}
    {{ return(branches) }}
{% endmacro %}
