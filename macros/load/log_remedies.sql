{# on-run-end hook. Says what to do about a failure whose own message names no remedy: memory, disk, a damaged warehouse, a data test, of which dbt counts the
   rows and shows none. Argument: results (dbt's list of results). The messages of DuckDB are looked at, not repeated; rows of a test may be confidential, so
   that the command that shows them is named instead. #}
{% macro log_remedies(results) %}
    {% set directory = env_var('ATLAS_TEMP_DIR', env_var('ATLAS_OUTPUT_DIR', 'output')) %}
    {% set damaged = "The warehouse is damaged. Bring back a backup of warehouse.duckdb, or move it (and a file warehouse.duckdb.wal) away and build again: it is made anew from the source."
        ~ " Years that the source no longer has are only in the backup." %}
    {% set remedies = {
        'out of memory error': "A query needed more memory than it may use. Give more with ATLAS_MEMORY_LIMIT (now " ~ env_var('ATLAS_MEMORY_LIMIT', '4GB')
            ~ "), free space in the spill directory (ATLAS_TEMP_DIR, now " ~ directory ~ "), or build fewer years at a time with last_reference_year.",
        'no space left on device': "A disk is full. Free space below " ~ env_var('ATLAS_OUTPUT_DIR', 'output') ~ " and " ~ directory ~ ", or name directories on another disk with ATLAS_OUTPUT_DIR and ATLAS_TEMP_DIR.",
        'could not write': "A file could not be written. Free space below " ~ env_var('ATLAS_OUTPUT_DIR', 'output') ~ " and " ~ directory ~ ", and check the rights of this user.",
        'is not valid utf8': "A text of a Parquet file is not in UTF-8. Export the file again with texts in UTF-8.",
        'corrupt database file': damaged,
        'could not read enough bytes from file': damaged,
    } %}
    {% set messages = results | map(attribute='message') | map('string') | join(' ') | lower if results else '' %}
    {% set found = [] %}
    {% for text, remedy in remedies.items() if text in messages and not found %}{% do found.append(remedy) %}{% do log("What to do: " ~ remedy ~ " The published release is unchanged.", info=true) %}{% endfor %}
    {% set failed = [] %}
    {% for result in results or [] if result.status == 'fail' and result.node.resource_type == 'test' %}{% do failed.append(result.node.name) %}{% endfor %}
    {% if failed %}
        {% do log("What to do: read the rows that the failed tests found, each with its reason: dbt --quiet show --output json --limit 100 --select " ~ (failed | sort | join(' '))
            ~ " in the project's folder, with the environment and the variables of this build. Rows may be confidential.", info=true) %}
    {% endif %}
{% endmacro %}
