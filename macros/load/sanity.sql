{# Whether the source can be what it should be, from its numbers of rows alone. #}

{# Hook of load_plan. Raises a compiler error when a year that is to be read again has far fewer rows than the warehouse read of it before: a transfer
   that was not complete would otherwise be published. The share that may be lost is the variable largest_loss_of_rows (project decision; 1 accepts every
   loss). A year that lost all rows of a source, or has late claims alone: stop_on_lost_years. #}
{% macro stop_on_fewer_rows() %}
    {% if is_building() %}
        {% set lost = [] %}
        {% for source_name, model_name, flag, is_there in [
            ('population', 'int_population_count', 'reads_lists', 'true'), ('health_care', 'int_claim_count', 'reads_claims', 'has_claims')] %}
            {% set counts = model_relation(model_name) %}
            {% if adapter.get_relation(database=counts.database, schema=counts.schema, identifier=counts.identifier) %}
                {% for row in run_query(
                    "select plan.reference_year, before.line_count, now.line_count, round(1 - now.line_count / before.line_count, 2) from " ~ this ~ " as plan"
                    ~ " inner join (select load_year, sum(line_count) as line_count from " ~ counts ~ " where disposition = 'received' group by load_year)"
                    ~ " as before on plan.reference_year = before.load_year"
                    ~ " inner join (select load_year, sum(line_count) as line_count from " ~ model_relation('source_file_year')
                    ~ " where source = '" ~ source_name ~ "' group by load_year) as now on plan.reference_year = now.load_year"
                    ~ " where plan." ~ flag ~ " and plan.reference_year in (select load_year from " ~ model_relation('source_year')
                    ~ " where load_year > 0 and " ~ is_there ~ ")"
                    ~ " and now.line_count < before.line_count * (1 - " ~ var('largest_loss_of_rows') ~ ") order by plan.reference_year").rows %}
                    {% do lost.append(
                        source_name ~ " of " ~ row[0] ~ ": " ~ "{:,}".format(row[1] | int) ~ " rows before, " ~ "{:,}".format(row[2] | int) ~ " now ("
                        ~ (row[3] * 100) | round | int ~ " % fewer)") %}
                {% endfor %}
            {% endif %}
        {% endfor %}
        {% if lost %}
            {% do exceptions.raise_compiler_error(
                "The source has lost rows since the warehouse read it, in " ~ source_directory() ~ ". " ~ (lost[:5] | join('; '))
                ~ (' and ' ~ (lost | length - 5) ~ ' more' if lost | length > 5 else '')
                ~ ". Nothing was read or changed. Bring the missing files back, or transfer them again. If the loss is right, accept it with"
                ~ " --vars '{largest_loss_of_rows: 1}' (a share; now " ~ var('largest_loss_of_rows') ~ ").") %}
        {% endif %}
    {% endif %}
{% endmacro %}

{# Hook of source_file. Warns of files that have columns and no row, as an export that failed has and an empty part of a source too, and of CSV files
   whose last line has no line end: its last value may have been cut off, which nothing else shows. Names the first ten. #}
{% macro warn_of_odd_files() %}
    {% if is_building() %}
        {% do warn_of_files(
            'coalesce(row_count = 0, not has_rows)', 'No row below the column names',
            'Check that these files are to be empty, or transfer them again.') %}
        {% do warn_of_files(
            'has_rows and not ends_in_line', 'The last line has no line end',
            'Check that these files were not cut off in their last value.') %}
    {% endif %}
{% endmacro %}

{# Warns of files of the running model. Arguments: condition (SQL), what (text, what is odd), remedy (text, what to do). Returns nothing. #}
{% macro warn_of_files(condition, what, remedy) %}
    {% set rows = run_query(
        "select relative_path, count(*) over () from " ~ this ~ " where " ~ condition ~ " order by relative_path limit 10").rows %}
    {% if rows %}
        {% do exceptions.warn(
            what ~ ", in " ~ rows[0][1] ~ " files: " ~ (rows | map(attribute=0) | join(', ')) ~ (', ...' if rows[0][1] > 10 else '') ~ ". " ~ remedy) %}
    {% endif %}
{% endmacro %}

{# Hook of load_plan. Warns when the publication date allows a newer year than the source has: last year's extract would be published again. #}
{% macro warn_of_an_older_source() %}
    {% if is_building() and last_publishable_year() is not none and var('last_reference_year') is none %}
        {% set newest = run_query("select max(reference_year) from " ~ model_relation('int_reference_year') ~ " where is_in_source").columns[0][0] %}
        {% if newest is not none and newest < last_publishable_year() %}
            {% do exceptions.warn(
                "The newest complete year of the source is " ~ newest ~ ", and a release of " ~ var('publication_date') ~ " may hold "
                ~ last_publishable_year() ~ ". Check that ATLAS_SOURCE_DIR is the newest extract.") %}
        {% endif %}
    {% endif %}
{% endmacro %}

{# Hook of reconciliation. Warns of a year of which more than one row in twenty was rejected (of rows without a date: one in twenty of the source), and when
   the newest one has a fifth fewer rows than the year before (project decision: an extract of a whole year differs by a few per cent). Names source, year,
   counts. #}
{% macro warn_of_odd_counts() %}
    {% if is_building() %}
        {% for row in run_query(
            "with year as (select distinct source, load_year, rows_in, rows_rejected from " ~ this
            ~ " where rows_not_read = 0 and use_of_year not like 'built, not%'), compared as ("
            ~ "select *, lag(load_year) over by_source as year_before, lag(rows_in) over by_source as rows_before,"
            ~ " load_year = max(load_year) over (partition by source) as is_newest,"
            ~ " case when load_year = 0 then sum(rows_in) over (partition by source) else rows_in end as rows_beside"
            ~ " from year window by_source as (partition by source order by load_year))"
            ~ " select source, load_year, rows_in, rows_rejected, rows_before, rows_rejected > 0.05 * rows_beside,"
            ~ " is_newest and year_before = load_year - 1 and rows_in < 0.8 * rows_before from compared order by source, load_year").rows %}
            {% if row[5] %}
                {% do exceptions.warn(
                    "Of the " ~ "{:,}".format(row[2]) ~ " rows of " ~ row[0] ~ (" of " ~ row[1] if row[1] else " without a usable date") ~ ", "
                    ~ "{:,}".format(row[3]) ~ " were rejected. Reasons: quality.reconciliation. Check the columns of the extract.") %}
            {% endif %}
            {% if row[6] %}
                {% do exceptions.warn(
                    "The source " ~ row[0] ~ " has " ~ "{:,}".format(row[2]) ~ " rows of " ~ row[1] ~ ", and had " ~ "{:,}".format(row[4])
                    ~ " of the year before. Check that the extract is complete.") %}
            {% endif %}
        {% endfor %}
    {% endif %}
{% endmacro %}
