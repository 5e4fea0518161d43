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
   Returns: list of integers, [-1] when there is none. Raises a compiler error for another scope. #}
{% macro years_to_build(scope) %}
    {% if scope not in ['population', 'health_care', 'either', 'history', 'masked'] %}
        {{ exceptions.raise_compiler_error("years_to_build: scope must be population, health_care, either, history or masked, not '" ~ scope ~ "'") }}
    {% endif %}
    {% if not execute or flags.WHICH not in ['run', 'build'] %}{{ return([-1]) }}{% endif %}
    {% if scope in ['population', 'health_care'] %}{{ return(planned_years(scope)) }}{% endif %}
    {% set query %}
        select distinct load_year from source.load_plan where load_year > 0
        {% if scope == 'masked' %}
        union select load_year from quality.loaded_year
        where not exists (select 1 from quality.masking_state where fingerprint = '{{ masking_fingerprint() }}')
        {% endif %}
        {% if scope in ['history', 'masked'] %}
        union select load_year from source.year_fingerprint
        where load_year >= (select min(load_year) from source.load_plan where source = 'health_care' and load_year > 0)
        union select load_year from quality.loaded_year
        where load_year >= (select min(load_year) from source.load_plan where source = 'health_care' and load_year > 0)
        {% endif %}
        order by 1
    {% endset %}
    {% set years = run_query(query).columns[0].values() | map('int') | list %}
    {{ return(years if years else [-1]) }}
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

{# What the computed years depend on beside the input: the code lists, the geography, the age classes, the SQL of the rooms before the marts, and the
   variables that change a number. Returns: text. Macros have no checksum that dbt shows: raise `rules_version` with a rule. #}
{% macro rules_fingerprint() %}
    {% set parts = [] %}
    {% for node in graph.nodes.values() if node.resource_type in ['seed', 'model'] %}
        {% set path = node.original_file_path %}
        {% if path.startswith('seeds/nomenclature') or path.startswith('seeds/geography') or path == 'seeds/statistics/age_category.csv'
            or path.startswith('models/staging') or path.startswith('models/intermediate/people') or path.startswith('models/intermediate/cells') %}
            {% do parts.append(path ~ ':' ~ node.checksum.checksum) %}
        {% endif %}
    {% endfor %}
    {% for name in ['geography_vintage', 'delivery_gap_days', 'longest_prenatal_window_days', 'oldest_age', 'first_sector_year', 'rules_version'] %}
        {% do parts.append(name ~ ':' ~ var(name)) %}
    {% endfor %}
    {{ return(local_md5(parts | sort | join(';'))) }}
{% endmacro %}

{# What decides which cells of given counts are hidden: the SQL of the masking, the threshold, and where ages and sectors begin. Returns: text.
   As for the rules, a change of a macro needs a new `rules_version`. #}
{% macro masking_fingerprint() %}
    {% set parts = [] %}
    {% for node in graph.nodes.values() if node.resource_type == 'model' and node.original_file_path.startswith('models/intermediate/masked') %}
        {% do parts.append(node.original_file_path ~ ':' ~ node.checksum.checksum) %}
    {% endfor %}
    {% for name in ['small_cell_threshold', 'complementary_masking', 'first_filter_year', 'first_sector_year', 'rules_version'] %}
        {% do parts.append(name ~ ':' ~ var(name)) %}
    {% endfor %}
    {{ return(local_md5(parts | sort | join(';'))) }}
{% endmacro %}
