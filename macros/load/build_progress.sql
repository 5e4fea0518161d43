{# quality.build_progress: what a build that was stopped has done, so that the next one goes on there.
     part             'cells' (models with an `input`) or 'publication' (the others by year)
     plan             fingerprint of what decides the result: files, rules, and the years to compute; for the publication its own rules too
     model            the table that is complete for the year; null in the row that names the plan of the part
     reference_year   integer
   A row is written in the transaction that writes the year. A build that is complete leaves no row. #}

{# The fingerprint of a part of this build. Arguments: part; plan (relation of load_plan). Returns: SQL, a scalar subquery. #}
{% macro part_fingerprint(part, plan) %}
    {% set flags = ['reads_lists', 'reads_claims', 'follows_claims'] if part == 'cells' else ['publishes'] %}
    {% set rules = [rules_fingerprint(), var('rebuild_years') | join(',')] + ([publication_fingerprint()] if part == 'publication' else []) %}
    {{ return(
        "(select md5(concat_ws('|', " ~ literal(rules | join('|')) ~ ", (select " ~ hash_of_rows(['load_year', 'lists_files', 'claims_files'], 'load_year', 'true') ~ " from " ~ model_relation('source_year')
        ~ "), " ~ hash_of_rows(['reference_year'] + flags, 'reference_year', 'true') ~ ")) from " ~ plan ~ ")") }}
{% endmacro %}

{# Hook of load_plan. Keeps what a stopped build has done where this build would do the same, and forgets the rest. #}
{% macro resume_stopped_build() %}
    {% if is_building() %}
        {% do run_query("create table if not exists quality.build_progress (part text, plan text, model text, reference_year integer)") %}
        {% if flags.FULL_REFRESH %}{% do run_query("delete from quality.build_progress") %}{% endif %}
        {% for part in ['cells', 'publication'] %}
            {% set is_same = run_query("select count(*) > 0 from quality.build_progress where part = '" ~ part ~ "' and plan = " ~ part_fingerprint(part, this)).columns[0][0] %}
            {% if is_same %}
                {% set done = run_query("select count(distinct model), count(model) from quality.build_progress where part = '" ~ part ~ "'").rows[0] %}
                {% if done[1] %}{% do log("A build was stopped: of the " ~ part ~ ", " ~ done[1] ~ " years of " ~ done[0] ~ " tables are complete and remain.", info=true) %}{% endif %}
            {% else %}
                {% do run_query("delete from quality.build_progress where part = '" ~ part ~ "'") %}
                {% do run_query("insert into quality.build_progress (part, plan) select '" ~ part ~ "', " ~ part_fingerprint(part, this)) %}
            {% endif %}
        {% endfor %}
    {% endif %}
{% endmacro %}

{# The years that a stopped build has completed in the table of the running model. Returns: list of integers. #}
{% macro years_done() %}
    {{ return(run_query("select reference_year from quality.build_progress where model = " ~ literal(model.name) ~ " order by reference_year").columns[0].values() | map('int') | list) }}
{% endmacro %}

{# Records a year of the running model as complete. Argument: year (integer). Returns: SQL, a statement. #}
{% macro record_year_done(year) %}
    {%- set part = 'cells' if config.meta_get('input') else 'publication' -%}
    insert into quality.build_progress (part, model, reference_year) values ('{{ part }}', {{ literal(model.name) }}, {{ year }})
{%- endmacro %}
