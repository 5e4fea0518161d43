-- One row is a row of the source 'population' that this build reads, under the names of the fields (see source_columns). Parquet files are read in place, a
-- few columns at a time; the rows of CSV files are in population_csv. Private: person-level.
{{ config(access = 'private') }}
-- depends_on: {{ ref('source_file') }}

{{ read_source('population', 'parquet', ref('population_csv')) }}
