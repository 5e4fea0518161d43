{# Hook of load_plan. Says what is about to be read, and how much. #}
{% macro log_load_plan() %}
    {% if is_building() %}
        {% set read = run_query(
            "select reference_year, reason, reads_lists, reads_claims from " ~ this
            ~ " where reference_year > 0 and (reads_lists or reads_claims) order by reference_year").rows %}
        {% for source_name, position in {'population': 2, 'health_care': 3}.items() %}
            {% set years = [] %}
            {% set texts = [] %}
            {% for row in read if row[position] %}{% do years.append(row[0]) %}{% do texts.append(row[0] ~ ' (' ~ row[1] ~ ')') %}{% endfor %}
            {% if years %}
                {% set files = run_query(
                    "select count(distinct relative_path), coalesce(sum(line_count), 0) from " ~ model_relation('source_file_year') ~ " where source = '" ~ source_name
                    ~ "' and load_year in (" ~ (years | join(', ')) ~ ")").rows[0] %}
                {% do log(
                    "To be read from " ~ source_name ~ ": " ~ (texts | join(', ')) ~ "; " ~ files[0] ~ " files, " ~ "{:,}".format(files[1] | int) ~ " rows",
                    info=true) %}
            {% endif %}
        {% endfor %}
        {% if not read %}{% do log("Every year of the source is in the warehouse as it is: no source file is read.", info=true) %}{% endif %}
    {% endif %}
{% endmacro %}

{# Hook of load_plan. Says which years of the source are not complete, and what each lacks; of a year that the warehouse keeps, that late records are not
   added. #}
{% macro log_incomplete_years() %}
    {% if is_building() %}
        {% set rows = run_query(
            "select load_year, list_line_count, claim_line_count, missing, load_year + 1 in (select reference_year from " ~ model_relation('int_reference_year') ~ ") as is_lookback,"
            ~ " load_year - 1 in (select reference_year from " ~ model_relation('int_reference_year') ~ ") as is_lookahead,"
            ~ " load_year in (select reference_year from quality.built_year where lists_files is not null) as is_built from " ~ model_relation('source_year')
            ~ " where load_year > 0 and missing <> '' order by load_year").rows %}
        {% for row in rows %}
            {% if loop.index <= 10 %}{% do log(
                row[0] ~ " is not complete: lacks " ~ row[3].rstrip('; ').replace('; ', ', ') ~ " (" ~ "{:,}".format(row[1]) ~ " records of population lists and "
                ~ "{:,}".format(row[2]) ~ " claims were found); "
                ~ ("the warehouse keeps what it read of the year before, and these records are not added. Bring all files of the year back to add them." if row[6]
                    else "its claims are read for the prenatal windows of the next year." if row[4]
                    else "its claims are read for the postnatal windows of the year before." if row[5] else "the year is not built."), info=true) %}{% endif %}
        {% endfor %}
        {% if rows | length > 10 %}{% do log("... and " ~ (rows | length - 10) ~ " years more: quality.incomplete_year.", info=true) %}{% endif %}
    {% endif %}
{% endmacro %}

{# Hook of int_postnatal_lookahead. Names the years whose claims of the year after end within the postnatal window: cube_007_009a leaves them out. #}
{% macro log_cut_lookahead() %}
    {% if is_building() %}
        {% for row in run_query(
            "select reference_year from " ~ this ~ " where has_claims_of_next_year and not has_postnatal_lookahead order by reference_year").rows %}
            {% set end = modules.datetime.date(row[0], 12, 31) + modules.datetime.timedelta(days=var('last_postnatal_day')) %}
            {% do log(
                "cube_007_009a leaves " ~ row[0] ~ " out: the perinatal claims of " ~ (row[0] + 1) ~ " end before " ~ end ~ ", the last day of the postnatal window. "
                ~ "When the claims up to that day arrive, a build adds the year.", info=true) %}
        {% endfor %}
    {% endif %}
{% endmacro %}
