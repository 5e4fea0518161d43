"""What a build did: a summary for the operator, and the file build.json for machines.

The file holds counts, names of files of this machine and messages, never a value of a person's row. It is private all
the same: a count of rejected lines may be small. Its keys are described in docs/operations/running.md.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from atlas import __version__, publish
from atlas.settings import AtlasError, Settings

FORMAT = 1  # of build.json; raised when a key goes or changes its meaning


@contextmanager
def recorded(settings: Settings) -> Iterator[dict]:
    """Keeps build.json while a build runs; the caller holds the output lock. Yields the document, to which the build
    adds what it knows.

    The file says `running` from the start, so that a killed build does not leave the report of the one before, then
    `published` or `failed`. Raises what the build raises.
    """
    started = time.monotonic()
    document = {
        "format": FORMAT,
        "status": "running",
        "exit_code": None,
        "message": None,
        "project_version": __version__,
        "log": str(settings.dbt_log),
    }
    write(settings, document)
    try:
        yield document
    except AtlasError as error:
        document.update(status="failed", exit_code=error.exit_code, message=str(error))
        raise
    except Exception as error:  # a fault of the project: its text may be anything and stays on the screen
        document.update(status="failed", exit_code=AtlasError.exit_code, message=type(error).__name__)
        raise
    else:
        document.update(status="published", exit_code=0)
    finally:
        document["seconds"] = round(time.monotonic() - started)
        write(settings, document)


def write(settings: Settings, document: dict) -> None:
    """Writes build.json in one step, readable by its user only. On a full disk it removes the file instead: that of the
    build before would be taken for this one's.
    """
    part = settings.build_report.with_name(".build.json.part")
    try:
        part.unlink(missing_ok=True)
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(document, file, indent=2, ensure_ascii=False)
            file.write("\n")
        os.replace(part, settings.build_report)
    except OSError:
        for path in (part, settings.build_report):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


def of_warehouse(settings: Settings) -> dict:
    """Returns the counts of build.json that the private file holds: incomplete years, unread files, warnings, and
    rejected rows by source and reason (`reasons`).
    """
    with duckdb.connect(str(settings.warehouse), read_only=True) as private:
        reasons: dict[str, dict[str, int]] = {}
        for source, reason, lines in private.execute(
            "select source, disposition, sum(line_count)::bigint from quality.reconciliation where disposition not in "
            "('accepted', 'not_read') group by all having sum(line_count) > 0 order by all"
        ).fetchall():
            reasons.setdefault(source, {})[reason] = lines
        warnings = private.execute(
            "select warning, sum(line_count)::bigint from quality.data_warning group by all having sum(line_count) > 0 "
            "order by all"
        ).fetchall()
        incomplete = private.execute(
            "select load_year, missing from quality.incomplete_year order by load_year"
        ).fetchall()
        (unread,) = private.execute("select count(*) from quality.unread_file").fetchone()
    return {
        "incomplete_years": [
            {"year": year, "missing": [part for part in missing.split("; ") if part]} for year, missing in incomplete
        ],
        "unread_files": unread,
        "warnings": dict(warnings),
        "reasons": reasons,
    }


def of_release(settings: Settings, counts: dict, release: publish.Release, previous: str | None) -> dict:
    """Returns what build.json says about the build of a release: years, counts of rows, warnings and cells, release.

    counts: of the warehouse. previous: version of the release that it replaces; None when it is the first.
    """
    with duckdb.connect(str(settings.public_file.resolve()), read_only=True) as public:
        (years,) = public.execute("select reference_years from release").fetchone()
        cells = dict(public.execute("select status, count(*) from observation group by all order by all").fetchall())
        rows = {
            source: {"received": received, "accepted": accepted, "rejected": rejected}
            for source, received, accepted, rejected in public.execute(
                "select source, rows_in, rows_accepted, rows_rejected from release_source order by source"
            ).fetchall()
        }
    for source, reasons in counts["reasons"].items():
        rows[source]["reasons"] = reasons
    return {
        "years": [int(year) for year in years.split(",") if year],
        "incomplete_years": counts["incomplete_years"],
        "unread_files": counts["unread_files"],
        "rows": rows,
        "warnings": counts["warnings"],
        "cells": cells,
        "release": {
            "version": release.version,
            "previous_version": previous,
            "tables": release.tables,
            "rows": release.rows,
            "is_synthetic": release.is_synthetic,
            "is_masked": release.is_masked,
            "folder": str(settings.current.resolve()),
            "warnings": release.warnings,
        },
        "beside_last": {
            "years": release.finding.years if release.finding else [],
            "attacked": release.finding.attacked if release.finding else 0,
            "given_away": len(release.finding.given) if release.finding else 0,
        },
        "changes": {"last_version": release.changes.last_version, **release.changes.totals},
    }


def summary(document: dict) -> str:
    """Returns the lines about years, rows, warnings and cells that the operator reads. document: that of `recorded`."""
    incomplete = document["incomplete_years"]
    lacking = "".join(f"; {found['year']} lacks {', '.join(found['missing'])}" for found in incomplete[-3:])
    more = f"; {len(incomplete) - 3} more: quality.incomplete_year" if len(incomplete) > 3 else ""
    lines = [f"Years: {', '.join(str(year) for year in document['years']) or 'none'}{lacking}{more}"]
    for source, rows in document["rows"].items():
        lines.append(
            f"Rows of {source}: {rows['received']:,} received, {rows['accepted']:,} accepted, "
            f"{rows['rejected']:,} rejected{_most(rows.get('reasons', {}))}"
        )
    lines.append(f"Warned: {sum(document['warnings'].values()):,} rows or persons{_most(document['warnings'])}")
    if document["unread_files"]:
        lines.append(f"Files and folders that are not read: {document['unread_files']:,}, see quality.unread_file")
    suppressed = document["cells"].get("small_cell", 0)
    lines.append(f"Suppressed: {suppressed:,} of {sum(document['cells'].values()):,} cells")
    return "\n".join(lines)


def places(settings: Settings, seconds: float) -> str:
    """Returns the line about the private files of a build, and how long it took."""
    return (
        f"Private: {settings.warehouse} (schema quality: rejected rows, warnings, suppression), "
        f"{settings.build_report.name}, {settings.dbt_log.relative_to(settings.output_dir)}. Built in {seconds:.0f} s."
    )


def _most(counts: dict[str, int]) -> str:
    """Returns the three largest counts in brackets; nothing when there is none."""
    largest = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:3]
    shown = [f"{name} {count:,}" for name, count in largest] + (["..."] if len(counts) > 3 else [])
    return f" ({', '.join(shown)})" if shown else ""
