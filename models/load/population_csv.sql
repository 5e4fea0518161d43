-- One row is a row of the CSV files of the source 'population' that this build reads, under the names of the fields; no row where the files are Parquet.
-- CSV has to be parsed whole each time, so it is parsed once, into this table. The next build replaces it. Private: person-level.
{{ config(access = 'private', pre_hook = "{{ forget_broken_lines() }}", post_hook = "{{ stop_on_broken_lines() }}") }}
-- depends_on: {{ ref('source_file') }}

{{ read_source('population', 'csv') }}
