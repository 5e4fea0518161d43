"""What the last dbt command did to the warehouse, read from dbt's own artifacts.

A hook of the dbt project (macros/release/record_build.sql) keeps one row in the table quality.build_run: invocation_id,
command, status ('running' until the command's end, so that a killed one leaves it there), target_path, variables, and
the nodes that succeeded. In that folder dbt wrote run_results.json and manifest.json. Both carry the invocation_id of
the command that wrote them, so that artifacts of another command are recognised.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from atlas.settings import AtlasError
from atlas.sql import identifier

GOOD = ("success", "pass", "warn", "no-op")


@dataclass(frozen=True)
class Artifacts:
    """The artifacts of one dbt command, as parsed JSON, and the variables that decide what is published.

    succeeded: unique id -> checksum of the nodes that succeeded here and in the commands that `dbt retry` continued.
    """

    variables: dict[str, Any]
    manifest: dict[str, Any]
    run_results: dict[str, Any]
    succeeded: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PublicModel:
    """A model with `access: public`. statistic: the mart's declaration, None for a reference table. derived: column ->
    its SQL expression over other columns of the table, in which `$name` is one of `constants`. constants: name
    -> query on the warehouse; the last column is the value, for rows whose columns of the same names equal the others.
    """

    schema: str
    name: str
    primary_key: list[str]
    statistic: dict[str, Any] | None
    derived: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Build:
    """A complete dbt build: its variables, its version of dbt, the tables that it makes for the public, and dbt's
    description of the project.
    """

    variables: dict[str, Any]
    dbt_version: str
    models: list[PublicModel]
    manifest: dict[str, Any]


def read_build(connection: duckdb.DuckDBPyConnection) -> Build:
    """Returns the last build of the attached `warehouse`. Raises AtlasError unless it was complete, without failures
    and with secondary suppression.
    """
    artifacts = read_artifacts(connection)
    problem = problem_of(artifacts)
    if problem:
        raise _refusal(artifacts.run_results["args"]["which"], problem)
    variables = artifacts.variables
    if int(variables["small_cell_threshold"]) and not variables["complementary_masking"]:
        raise AtlasError(
            "Nothing is published: the warehouse was built with complementary_masking off, so that suppressed cells "
            "could be computed from the others.\nThe previous release is unchanged. Build again without that variable."
        )
    manifest = artifacts.manifest
    return Build(variables, artifacts.run_results["metadata"]["dbt_version"], list(public_models(manifest)), manifest)


def read_artifacts(connection: duckdb.DuckDBPyConnection) -> Artifacts:
    """Returns the artifacts of the last command on the attached `warehouse`.

    Raises AtlasError when there was none, when it was stopped before its end, or when the artifacts are missing or of
    another command.
    """
    columns = ("invocation_id", "command", "status", "target_path", "variables", "succeeded")
    try:
        found = connection.execute(f"select {', '.join(columns)} from warehouse.quality.build_run").fetchone()
    except (duckdb.CatalogException, duckdb.BinderException):  # no such table, or that of a version before 2.0.0
        found = None
    if not found:
        raise AtlasError("The warehouse holds no finished build. Run `dbt build`, or `make build`, and start again.")
    row = dict(zip(columns, found, strict=True))
    if row["status"] == "running":
        raise _refusal(row["command"], "it was stopped before its end")
    folder = Path(row["target_path"])
    read = {}
    for name in ("manifest", "run_results"):
        try:
            read[name] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise _refusal(row["command"], f"its file {folder / name}.json cannot be read") from error
        if read[name]["metadata"]["invocation_id"] != row["invocation_id"]:
            raise _refusal(row["command"], f"{folder / name}.json was written by another dbt command since")
    return Artifacts(json.loads(row["variables"]), **read, succeeded=json.loads(row["succeeded"]))


def problem_of(artifacts: Artifacts) -> str | None:
    """Returns why a command was no complete build, in words; None when it was one.

    Complete: no node failed or was skipped, and every seed, snapshot, model that becomes a relation, and test of
    severity error ran on the whole input; with `dbt retry`, in the commands that it continued or in itself, with the
    text that it has now, and after everything that it reads.
    """
    status = {result["unique_id"]: result["status"] for result in artifacts.run_results["results"]}
    bad = [f"{_name(unique_id)} ({how})" for unique_id, how in status.items() if how not in GOOD]
    if bad:
        return f"{len(bad)} failed or skipped: {', '.join(bad[:5])}"
    arguments = artifacts.run_results["args"]
    if arguments.get("empty") or arguments.get("sample"):
        return "it ran with --empty or --sample"
    nodes = artifacts.manifest["nodes"]
    earlier = {key: nodes[key] for key in artifacts.succeeded if key in nodes and key not in status}
    changed = [
        _name(key)
        for key, node in earlier.items()
        if node["checksum"]["checksum"] != artifacts.succeeded[key]
        or any(parent in status for parent in node.get("depends_on", {}).get("nodes", []))
    ]
    if changed:
        return f"{len(changed)} ran before a text or table that they depend on was changed: {', '.join(changed[:5])}"
    missing = [
        _name(key) for key, node in nodes.items() if _must_run(node) and key not in status and key not in earlier
    ]
    if missing:
        return f"{len(missing)} models, seeds or tests did not run: {', '.join(missing[:5])}"
    return None


def public_models(manifest: dict[str, Any]) -> Iterator[PublicModel]:
    """Yields the models with `access: public`, in the order of their names.

    Primary key: that of the contract.
    """
    nodes = [
        node for node in manifest["nodes"].values() if node["resource_type"] == "model" and node["access"] == "public"
    ]
    for node in sorted(nodes, key=lambda node: node["alias"]):
        statistic = node["config"]["meta"].get("statistic")
        keys = [constraint["columns"] for constraint in node["constraints"] if constraint["type"] == "primary_key"]
        keys += [
            [column["name"]]
            for column in node["columns"].values()
            if any(c["type"] == "primary_key" for c in column["constraints"])
        ]
        derived = node["config"]["meta"].get("derived") or {}
        queries = node["config"]["meta"].get("constants") or {}
        constants = {constant: _with_relations(query, manifest) for constant, query in queries.items()}
        yield PublicModel(node["schema"], node["alias"], keys[0] if keys else [], statistic, derived, constants)


def _with_relations(query: str, manifest: dict[str, Any]) -> str:
    """Returns a query with the relations of the attached warehouse in place of the models and seeds that it names as
    `{name}`.
    """
    places = {
        node["alias"]: f"warehouse.{identifier(node['schema'])}.{identifier(node['alias'])}"
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "seed")
    }
    return query.format_map(places)


def _must_run(node: dict[str, Any]) -> bool:
    """True when a release needs the node: a seed, a model that becomes a relation, a test whose failure is an error."""
    if node["resource_type"] == "test":
        return node["config"]["severity"].lower() == "error"
    return node["resource_type"] in ("model", "seed", "snapshot") and node["config"]["materialized"] != "ephemeral"


def _name(unique_id: str) -> str:
    """Returns the name of a node as people know it."""
    return unique_id.split(".")[2]


def _refusal(command: str, problem: str) -> AtlasError:
    """Returns the error for a command that was no complete build."""
    return AtlasError(
        f"Nothing is published: the last dbt command on the warehouse (dbt {command}) was no complete build: {problem}."
        "\nThe previous release is unchanged. Fix what failed and run the whole `dbt build`, or `make build`, again."
    )
