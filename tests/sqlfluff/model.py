"""Replaces dbt's `model` while sqlfluff renders a model: one that declares nothing."""

name = ""
resource_type = "operation"
config: dict = {}
