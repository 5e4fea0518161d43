"""The dbt documentation with the lineage of every table: dbt's own page, with what it says about this machine and this
run removed.

The page is the one that `dbt docs generate --static` writes. Its two documents are made here: the manifest is the one
that the build left, so that nothing is parsed or compiled again, and the catalog is read from the warehouse.
"""

from __future__ import annotations

import json
import re
from typing import Any

import duckdb

from atlas.settings import SOURCE_RECORDS_FILE, AtlasError

# What dbt writes about the machine and the run, at any depth, and what its page does not show.
PRIVATE_KEYS = {
    "root_path",
    "build_path",
    "compiled_path",
    "patch_path",
    "created_at",
    "generated_at",
    "run_started_at",
    "invocation_started_at",
    "invocation_id",
    "user_id",
    "project_id",
    "env",
    "checksum",
    "unrendered_config",
}
# Parts of the manifest that the page reads; only what belongs to this project is kept.
PARTS = (
    "nodes",
    "sources",
    "macros",
    "exposures",
    "metrics",
    "groups",
    "semantic_models",
    "saved_queries",
    "unit_tests",
    "functions",
)
# A quoted absolute path, as the compiled SQL of the load models holds those of the source; an apostrophe is doubled.
ABSOLUTE_PATH = re.compile(r"'(?:/(?:[^'/\n]|'')+/|[A-Za-z]:[\\/])(?:[^'\n]|'')*'")
# The quoted list of the source files, in the output directory as the environment of dbt names it: perhaps relative.
SOURCE_RECORDS = re.compile(rf"'((?:[^'\n]|'')*/){re.escape(SOURCE_RECORDS_FILE)}'")
OVERVIEW = (
    "This is the dbt documentation: models, columns, SQL and lineage. The pages of the atlas, with the card of every "
    "table, are [one level up](../index.html)."
)


def page(warehouse: duckdb.DuckDBPyConnection, manifest: dict[str, Any]) -> str:
    """Returns the page as HTML. warehouse: connection to which the private file is attached as `warehouse`. manifest:
    of the build.

    Raises AtlasError when dbt's page has no place for the documents.
    """
    from dbt.task.docs import DOCS_INDEX_FILE_PATH

    with open(DOCS_INDEX_FILE_PATH, encoding="utf-8") as file:
        text = file.read()
    return fill(text, public_manifest(manifest), catalog(warehouse, manifest))


def fill(text: str, manifest: dict[str, Any], catalog: dict[str, Any]) -> str:
    """Returns dbt's page with both documents in it. Raises AtlasError when it has no place for them."""
    for place, document in (("MANIFEST.JSON INLINE DATA", manifest), ("CATALOG.JSON INLINE DATA", catalog)):
        if text.count(f'"{place}"') != 1:
            raise AtlasError(
                f'dbt\'s page has no single place "{place}": use the version of dbt-core in requirements.txt.'
            )
        written = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        text = text.replace(
            f'"{place}"', written.replace("</", "<\\/")
        )  # no text of a model ends the script that holds it
    return text.replace("<title>dbt Docs</title>", "<title>Belgian health atlas: lineage</title>")


def public_manifest(manifest: dict[str, Any]) -> dict[str, Any]:
    """Returns what the page needs of dbt's manifest: this project alone, without a word on the machine."""
    project = manifest["metadata"]["project_name"]
    public: dict[str, Any] = {
        part: {key: value for key, value in manifest.get(part, {}).items() if value["package_name"] == project}
        for part in PARTS
    }
    public["nodes"] = {key: node for key, node in public["nodes"].items() if node["resource_type"] != "operation"}
    known = {key for part in PARTS for key in public[part]}
    for direction in ("parent_map", "child_map"):
        public[direction] = {
            key: [other for other in others if other in known]
            for key, others in manifest[direction].items()
            if key in known
        }
    paths = path_pattern([node.get("compiled_code") or "" for node in public["nodes"].values()])
    for part in ("macros", "nodes"):
        public[part] = {key: _public_node(node, known, paths) for key, node in public[part].items()}
    metadata = {
        "project_name": project,
        "send_anonymous_usage_stats": False,
        "adapter_type": manifest["metadata"]["adapter_type"],
    }
    docs = {
        f"doc.{project}.__overview__": {"name": "__overview__", "package_name": project, "block_contents": OVERVIEW}
    }
    return without_private_keys(
        {**public, "metadata": metadata, "docs": docs, "disabled": {}, "selectors": {}, "group_map": {}}
    )


def path_pattern(texts: list[str]) -> re.Pattern[str]:
    """Returns the pattern of the quoted paths of this machine in compiled SQL: absolute ones, and those of the output
    directory as the texts name it.
    """
    folders = sorted({folder for text in texts for folder in SOURCE_RECORDS.findall(text)})
    in_output = [rf"'{re.escape(folder)}(?:[^'\n]|'')*'" for folder in folders]
    return re.compile("|".join([ABSOLUTE_PATH.pattern, *in_output]))


def _public_node(node: dict[str, Any], known: set[str], paths: re.Pattern[str]) -> dict[str, Any]:
    """Returns a copy of a node or macro: of what it depends on, what is known; in its compiled SQL, no path."""
    depends_on = {kind: [other for other in others if other in known] for kind, others in node["depends_on"].items()}
    if not node.get("compiled_code"):
        return {**node, "depends_on": depends_on}
    compiled = paths.sub("'(path of the source)'", node["compiled_code"])
    return {**node, "depends_on": depends_on, "compiled_code": compiled}


def catalog(warehouse: duckdb.DuckDBPyConnection, manifest: dict[str, Any]) -> dict[str, Any]:
    """Returns dbt's catalog: columns and types of every relation of the project that the warehouse holds."""
    columns: dict[tuple[str, str], dict[str, Any]] = {}
    for schema, table, index, name, kind, comment in warehouse.execute(
        """select schema_name, table_name, column_index, column_name, data_type, coalesce(comment, '')
        from duckdb_columns() where database_name = 'warehouse' order by all"""
    ).fetchall():
        columns.setdefault((schema, table), {})[name] = {"name": name, "type": kind, "index": index, "comment": comment}
    parts: dict[str, Any] = {}
    for part in ("nodes", "sources"):
        parts[part] = {
            key: {
                "metadata": {
                    "schema": node["schema"],
                    "name": relation,
                    "type": "table",
                    "comment": None,
                    "owner": None,
                },
                "columns": columns[node["schema"], relation],
                "stats": {},
                "unique_id": key,
            }
            for key, node in manifest[part].items()
            if (relation := node.get("alias") or node.get("identifier")) and (node["schema"], relation) in columns
        }
    return {**parts, "metadata": {}, "errors": None}


def without_private_keys(thing: Any) -> Any:
    """Returns a copy of nested lists and dictionaries without PRIVATE_KEYS; a column of such a name stays."""
    if isinstance(thing, dict):
        return {
            key: without_private_keys(value)
            for key, value in thing.items()
            if key not in PRIVATE_KEYS or (isinstance(value, dict) and value.get("name") == key)
        }
    return [without_private_keys(value) for value in thing] if isinstance(thing, list) else thing
