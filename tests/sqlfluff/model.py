"""Replaces dbt's `model` while sqlfluff renders a model: a dimension, whose name says its column."""

name = "dim_geo_level"
resource_type = "operation"
config: dict = {}
