{# quality.built_year, the one table of state: which years the warehouse holds, from which files, by which rules, and what was published and tested.
     reference_year  integer, 0 for rows without a usable date
     lists_files     fingerprint of the files of the population lists that were read, null when none were
     claims_files    the same of the claims; the year before a reference year has claims alone, for the look-back
     rules           fingerprint of the rules that computed the year; null while a build that computes it is not complete
     publication     fingerprint of what suppressed and published the year; null when it is not published, or not complete
     tested          the same, once all data tests passed
   A build that is stopped half-way leaves years of which some tables are new and some old: the marks are taken away before the first table is written and
   set when all are. #}

{# on-run-start hook. Creates the table. Raises a compiler error in a warehouse of version 1, whose state is in other tables. #}
{% macro create_built_year() %}
    {% if execute and target.type == 'duckdb' and flags.WHICH in ['run', 'build'] %}
        {% do run_query('create schema if not exists quality') %}
        {% if adapter.get_relation(database=target.database, schema='quality', identifier='loaded_year') %}
            {% do exceptions.raise_compiler_error("This warehouse was built by version 1 of the project. Move warehouse.duckdb away and build again from the source.") %}
        {% endif %}
        {% do run_query(
            "create table if not exists quality.built_year (reference_year integer, lists_files text, claims_files text, rules text, publication text, tested text)") %}
    {% endif %}
{% endmacro %}

{# dbt's id of the running command, as a SQL literal. #}
{% macro this_invocation() %}{{ return(literal(invocation_id if execute else '')) }}{% endmacro %}

{# SQL condition that is false with --full-refresh, which forgets what was built. #}
{% macro is_remembered() %}{{ return('false' if execute and flags.FULL_REFRESH else 'true') }}{% endmacro %}

{# Hook of int_reference_year. Raises a compiler error without any reference year in the source, which says what was found. #}
{% macro stop_without_reference_year() %}
    {% if is_building() and run_query("select count(*) from " ~ this ~ " where is_in_source").columns[0][0] == 0 %}
        {% set found = [] %}
        {% for row in run_query("select load_year, missing from " ~ model_relation('source_year') ~ " where load_year > 0 order by load_year").rows %}
            {% do found.append(row[0] ~ (' lacks ' ~ row[1].rstrip('; ').replace('; ', ', ') if row[1] else ' is complete')) %}
        {% endfor %}
        {% do exceptions.raise_compiler_error(
            "No usable year in " ~ source_directory() ~ ": a reference year needs the population lists of 30 June and 31 December and claims of that year"
            ~ year_bounds_text() ~ ". Found: " ~ (found | join('; ') or 'no dated row') ~ ". Add the missing list or claims, or widen first_reference_year, last_reference_year and publication_date.") %}
    {% endif %}
{% endmacro %}

{# Hook of load_plan. Raises a compiler error when a year of the warehouse is no longer in the source and would be dropped, or would remain beside years
   of other rules. #}
{% macro stop_on_lost_years() %}
    {% if is_building() %}
        {% set condition = 'true' if flags.FULL_REFRESH or is_computed_table_missing() else "rules is distinct from '" ~ rules_fingerprint() ~ "'" %}
        {% set gone = run_query(
            "select built.reference_year, " ~ condition ~ " from quality.built_year as built left join " ~ model_relation('source_year') ~ " as source_year on built.reference_year = source_year.load_year"
            ~ " where built.reference_year > 0 and ((built.lists_files is not null and source_year.lists_files is null) or (built.claims_files is not null and not coalesce(source_year.has_claims or (built.claims_files like 'late:%' and source_year.claims_files is not null), false)))"
            ~ " order by built.reference_year").rows %}
        {% set lost = [] %}
        {% set kept = [] %}
        {% for row in gone %}{% do (lost if row[1] else kept).append(row[0] | string) %}{% endfor %}
        {% if lost and not var('drop_missing_years') %}
            {% do exceptions.raise_compiler_error(
                "The warehouse holds " ~ (lost | join(', ')) ~ ", which " ~ source_directory() ~ " no longer has, and "
                ~ ("--full-refresh would drop it" if flags.FULL_REFRESH else "the code lists, geography or rules have changed since (or a table is missing), so that it cannot remain beside newly computed years")
                ~ ". Bring the files of these years back, or accept their loss with --full-refresh --vars '{drop_missing_years: true}'.") %}
        {% endif %}
        {% if kept and not flags.FULL_REFRESH %}{% do log("No longer in the source: " ~ (kept | join(', ')) ~ ". The warehouse keeps what it read of it.", info=true) %}{% endif %}
    {% endif %}
{% endmacro %}

{# Hook of load_plan. The years that this build computes, publishes or tests count as such again only when it is complete (record_built_years). #}
{% macro mark_planned_years() %}
    {% if is_building() %}
        {% if flags.FULL_REFRESH %}{% do run_query("delete from quality.built_year") %}{% endif %}
        {% for mark, condition in {'rules': 'reads_lists or reads_claims', 'publication': 'reads_lists or reads_claims or follows_claims or publishes', 'tested': 'tests'}.items() %}
            {% do run_query("update quality.built_year set " ~ mark ~ " = null where reference_year in (select reference_year from " ~ this ~ " where " ~ condition ~ ")") %}
        {% endfor %}
    {% endif %}
{% endmacro %}

{# on-run-end hook. Records the years of the load plan as built, published and tested. A command that left out or failed to make a table or seed that the
   years depend on records nothing: its years are computed again. Argument: results (dbt's list of results). Returns: nothing. #}
{% macro record_built_years(results) %}
    {% set plan = model_relation('load_plan') if execute else none %}
    {% if is_building() and target.type == 'duckdb' and not invocation_args_dict.get('sample') and plan and adapter.get_relation(database=plan.database, schema=plan.schema, identifier=plan.identifier) %}
        {% set done = succeeded_nodes(results) %}
        {% set rule_ids = rule_nodes() %}
        {% set missing = {'rules': [], 'publication': [], 'tests': []} %}
        {% for node in graph.nodes.values() if node.unique_id not in done %}
            {% if node.resource_type in ['model', 'seed'] and node.unique_id in rule_ids %}
                {% do missing.rules.append(node.name) %}
            {% elif node.resource_type == 'model' and node.config.materialized == 'yearly' %}
                {% do missing.publication.append(node.name) %}
            {% elif node.resource_type in ['model', 'seed'] or (node.resource_type == 'test' and node.config.severity | lower == 'error') %}
                {% do missing.tests.append(node.name) %}
            {% endif %}
        {% endfor %}
        {% set planned = "(select * from " ~ plan ~ " where planned_by = '" ~ invocation_id ~ "')" %}
        {% if not missing.rules %}
            {% do run_query("insert into quality.built_year (reference_year) select reference_year from " ~ planned ~ " as plan where reference_year not in (select reference_year from quality.built_year)") %}
            {% do run_query(
                "update quality.built_year as built set rules = " ~ literal(rules_fingerprint())
                ~ ", lists_files = case when plan.reads_lists then source_year.lists_files else built.lists_files end"
                ~ ", claims_files = case when plan.reads_claims then source_year.claims_files else built.claims_files end"
                ~ " from " ~ planned ~ " as plan inner join " ~ model_relation('source_year') ~ " as source_year on plan.reference_year = source_year.load_year"
                ~ " where built.reference_year = plan.reference_year and (plan.reads_lists or plan.reads_claims)") %}
            {% if not missing.publication %}
                {% do run_query("delete from quality.build_progress") %}
                {% do run_query(
                    "update quality.built_year set publication = case when true " ~ year_bounds('reference_year') ~ " then " ~ literal(publication_fingerprint()) ~ " end"
                    ~ " where reference_year > 0 and reference_year in (select reference_year from " ~ planned ~ " as plan)") %}
                {% if not missing.tests %}
                    {% do run_query("update quality.built_year set tested = " ~ literal(publication_fingerprint()) ~ " where reference_year > 0 and reference_year in (select reference_year from " ~ planned ~ " as plan)") %}
                {% endif %}
            {% endif %}
        {% endif %}
    {% endif %}
{% endmacro %}
