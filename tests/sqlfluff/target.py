"""Replaces dbt's `target` while sqlfluff renders a model: the one of profiles.yml."""

name = "duckdb"
type = "duckdb"
