{# The years that a model computes in this build (model load_plan). #}

{# True while `dbt run` or `dbt build` computes models; false for unit tests and on empty inputs. #}
{% macro is_building() %}
    {{ return(execute and flags.WHICH in ['run', 'build'] and not flags.EMPTY and model.resource_type != 'unit_test') }}
{% endmacro %}

{# The tables that are kept by year. Argument: is_missing (boolean), those that are not in the warehouse instead of those that are. Returns: for tables that
   are there, list of relations; for missing ones, list of nodes. #}
{% macro yearly_relations(is_missing=false) %}
    {% set found = [] %}
    {% for node in graph.nodes.values()
        if node.resource_type == 'model' and node.config.materialized == 'yearly' and not (is_beside_spark() and 'person_level' in node.tags) %}
        {% set relation = adapter.get_relation(database=node.database, schema=node.schema, identifier=node.alias) %}
        {% if is_missing and relation is none %}
            {% do found.append(node) %}
        {% elif not is_missing and relation is not none %}
            {% do found.append(relation) %}
        {% endif %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}

{# Whether a table that is computed (or published) by year is not in the warehouse, because it is new or was dropped: then all its years are made again. #}
{% macro is_computed_table_missing() %}
    {{ return(is_building() and yearly_relations(is_missing=true) | selectattr('config.meta.input', 'defined') | list | length > 0) }}
{% endmacro %}

{# The same of the tables that are published by year. #}
{% macro is_published_table_missing() %}
    {{ return(is_building() and (yearly_relations(is_missing=true) | length > 0)) }}
{% endmacro %}

{# The column of load_plan that says which years a model computes, from `meta` of the model's configuration:
     input: lists | claims | both   the years of which this source, or one of the two, is read (0: rows without a year)
     carries_forward: true          the years from the one before the first of which claims are read: a delivery claim can change a later year, a postnatal contact the year before
   A model without `input` belongs to the publication: the years whose cells were computed, and those that other SQL or another threshold published.
   Argument: config, the model's configuration. Returns: SQL condition on load_plan. Raises a compiler error for another input. #}
{% macro plan_condition(config) %}
    {% set conditions = {
        'none': 'publishes',
        'lists': 'reads_lists',
        'claims': 'follows_claims' if config.meta.get('carries_forward') else 'reads_claims',
        'both': '(reads_lists or reads_claims' ~ (' or follows_claims' if config.meta.get('carries_forward') else '') ~ ') and reference_year > 0',
    } %}
    {% set input = (config.meta.get('input') or 'none') | string %}
    {% if input not in conditions %}
        {{ exceptions.raise_compiler_error("input must be lists, claims or both, not '" ~ input ~ "'") }}
    {% endif %}
    {{ return(conditions[input]) }}
{% endmacro %}

{# The years that the model being compiled or run computes in this build, see plan_condition. Returns: list of integers, [-1] when there is none, so that
   `in (...)` stays valid; with `by_window` the first years of their three-year windows. Raises a compiler error when this dbt command has made no load plan:
   a plan of another command may not fit the files any more. #}
{% macro years_to_build() %}
    {% set years = planned_years(plan_condition(model.config), model_relation('load_plan')) %}
    {{ return(first_years_of_windows(years) if is_by_window() else years) }}
{% endmacro %}

{# Arguments: condition (SQL on load_plan), plan (relation). Returns and raises: see years_to_build. #}
{% macro planned_years(condition, plan) %}
    {% if not is_building() %}{{ return([-1]) }}{% endif %}
    {% set of_this_command = " where planned_by = '" ~ planning_invocation() ~ "' order by reference_year" %}
    {% set rows = rows_of_plan("select reference_year, " ~ condition ~ " from " ~ plan ~ of_this_command)
        if adapter.get_relation(database=plan.database, schema=plan.schema, identifier=plan.identifier) else [] %}
    {% if not rows %}
        {% do exceptions.raise_compiler_error("This command has made no load plan. Run a whole `dbt build`, or add `path:models/load` to the selection.") %}
    {% endif %}
    {% set years = [] %}
    {% for row in rows if row[1] %}{% do years.append(row[0] | int) %}{% endfor %}
    {{ return(years if years else [-1]) }}
{% endmacro %}

{# The relation of a model, without a dependency on it: for hooks, and for data tests, which run after the model that they test, and with that after the plan.
   Argument: name (text). Returns: dbt's relation, none for an unknown name. #}
{% macro model_relation(name) %}
    {% for node in graph.nodes.values() if node.resource_type == 'model' and node.name == name %}
        {{ return(api.Relation.create(database=node.database, schema=node.schema, identifier=node.alias)) }}
    {% endfor %}
{% endmacro %}

{# `column in (years)`, the SQL that the materialization `yearly` narrows to one year at a time. #}
{% macro in_years(column, years) %}{{ return(column ~ ' in (' ~ (years | join(', ')) ~ ')') }}{% endmacro %}

{# `column in (years that this model computes)`. Arguments: column (SQL; an expression such as `reference_year + 1` selects the years before them); day (SQL,
   optional), the date from which a source computes that column: the condition then names the range of days too, so that files and parts of files whose smallest
   and largest date are of other years are not read. DuckDB leaves out no file for a condition on the year of a date, and a line of claims may be in the folder
   of another year. Returns: SQL condition; always true inside a unit test, whose rows carry the years that they mean, and where nothing is built. #}
{% macro in_years_to_build(column, day=none) %}
    {%- if execute and model.resource_type == 'unit_test' -%}
        {{ return('true') }}
    {%- endif -%}
    {%- do ref('load_plan') -%}
    {%- if is_beside_spark() -%}{%- do ref('spark_table') -%}{%- endif -%}
    {%- if not is_building() -%}{{ return(column ~ ' is not null') }}{%- endif -%}
    {%- set years = years_to_build() -%}
    {{ return(in_years(column, years) ~ (' and ' ~ in_days(day, years) if day else '')) }}
{% endmacro %}

{# `column between first and last day of the years`, the second SQL that the materialization `yearly` narrows. Arguments: column (date); years (list). #}
{% macro in_days(column, years) %}
    {{ return(column ~ " between date '" ~ '%04d' % ([years[0], 1] | max) ~ "-01-01' and date '" ~ '%04d' % ([years[-1], 1] | max) ~ "-12-31'") }}
{% endmacro %}

{# `column in (years to test)`: the years that this build computed, and those that have not passed these data tests yet. The others passed when they were
   built, and nothing has changed them since. `dbt test` looks at every year. Argument: column (SQL). Returns: SQL condition. #}
{% macro in_years_to_test(column) %}
    {%- do ref('load_plan') -%}
    {%- set years = planned_test_years() -%}
    {{ return(in_years(column, years) if years else column ~ ' is not null') }}
{% endmacro %}

{# `column in (first years of the three-year windows of the years to test)`. Argument: column (SQL). Returns: SQL condition. #}
{% macro in_windows_to_test(column) %}
    {%- do ref('load_plan') -%}
    {%- set years = planned_test_years() -%}
    {{ return(in_years(column, first_years_of_windows(years)) if years else column ~ ' is not null') }}
{% endmacro %}

{# The years that data tests look at in `dbt build`. Returns: list of integers; empty where this command has made no plan: every year. #}
{% macro planned_test_years() %}
    {%- set plan = model_relation('load_plan') if execute and flags.WHICH == 'build' else none -%}
    {%- if plan and adapter.get_relation(database=plan.database, schema=plan.schema, identifier=plan.identifier)
        and run_query("select count(*) from " ~ plan ~ " where planned_by = '" ~ planning_invocation() ~ "'").columns[0][0] > 0 -%}
        {{ return(planned_years('tests', plan)) }}
    {%- endif -%}
    {{ return([]) }}
{% endmacro %}
