{# After a build: writes down which years the warehouse now holds, from which files and by which rules (quality.loaded_year), by which rules the cells were
   masked (quality.masking_state), which years the published tables hold (quality.published_year) and which have passed the data tests (quality.tested_year),
   so that the next build reads, computes and tests only what is new. A run that left out a table or a seed that this depends on, or in which one failed,
   writes nothing: its years are computed again. Only a complete build without a failure has tested its years.
   Argument: dbt's list of results. Returns: nothing. #}
{% macro record_loaded_years(results) %}
    {% if execute and flags.WHICH in ['run', 'build'] and not flags.EMPTY %}
        {% set built = [] %}
        {% for result in results if result.status | string | lower == 'success' %}{% do built.append(result.node.unique_id) %}{% endfor %}
        {% set not_loaded = [] %}
        {% set not_published = [] %}
        {% for node in graph.nodes.values() if node.unique_id not in built %}
            {% if node.resource_type == 'model' and node.config.get('scope') == 'published' %}
                {% do not_published.append(node.name) %}
            {% elif node.resource_type == 'seed' or (node.resource_type == 'model' and node.config.get('scope')) %}
                {% do not_loaded.append(node.name) %}
            {% endif %}
        {% endfor %}
        {% if not not_loaded %}
            {% do run_query("delete from quality.loaded_year as l using source.load_plan as p where p.source = l.source and p.load_year = l.load_year") %}
            {% do run_query(
                "insert into quality.loaded_year select f.source, f.load_year, f.files_fingerprint, '" ~ rules_fingerprint() ~ "' from source.year_fingerprint as f"
                ~ " inner join source.load_plan as p on p.source = f.source and p.load_year = f.load_year") %}
            {% do run_query("delete from quality.masking_state") %}
            {% do run_query("insert into quality.masking_state values ('" ~ masking_fingerprint() ~ "')") %}
        {% endif %}
        {% if not not_loaded and not not_published %}
            {% do run_query("delete from quality.published_year") %}
            {% do run_query(
                "insert into quality.published_year select distinct load_year, '" ~ published_fingerprint() ~ "' from quality.loaded_year where load_year > 0 " ~ year_bounds('load_year')) %}
        {% endif %}
        {% if ran_everything(results) %}
            {% do run_query("delete from quality.tested_year") %}
            {% do run_query("insert into quality.tested_year select distinct load_year, '" ~ tests_fingerprint() ~ "' from quality.loaded_year where load_year > 0") %}
        {% endif %}
    {% endif %}
{% endmacro %}
