{# source.unread_year: one row a source and year that lies in the source, is in no reference year and no look-back, and is therefore not read: source,
   load_year, line_count. The reconciliation shows them, so that its lines in are all the lines of the files. Parquet counts from its footers.
   Argument: columns, see source_columns. Returns: nothing. #}
{% macro count_unread_years(columns) %}
    {% set unread = "(select distinct source, load_year from source.year_found except (select source, load_year from source.load_plan union select source, load_year from quality.loaded_year))" %}
    {% set counts = ["select cast(null as varchar) as source, cast(null as integer) as load_year, cast(null as bigint) as line_count where false"] %}
    {% for source_name in ['population', 'health_care'] %}
        {% for format, types in columns[source_name].items() %}
            {% set of_source = "source = '" ~ source_name ~ "' and format = '" ~ format ~ "'" %}
            {% for row in run_query(
                "select f.load_year, list(f.file order by f.file) from source.file as f inner join " ~ unread ~ " as u on u.source = f.source and u.load_year = f.load_year"
                ~ " where f." ~ of_source ~ " group by f.load_year order by f.load_year").rows %}
                {% set files = run_query("select file from source.file where " ~ of_source ~ " and load_year = " ~ row[0] ~ " order by file").rows %}
                {% do counts.append("select '" ~ source_name ~ "', " ~ row[0] ~ ", count(*) from " ~ read_function(format, files)) %}
            {% endfor %}
            {% set undated = run_query("select file from source.file where " ~ of_source ~ " and load_year is null order by file").rows %}
            {% if undated | length > 0 and run_query("select count(*) from " ~ unread ~ " where source = '" ~ source_name ~ "'").columns[0][0] > 0 %}
                {% do counts.append(
                    "select '" ~ source_name ~ "', d.load_year, count(*) from (select cast(extract(year from " ~ dating_expression(source_name, types) ~ ") as integer) as load_year from "
                    ~ read_function(format, undated) ~ ") as d inner join " ~ unread ~ " as u on u.source = '" ~ source_name ~ "' and u.load_year = d.load_year group by d.load_year") %}
            {% endif %}
        {% endfor %}
    {% endfor %}
    {% do run_query(
        "create or replace table source.unread_year as select source, load_year, cast(sum(line_count) as bigint) as line_count from ("
        ~ (counts | join(' union all ')) ~ ") as counted group by source, load_year") %}
{% endmacro %}
