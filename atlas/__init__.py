"""What surrounds dbt: from source files to a published release. `python -m atlas --help` lists the commands."""
