-- One row is a geographic level of the published tables.
{{ config(alias='geo_level') }}

{{ dimension_table('geo_level') }}
