{# Which years may be built, are built, are to be built. #}

{# The last reference year that the publication rule of the cards allows: in the fourth quarter of year T the year T-2 is added.
   Returns: integer, or none without the variable publication_date. Raises a compiler error when that is no date. #}
{% macro last_publishable_year() %}
    {% if var('publication_date') is none %}{{ return(none) }}{% endif %}
    {% if not modules.re.match('^[0-9]{4}-[0-9]{2}-[0-9]{2}$', var('publication_date') | string) %}
        {{ exceptions.raise_compiler_error("publication_date is '" ~ var('publication_date') ~ "'; give a date as YYYY-MM-DD, or leave it out.") }}
    {% endif %}
    {% set day = modules.datetime.date.fromisoformat(var('publication_date') | string) %}
    {{ return(day.year - (2 if day.month >= 10 else 3)) }}
{% endmacro %}

{# `and ...` conditions that keep `column` within first_reference_year, last_reference_year and the publication rule. Returns: SQL, may be empty. #}
{% macro year_bounds(column) %}
    {% set conditions = [] %}
    {% if var('first_reference_year') is not none %}{% do conditions.append('and ' ~ column ~ ' >= ' ~ var('first_reference_year')) %}{% endif %}
    {% if var('last_reference_year') is not none %}{% do conditions.append('and ' ~ column ~ ' <= ' ~ var('last_reference_year')) %}{% endif %}
    {% if last_publishable_year() is not none %}{% do conditions.append('and ' ~ column ~ ' <= ' ~ last_publishable_year()) %}{% endif %}
    {{ return(conditions | join(' ')) }}
{% endmacro %}

{# The same bounds in words for a message, empty when there are none. #}
{% macro year_bounds_text() %}
    {% set parts = [] %}
    {% for name in ['first_reference_year', 'last_reference_year', 'publication_date'] if var(name) is not none %}{% do parts.append(name ~ ' ' ~ var(name)) %}{% endfor %}
    {{ return(' (narrowed by ' ~ (parts | join(', ')) ~ ')' if parts else '') }}
{% endmacro %}

{# The years that a yearly table computes in this build. Argument: scope, what the table depends on:
     population, health_care   the years read from that source (0: rows without a year)
     either                    years of which one of the two sources is read
     history                   years from the first one of which claims are read: a delivery claim can change every later year, never an earlier one
     masked                    the same, and every year of the warehouse when what decides the masking has changed (masking_fingerprint)
     published                 the same, and every year that the published tables do not hold yet, or as other SQL wrote it (published_fingerprint)
   Returns: list of integers, [-1] when there is none. Raises a compiler error for another scope. #}
{% macro years_to_build(scope) %}
    {% if scope not in ['population', 'health_care', 'either', 'history', 'masked', 'published'] %}
        {{ exceptions.raise_compiler_error("years_to_build: scope must be population, health_care, either, history, masked or published, not '" ~ scope ~ "'") }}
    {% endif %}
    {% if not execute or flags.WHICH not in ['run', 'build'] %}{{ return([-1]) }}{% endif %}
    {% if scope in ['population', 'health_care'] %}{{ return(planned_years(scope)) }}{% endif %}
    {% set query %}
        {% if scope in ['masked', 'published'] %}
        select load_year from source.{{ {'masked': 'year_to_mask', 'published': 'year_to_publish'}[scope] }}
        {% else %}
        select distinct load_year from source.load_plan where load_year > 0
        {% if scope == 'history' %}union {{ years_since_planned_claims() }}{% endif %}
        {% endif %}
        order by 1
    {% endset %}
    {% set years = run_query(query).columns[0].values() | map('int') | list %}
    {{ return(years if years else [-1]) }}
{% endmacro %}

{# The years from the first one of which claims are read. Returns: a query with load_year. #}
{% macro years_since_planned_claims() -%}
    select load_year from (select load_year from source.year_fingerprint union select load_year from quality.loaded_year) as known
    where load_year >= (select min(load_year) from source.load_plan where source = 'health_care' and load_year > 0)
{%- endmacro %}

{# What the later rooms have to do in this build, once the load plan stands: one row a year in each of the tables of the schema `source`
     year_to_mask      scope `masked` (years_to_build)
     year_to_publish   scope `published`
     year_to_test      years that the data tests look at (in_years_to_test)
   and what is done anew no longer counts as published or tested until this build is whole. Returns: nothing. #}
{% macro plan_later_rooms() %}
    {% set known = "(select load_year from quality.loaded_year union select load_year from source.load_plan)" %}
    {% do run_query(
        "create or replace table source.year_to_mask as select load_year from source.load_plan where load_year > 0 union " ~ years_since_planned_claims()
        ~ " union select load_year from quality.loaded_year where load_year > 0 and not exists (select 1 from quality.masking_state where fingerprint = '" ~ masking_fingerprint() ~ "')") %}
    {% do run_query("delete from quality.published_year where reference_year in (select load_year from source.year_to_mask)") %}
    {% do run_query(
        "create or replace table source.year_to_publish as select load_year from " ~ known ~ " as known where load_year > 0 " ~ year_bounds('load_year')
        ~ " and load_year not in (select reference_year from quality.published_year where fingerprint = '" ~ published_fingerprint() ~ "')") %}
    {% do run_query("delete from quality.tested_year where reference_year in (select load_year from source.year_to_publish union select load_year from source.year_to_mask)") %}
    {% do run_query(
        "create or replace table source.year_to_test as select load_year from " ~ known ~ " as known where load_year > 0"
        ~ " and load_year not in (select reference_year from quality.tested_year where fingerprint = '" ~ tests_fingerprint() ~ "')") %}
{% endmacro %}

{# `column in (years to test)`: the years that this build computed, and those that have not passed these data tests yet (tests_fingerprint). The others
   passed when they were built, and nothing has touched them since. `dbt test` looks at every year. Argument: column (SQL). Returns: SQL condition. #}
{% macro in_years_to_test(column) %}
    {%- if not execute or flags.WHICH != 'build' -%}
        {{ column }} is not null
    {%- else -%}
        {%- set years = run_query("select load_year from source.year_to_test order by load_year").columns[0].values() | map('int') | list -%}
        {{ column }} in ({{ (years or [-1]) | join(', ') }})
    {%- endif -%}
{% endmacro %}

{# `column in (years to build)`. Arguments: column (SQL), scope (see years_to_build). Returns: SQL condition; always true inside a unit test,
   whose rows carry the years that they mean. #}
{% macro in_years_to_build(column, scope) %}
    {%- if not execute or flags.WHICH not in ['run', 'build'] or model.resource_type == 'unit_test' -%}
        {{ column }} is not null
    {%- else -%}
        {{ column }} in ({{ years_to_build(scope) | join(', ') }})
    {%- endif -%}
{% endmacro %}

{# A fingerprint of the text of macros, without their comments: dbt shows no checksum of a macro. Argument: files, paths below the project's directory; the
   last part may hold asterisks. Returns: text. Raises a compiler error when the project's directory is not known. #}
{% macro macro_fingerprint(files) %}
    {% set directory = invocation_args_dict.get('project_dir') or '.' %}
    {% if run_query("select count(*) from glob(" ~ literal(directory ~ '/dbt_project.yml') ~ ")").columns[0][0] == 0 %}
        {% do exceptions.raise_compiler_error("The project's macros are not in '" ~ directory ~ "': run dbt in the project's directory, or name that with --project-dir.") %}
    {% endif %}
    {% set paths = [] %}
    {% for file in files %}{% do paths.append(literal(directory ~ '/' ~ file)) %}{% endfor %}
    {{ return(run_query(
        "select md5(string_agg(regexp_replace(content, '\\{#.*?#\\}', '', 'gs'), ' ' order by filename)) from read_text([" ~ paths | join(', ') ~ "])").columns[0][0]) }}
{% endmacro %}

{# What the computed years depend on beside the input: the code lists, the geography, the age classes, the SQL of the rooms before the masking, its macros,
   and the variables that change a number. `rules_version` makes all years stale by hand. Returns: text. #}
{% macro rules_fingerprint() %}
    {% set parts = [macro_fingerprint(['macros/source/read.sql', 'macros/residence.sql', 'macros/geography.sql', 'macros/imaging.sql', 'macros/delivery.sql', 'macros/portable.sql'])] %}
    {% for node in graph.nodes.values() if node.resource_type in ['seed', 'model'] %}
        {% set path = node.original_file_path %}
        {% if path.startswith('seeds/nomenclature') or path.startswith('seeds/geography') or path == 'seeds/statistics/age_category.csv'
            or path.startswith('models/staging') or path.startswith('models/intermediate/people') or path.startswith('models/intermediate/cells')
            or path.startswith('models/intermediate/geography') or node.name == 'geographic_unit'
            or node.config.get('scope') in ['population', 'health_care', 'either', 'history'] %}
            {% do parts.append(path ~ ':' ~ node.checksum.checksum) %}
        {% endif %}
    {% endfor %}
    {{ return(fingerprint(parts, ['geography_vintage', 'delivery_gap_days', 'longest_prenatal_window_days', 'oldest_age', 'first_sector_year', 'rules_version'])) }}
{% endmacro %}

{# What decides which cells of given counts are hidden: the SQL of the masking, its macros, the threshold, and where ages and sectors begin. Returns: text. #}
{% macro masking_fingerprint() %}
    {% set parts = [macro_fingerprint(['macros/disclosure/*.sql'])] %}
    {% for node in graph.nodes.values() if node.resource_type == 'model' and node.original_file_path.startswith('models/disclosure') %}
        {% do parts.append(node.original_file_path ~ ':' ~ node.checksum.checksum) %}
    {% endfor %}
    {{ return(fingerprint(parts, ['small_cell_threshold', 'complementary_masking', 'first_filter_year', 'first_sector_year', 'rules_version'])) }}
{% endmacro %}

{# What the published tables are made by, from given masked cells: their SQL, columns, comments and seeds, and the macro that writes them. Returns: text. #}
{% macro published_fingerprint() %}
    {% set parts = [macro_fingerprint(['macros/statistic_table.sql'])] %}
    {% for node in graph.nodes.values() if node.resource_type == 'model' and node.config.get('scope') == 'published' %}
        {% do parts.append([node.original_file_path, node.checksum.checksum, node.description] | join(':')) %}
        {% for column in node.columns.values() %}{% do parts.append([node.name, column.name, column.data_type, column.description] | join(':')) %}{% endfor %}
        {% for parent in node.depends_on.nodes if parent.startswith('seed.') %}{% do parts.append(parent ~ ':' ~ graph.nodes[parent].checksum.checksum) %}{% endfor %}
    {% endfor %}
    {{ return(fingerprint(parts, ['small_cell_threshold', 'rules_version'])) }}
{% endmacro %}

{# What a year has passed when every data test of a build did: their SQL, arguments and macros. Returns: text. #}
{% macro tests_fingerprint() %}
    {% set parts = [macro_fingerprint(['macros/testing/*.sql', 'tests/generic/*.sql'])] %}
    {% for node in graph.nodes.values() if node.resource_type == 'test' %}
        {% do parts.append(node.unique_id ~ ':' ~ local_md5(node.raw_code ~ (node.test_metadata.kwargs if node.test_metadata else ''))) %}
    {% endfor %}
    {{ return(fingerprint(parts, ['small_cell_threshold', 'rules_version'])) }}
{% endmacro %}

{# One fingerprint of many. Arguments: parts (list of texts, in any order), names (variables whose values belong to it). Returns: text. #}
{% macro fingerprint(parts, names) %}
    {% for name in names %}{% do parts.append(name ~ ':' ~ var(name)) %}{% endfor %}
    {{ return(local_md5(parts | sort | join(';'))) }}
{% endmacro %}
