{# quality.withheld_cell, a table of state: the cells that this release suppresses because the last one, read beside it, would give them or others away.
   `python -m atlas build` and `release` write it after they have attacked both releases (atlas/pair/step.py); the years of new rows are published again by
   the next build. Rows remain: what was withheld beside one release stays suppressed beside the next. One row is a numerator cell:
     reference_year, series, geo_level, geo_code, the filters   the cell, as in publishable_cell
     hides_denominator   whether its denominator is suppressed too #}

{# on-run-start hook. Creates the table; in one that was made with fewer filters, its cells are totals of the others. #}
{% macro create_withheld_cell() %}
    {% if execute and flags.WHICH in ['run', 'build', 'retry', 'test'] %}
        {% set columns = ['reference_year int', 'series string', 'geo_level string', 'geo_code string'] %}
        {% for filter in filter_definitions() %}{% do columns.append(filter ~ ' string') %}{% endfor %}
        {% do run_query('create schema if not exists quality') %}
        {% do run_query('create table if not exists quality.withheld_cell (' ~ (columns | join(', ')) ~ ', hides_denominator boolean)') %}
        {% set present = run_query('select * from quality.withheld_cell where 1 = 0').column_names %}
        {% for filter in filter_definitions() if filter not in present %}
            {% do run_query('alter table quality.withheld_cell add column ' ~ filter ~ " string default 'total'") %}
        {% endfor %}
    {% endif %}
{% endmacro %}
