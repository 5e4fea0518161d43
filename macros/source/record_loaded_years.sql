{# After a build: writes down which years the warehouse now holds, from which files and by which rules (quality.loaded_year), so that the next build
   reads only what is new, and by which rules the cells were masked (quality.masking_state). A run that left out a yearly table or a seed, or in which one
   failed, writes nothing: its years are read again.
   Argument: dbt's list of results. Returns: nothing. #}
{% macro record_loaded_years(results) %}
    {% if execute and flags.WHICH in ['run', 'build'] and not flags.EMPTY %}
        {% set built = [] %}
        {% for result in results if result.status | string | lower == 'success' %}{% do built.append(result.node.unique_id) %}{% endfor %}
        {% set missing = [] %}
        {% for node in graph.nodes.values() if node.resource_type == 'seed' or (node.resource_type == 'model' and node.config.materialized == 'yearly') %}
            {% if node.unique_id not in built %}{% do missing.append(node.name) %}{% endif %}
        {% endfor %}
        {% if not missing %}
            {% do run_query("delete from quality.loaded_year as l using source.load_plan as p where p.source = l.source and p.load_year = l.load_year") %}
            {% do run_query(
                "insert into quality.loaded_year select f.source, f.load_year, f.files_fingerprint, '" ~ rules_fingerprint() ~ "' from source.year_fingerprint as f"
                ~ " inner join source.load_plan as p on p.source = f.source and p.load_year = f.load_year") %}
            {% do run_query("delete from quality.masking_state") %}
            {% do run_query("insert into quality.masking_state values ('" ~ masking_fingerprint() ~ "')") %}
        {% endif %}
    {% endif %}
{% endmacro %}
