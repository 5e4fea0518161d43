{# How the files of a source are read on Spark. The list of files is that of DuckDB (source_file); CSV files are those that DuckDB has parsed (population_csv,
   health_care_csv), so that one parser decides what a row is. #}

{# See source_branches: one branch for the Parquet files that have the same columns and types, whatever their folders, so that expressions are written once: a
   view is a text in the metastore, and Derby's takes 32,700 characters of it. What a folder states is a column of its files. #}
{% macro spark__source_branches(source_name, files) %}
    {% set stated = {'load_year': 'int', 'folder_year': 'int', 'list_date': 'date'} %}
    {% set branches = {} %}
    {% set folders = {} %}
    {% for row in run_query(
        "select format, load_year, folder_year, list_date, separator, quote, column_names, column_types, read_path from (" ~ files ~ ") as file where source = " ~ literal(source_name)
        ~ " order by format, column_names, column_types, separator, quote, load_year, folder_year, list_date, read_path").rows %}
        {% set shape = [row.format, row.column_names, row.column_types, row.separator, row.quote, row.load_year is none, row.folder_year is none, row.list_date is none] | join('|') %}
        {% if shape not in branches %}
            {% set branch = {'format': row.format, 'types': types_of_file(row)} %}
            {% for name in stated %}{% do branch.update({name: 'stated_' ~ name if row[name] is not none else none}) %}{% endfor %}
            {% do branches.update({shape: branch}) %}
            {% do folders.update({shape: {}}) %}
        {% endif %}
        {% set columns = [] %}
        {% for name, type in stated.items() if row[name] is not none %}{% do columns.append("cast('" ~ row[name] ~ "' as " ~ type ~ ') as stated_' ~ name) %}{% endfor %}
        {% do folders[shape].setdefault(columns | join(', '), []).append(row.read_path) %}
    {% endfor %}
    {% for shape, branch in branches.items() %}
        {% set selects = [] %}
        {% for columns, paths in folders[shape].items() if branch.format == 'parquet' %}
            {% do selects.append('select *' ~ (', ' ~ columns if columns) ~ ' from ' ~ parquet_files(paths)) %}
        {% endfor %}
        {% do branch.update({'from': '(' ~ (selects | join(' union all ')) ~ ') as file'}) %}
    {% endfor %}
    {{ return(branches.values() | list) }}
{% endmacro %}
