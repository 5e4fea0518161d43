"""Makes the documentation site: `python -m atlas docs`, a step of `make build` after the release.

`dbt docs generate --static` into a folder of its own, then one page that works offline from a file: $ATLAS_OUTPUT_DIR/site/index.html. On the way
  - everything about this machine and this run is left out (paths, times, ids, dbt's own macros), and a path that is still there stops it;
  - links between the files of models/docs, written as they work in the repository, become links of the site;
  - the overview says which release lies beside the site, and whether its numbers are synthetic.
Descriptions and SQL come from the project, column types from the catalog: the site holds no row of any table.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import posixpath
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

from atlas.fingerprint import project_fingerprint
from atlas.settings import PROJECT_DIR, AtlasError, Settings, file_size, read_settings

PAGES_FOLDER = "models/docs"
RELEASE_MARK = "*The table `release` says which release this is.*"  # stands in models/docs/overview.md
RELEASE_PLACE = "@@release@@"  # takes its place while the page waits for its release
OVERVIEW = "doc.health_atlas.__overview__"

# What dbt writes down about the machine and the run, at any depth.
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
    "stats",
}
# Parts of the manifest that dbt's page reads; only those of this project are kept.
PARTS = (
    "nodes",
    "sources",
    "macros",
    "docs",
    "exposures",
    "metrics",
    "groups",
    "semantic_models",
    "saved_queries",
    "unit_tests",
    "functions",
)


def write_site(settings: Settings, variables: str, lock: int | None = None) -> Path:
    """Writes the site beside the release and returns its file.

    variables: YAML for dbt, those of the build. lock: descriptor of the output directory's lock, handed on to dbt.
    Raises AtlasError when dbt fails, when its template has changed, when the page would tell a folder of this machine, or when it cannot
    be written. The release, and the site before, then stand as they were.
    """
    try:
        page = described_page(settings, variables, lock).replace(
            RELEASE_PLACE, as_script_text(release_line(settings))[1:-1]
        )
        check_paths(page, settings)
        site = settings.output_dir / "site" / "index.html"
        site.parent.mkdir(exist_ok=True)
        write_whole(site, page)
    except (AtlasError, OSError, duckdb.Error) as error:
        raise AtlasError(
            f"The site was not renewed: {error}\nThe release stands as it is, and so does the site before. When that is mended, "
            "`python -m atlas docs` makes the site alone."
        ) from error
    return site


def described_page(settings: Settings, variables: str, lock: int | None) -> str:
    """Returns the page with RELEASE_PLACE where the release is told. It describes the project, not the data: while the project's files, the
    variables and the versions are those of the last time, the page of that time is taken (two hidden files of the output directory keep it)."""
    kept, stamp = settings.output_dir / ".described-page.html", settings.output_dir / ".described-by"
    wanted = project_fingerprint(variables)
    if kept.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return kept.read_text(encoding="utf-8")
    stamp.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix=".site-", dir=settings.output_dir) as folder:
        target = Path(folder)
        generate(settings, target, variables, lock)
        page = fill((target / "index.html").read_text(encoding="utf-8"), *read_documents(target))
    write_whole(kept, page)
    write_whole(stamp, wanted)
    return page


def write_whole(path: Path, text: str) -> None:
    """Writes a file beside its place and moves it there, so that a reader never finds half of it."""
    beside = path.with_name(f".{path.name.lstrip('.')}.new")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)


def read_documents(target: Path) -> tuple[dict, dict]:
    """Returns the manifest and the catalog that dbt left in its target folder, as they may be shown."""
    manifest, catalog = (
        json.loads((target / name).read_text(encoding="utf-8")) for name in ("manifest.json", "catalog.json")
    )
    return public_manifest(manifest), public_catalog(catalog)


def generate(settings: Settings, target: Path, variables: str, lock: int | None) -> None:
    """Runs dbt, quietly, with a target folder of its own, so that the build's results stay as they are. Raises AtlasError when it fails."""
    from atlas.build import dbt_command

    command = [
        *dbt_command(), "docs", "generate", "--static", "--quiet", "--project-dir", str(PROJECT_DIR), "--target-path", str(target),
        "--exclude", "resource_type:test", "resource_type:unit_test",  # described, but not compiled: that would take most of the time
        *(["--vars", variables] if variables.strip() else []),
    ]  # fmt: skip
    environment = {
        "DBT_PROFILES_DIR": str(PROJECT_DIR / "profiles"),
        **os.environ,
        "ATLAS_OUTPUT_DIR": str(settings.output_dir),
    }
    parsed = PROJECT_DIR / os.environ.get("DBT_TARGET_PATH", "target") / "partial_parse.msgpack"
    if parsed.exists():  # what the build has parsed is not parsed again; dbt sees itself whether it still holds
        shutil.copy(parsed, target)
    held = [lock] if lock is not None else []
    ended = subprocess.run(
        command, cwd=PROJECT_DIR, env=environment, capture_output=True, text=True, pass_fds=held, check=False
    )
    if ended.returncode:
        told = (ended.stdout + ended.stderr).strip()
        raise AtlasError(f"dbt docs generate failed.\n{told}")


def release_line(settings: Settings) -> str:
    """Returns a sentence on the release that lies in the output directory: version, years, geography, threshold, whether it is synthetic."""
    if not settings.public_file.exists():
        return "*No release has been published here yet.*"
    with duckdb.connect(str(settings.public_file), read_only=True) as atlas:
        version, is_synthetic, published_on, years, vintage, threshold = atlas.execute(
            "select version, is_synthetic, publication_date, reference_years, geography_vintage, small_cell_threshold from release"
        ).fetchone()
        municipalities = atlas.execute(
            "select count(*) from geographic_unit where geo_level = 'municipality'"
        ).fetchone()[0]
    masking = f"figures on fewer than {threshold} persons are hidden" if threshold else "**small cells are not hidden**"
    line = (
        f"**Release `{version}`**, {f'published on {published_on}' if published_on else 'without a publication date'}: "
        f"years {years.replace(',', ', ')}; the {municipalities} municipalities of {vintage}; {masking}."
    )
    return (
        f"{line} **Its numbers are synthetic demo data: they describe nobody, and are not to be cited.**"
        if is_synthetic
        else line
    )


def public_manifest(manifest: dict) -> dict:
    """Returns what the page needs of dbt's manifest: this project alone, without a word on the machine, its links made into links of the site."""
    project = manifest["metadata"]["project_name"]
    public = {
        part: {key: value for key, value in manifest[part].items() if value["package_name"] == project}
        for part in PARTS
        if part in manifest
    }
    public["nodes"] = {key: node for key, node in public["nodes"].items() if node["resource_type"] != "operation"}
    public["docs"] = {OVERVIEW: public["docs"][OVERVIEW]}
    public["docs"][OVERVIEW]["block_contents"] = public["docs"][OVERVIEW]["block_contents"].replace(
        RELEASE_MARK, RELEASE_PLACE
    )
    known = {key for part in PARTS for key in public.get(part, {})}
    for direction in ("parent_map", "child_map"):
        public[direction] = {
            key: [other for other in others if other in known]
            for key, others in manifest[direction].items()
            if key in known
        }
    for macro in public["macros"].values():
        macro["depends_on"]["macros"] = [other for other in macro["depends_on"]["macros"] if other in known]
    for node in public["nodes"].values():
        node["depends_on"]["macros"] = [other for other in node["depends_on"].get("macros", []) if other in known]
    for node in public["nodes"].values():
        if node["resource_type"] == "model":
            if node["config"]["meta"].get("statistic"):
                node["description"] = f"{signposts(node, manifest['parent_map'])}\n\n{node['description']}"
            node["meta"] = node["config"]["meta"] = {}  # the card says it in words
        if node["resource_type"] == "analysis":
            node["description"] = question(node)
    for page in public["exposures"].values():
        page["type"] = page["config"]["meta"].get("folder", page["type"])
        page["meta"] = page["config"]["meta"] = {}
    targets = link_targets(public)
    for part in PARTS:
        for thing in public.get(part, {}).values():
            for text in ("description", "block_contents"):
                if thing.get(text):
                    thing[text] = site_links(thing[text], targets)
    public["metadata"] = {
        "project_name": project,
        "send_anonymous_usage_stats": False,
        "adapter_type": manifest["metadata"]["adapter_type"],
    }
    public.update(disabled={}, selectors={}, group_map={})
    return without_private_keys(public)


def public_catalog(catalog: dict) -> dict:
    """Returns the columns and types of the warehouse's tables, as the page reads them."""
    public = without_private_keys({part: catalog[part] for part in ("nodes", "sources")})
    for part in public.values():
        for thing in part.values():
            thing["stats"] = {}
    return {**public, "metadata": {}, "errors": None}


def without_private_keys(thing):
    """Returns a copy of nested lists and dictionaries without PRIVATE_KEYS."""
    if isinstance(thing, dict):
        return {key: without_private_keys(value) for key, value in thing.items() if key not in PRIVATE_KEYS}
    return [without_private_keys(value) for value in thing] if isinstance(thing, list) else thing


def signposts(mart: dict, parents: dict[str, list[str]]) -> str:
    """Returns the line above the card of a mart: how to read it, its family, its definitions, and its lineage.

    The lineage leads from the sources over the cells of the mart to it; the steps of the masking look at all cells at once and are left out.
    """
    family = mart["config"]["meta"]["statistic"]["family"]
    definitions = {"imaging": "definitions_imaging", "perinatal": "definitions_deliveries"}[family]
    masked = [key for key in parents[mart["unique_id"]] if key.endswith("_masked")]
    cells = [
        key for masked_key in masked for key in parents[masked_key] if key.endswith("_cell") and "_mask_" not in key
    ]
    selected = [*("%2B" + key.split(".")[-1] for key in cells), *(key.split(".")[-1] for key in masked), mart["name"]]
    return (
        f"[Reading a table](reading_a_table.md) · [Tables of its family](family_{family}.md) · [What is counted]({definitions}.md) · "
        f"[Small cells](definitions_small_cells.md) · [Lineage](#!/model/{mart['unique_id']}?g_v=1&g_i={'%20'.join(selected)})"
    )


def question(analysis: dict) -> str:
    """Returns the comment at the top of an analysis as its description: the question, and how to read the answer."""
    lines = itertools.takewhile(lambda line: line.startswith("--"), analysis["raw_code"].splitlines())
    text = " ".join(line.removeprefix("--").strip() for line in lines)
    return re.sub(r" ?(Question|How to read):", r"\n\n**\1:**", text).strip()


def link_targets(manifest: dict) -> dict[str, str]:
    """Returns {path in the repository, or name of a published table: address in the site} of everything that has a page."""
    targets = {f"{PAGES_FOLDER}/overview.md": "#!/overview"}
    for part in ("nodes", "sources", "macros"):
        for key, thing in manifest[part].items():
            if thing["resource_type"] in ("model", "seed", "source", "analysis"):
                targets.setdefault(thing["original_file_path"], f"#!/{thing['resource_type']}/{key}")
    for key, node in manifest["nodes"].items():
        if node["original_file_path"].startswith("models/marts/"):
            targets.setdefault(node["alias"], f"#!/model/{key}")
    for key, page in manifest["exposures"].items():
        targets[f"{PAGES_FOLDER}/{page['name']}.md"] = f"#!/exposure/{key}"
    return targets


def site_links(text: str, targets: dict[str, str]) -> str:
    """Returns Markdown in which links to files of the repository, and names of published tables, lead to pages of the site.

    A link to a file without a page is left as plain text.
    """

    def replaced(link: re.Match) -> str:
        words, path = link.groups()
        target = targets.get(posixpath.normpath(posixpath.join(PAGES_FOLDER, path)))
        return f"[{words}]({target})" if target else words

    def named(name: re.Match) -> str:
        target = targets.get(name.group(1))
        return f"[{name.group(1)}]({target})" if target else name.group()

    text = re.sub(r"\[([^\]]+)\]\(([^)#:\s]+)\)", replaced, text)
    return re.sub(r"(?<!\[)`(\w+)`", named, text)


def fill(template: str, manifest: dict, catalog: dict) -> str:
    """Returns dbt's page with both documents in it. Raises AtlasError when the template has no place for them."""
    for place, document in (("MANIFEST.JSON INLINE DATA", manifest), ("CATALOG.JSON INLINE DATA", catalog)):
        if template.count(f'"{place}"') != 1:
            raise AtlasError(
                f'dbt\'s page has changed: it has no single place "{place}". Use the version of dbt-core in requirements.txt.'
            )
        template = template.replace(f'"{place}"', as_script_text(document))
    return template.replace("<title>dbt Docs</title>", "<title>Belgian health atlas</title>")


def as_script_text(document) -> str:
    """Returns JSON that may stand in a script of a page."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).replace("</", "<\\/")


def check_paths(page: str, settings: Settings) -> None:
    """Raises AtlasError when the page tells a folder of this machine."""
    folders = {PROJECT_DIR, settings.output_dir, settings.source_dir, settings.temp_dir, Path.home(), Path(sys.prefix)}
    for folder in sorted(str(folder) for folder in folders if folder and len(folder.parts) > 2):
        if folder in page:
            raise AtlasError(
                f"The site was not written: it would tell a folder of this machine ({folder}). Remove it from the description or the SQL."
            )


def main(argv: list[str] | None = None) -> int:
    """Makes the site. Returns the exit code: 0, or 1 with a message on standard error."""
    parser = argparse.ArgumentParser(description="Writes the documentation site into $ATLAS_OUTPUT_DIR/site.")
    parser.add_argument(
        "--vars",
        default=os.environ.get("VARS", ""),
        help="variables for dbt, as YAML; default: environment variable VARS",
    )
    variables = parser.parse_args(argv).vars
    settings = read_settings()
    try:
        site = write_site(settings, variables)
    except AtlasError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    print(f"Site: {site} ({file_size(site)})")
    return 0
