"""A release holds what it must and nothing else, is the same bytes again, and is refused when the build is not fit to publish."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

PROJECT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(PROJECT), str(Path(__file__).parent)]

import oracle
import release_fixture
import yaml
from release_fixture import publish
from test_publication import FILLED

from atlas import __version__, comments, public_file, record
from atlas import publish as publishing
from atlas.__main__ import main
from atlas.release_tables import OWN_TABLES
from atlas.settings import AtlasError, read_settings

pytestmark = pytest.mark.usefixtures("fast_release")


def settings_of(output_dir: Path, **environment):
    """Returns the settings of a release into the directory."""
    return read_settings({"ATLAS_OUTPUT_DIR": str(output_dir), **environment})


def files_of(folder: Path) -> dict[str, str]:
    """Returns path -> SHA-256 of every exported file of a release."""
    exports = folder / "exports"
    return {
        path.relative_to(exports).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in exports.rglob("*")
        if path.is_file()
    }


def change(output_dir: Path, sql: str) -> None:
    """Changes the warehouse of a test."""
    with duckdb.connect(str(output_dir / "warehouse.duckdb")) as connection:
        connection.execute(sql)


@pytest.fixture
def output(tmp_path: Path, small_package) -> Path:
    """An output directory with a warehouse that can be published, without the workbooks and JSON-stat of its tables."""
    release_fixture.make_warehouse(tmp_path / "output")
    return tmp_path / "output"


@pytest.fixture(scope="module")
def first(fast_release, tmp_path_factory) -> Path:
    """An output directory with a release. Read only."""
    output = tmp_path_factory.mktemp("release") / "output"
    release_fixture.make_warehouse(output)
    publish(output)
    return output


@pytest.fixture
def released(first: Path, tmp_path: Path) -> Path:
    """A copy of that directory, which a test may change."""
    output = Path(shutil.copytree(first, tmp_path / "released", symlinks=True))
    release_fixture.record_run(output)  # the record says where the artifacts are
    return output


@pytest.fixture
def atlas(first: Path):
    """The public file of a release, opened as readers do."""
    with duckdb.connect(str(first / "atlas.duckdb"), read_only=True) as connection:
        yield connection


def test_only_listed_tables_are_public(atlas):
    listed = set(release_fixture.KEYS) | set(release_fixture.STATISTICS) | set(OWN_TABLES)
    assert {name for (name,) in atlas.execute("select table_name from duckdb_tables()").fetchall()} == listed
    views = atlas.execute("select view_name from duckdb_views() where not internal").fetchall()
    assert views == [("observation",)]
    assert atlas.execute("select distinct schema_name from duckdb_tables()").fetchall() == [("main",)]


def test_the_file_holds_no_person_and_no_path(first):
    folder = (first / "release").resolve()
    for path in [folder / "atlas.duckdb", *(folder / "exports").rglob("*.*")]:
        content = path.read_bytes()
        assert b"SECRET-PERSON" not in content, path
        assert str(first).encode() not in content, path
        assert str(PROJECT).encode() not in content, path
    assert not list(folder.glob("*.wal"))


def test_storage_version_is_one_that_duckdb_1_2_reads(atlas):
    (tags,) = atlas.execute("select tags from duckdb_databases() where database_name = 'atlas'").fetchone()
    assert "v1.2.0" in tags["storage_version"]


def test_comments_are_short_and_say_what_the_card_says(atlas):
    comments = dict(atlas.execute("select table_name, comment from duckdb_tables()").fetchall())
    assert comments["cube_013_007"] == "Medical imaging, specialist. Share of the beneficiaries; it's a cube."
    assert comments["geo_level"] == "Levels; it's a dimension"
    assert atlas.execute(
        "select comment from duckdb_columns() where table_name = 'cube_013_007' and column_name = 'value'"
    ).fetchone() == ("Per cent.",)
    own = "select count(*) from duckdb_columns() where table_name like 'release%' and comment is null"
    assert atlas.execute(own).fetchone() == (0,)


def test_a_long_sentence_ends_at_its_colon():
    sentence = "Number of acts: " + "ultrasound scans, " * 20 + "and others."
    assert comments.table_comment("Acts", f"{sentence} More.") == "Acts. Number of acts."
    assert comments.table_comment("Acts", "Number of acts: few. More.") == "Acts. Number of acts: few."
    without = "Number of " + "acts and " * 40 + "others."
    assert comments.table_comment("Acts", f"{without} More.") == f"Acts. {without}"


def test_the_release_describes_itself(atlas):
    row = atlas.execute(
        "select version, publication_date::text, first_reference_year, last_reference_year, geography_vintage, project_version from release"
    ).fetchone()
    assert row[0].startswith("2026-10-15-")
    assert row[1:] == ("2026-10-15", 2010, 2020, 2025, __version__)
    assert atlas.execute("from release_source").fetchall() == [
        ("health_care", 1000, 990, 10),
        ("population", 200, 198, 2),
    ]
    assert (
        atlas.execute("select sum(table_rows) from release_table").fetchone()
        == atlas.execute("select table_rows from release").fetchone()
    )


def test_a_derived_column_is_computed_when_it_is_read_and_equals_that_of_the_build(first):
    with duckdb.connect(str(first / "atlas.duckdb"), read_only=True) as connection:
        definitions = dict(connection.execute("select table_name, sql from duckdb_tables()").fetchall())
        read = {name: connection.execute(f"from {name} order by all").fetchall() for name in release_fixture.DERIVED}
    assert 'value" DOUBLE GENERATED ALWAYS' in definitions["cube_013_007"]
    assert "lower_95 DOUBLE," in definitions["cube_013_007"]
    # a constant of the build, which differs between rows, is in the definition
    assert "'ultrasound'" in definitions["cube_007_005b"] and "0.375" in definitions["cube_007_005b"]
    with duckdb.connect(str(first / "warehouse.duckdb"), read_only=True) as connection:
        for name, rows in read.items():
            assert rows == connection.execute(f"from marts.{name} order by all").fetchall()


def test_a_derived_column_that_differs_from_the_build_stops_the_release(output):
    cube = "model.health_atlas.cube_013_007"

    def other(document):
        document["nodes"][cube]["config"]["meta"]["derived"]["value"] = "numerator / 3.0000001"

    release_fixture.change_artifact(output, "manifest", other)
    with pytest.raises(AtlasError, match="value of cube_013_007.*differ from those of the build"):
        publish(output)


def test_a_synthetic_release_says_that_it_is_not_to_be_cited(first):
    folder = (first / "release").resolve()
    with duckdb.connect(str(folder / "atlas.duckdb"), read_only=True) as connection:
        (version,) = connection.execute("select version from release").fetchone()
        (reference,) = connection.execute(
            "select recommended_reference from statistic where code = 'cube_013_007' and language = 'en'"
        ).fetchone()
    assert reference == (
        f"Synthetic figures, not to be cited: release {version} (15/10/2026), table cube_013_007."
        " Definition after IMA-AIM, card cube_013_007 of 17/11/2025."
    )
    package = json.loads((folder / "exports" / "datapackage.json").read_text(encoding="utf-8"))
    assert next(r["citation"] for r in package["resources"] if r["name"] == "cube_013_007") == reference
    assert f'<com:Description xml:lang="en">{reference}<' in (folder / "exports" / "sdmx" / "structure.xml").read_text()
    assert reference in (folder / "exports" / "csv" / "statistic.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("published_by", "named", "date"),
    [(FILLED, "Office, Belgian health atlas", "15/10/2026"), (None, "Publisher not named, Belgian", "undated")],
)
def test_a_release_is_cited_by_publisher_version_date_and_table(output, published_by, named, date):
    change(output, "update quality.source_origin set is_synthetic = false")
    change(output, "update reference.statistic set basis = 'pattern' where code = 'stat_013_008'")
    release_fixture.record_run(output, publication_date=None)
    environment = {}
    if published_by:
        (output / "publication.yml").write_text(yaml.safe_dump(published_by), encoding="utf-8")
        environment["ATLAS_PUBLICATION"] = str(output / "publication.yml")
    with duckdb.connect(str(publish(output, **environment) / "atlas.duckdb"), read_only=True) as connection:
        (version,) = connection.execute("select version from release").fetchone()
        references = dict(
            connection.execute("select code, recommended_reference from statistic where language = 'en'").fetchall()
        )
    assert references["stat_013_008"].startswith(named)
    assert (
        f"release {version} ({date}), table stat_013_008. Definition after the pattern of" in references["stat_013_008"]
    )
    assert "synthetic" not in references["cube_013_007"].lower()


def test_rows_are_in_total_order_and_tell_their_hash(first):
    exports = first / "exports"
    with open(exports / "csv" / "cube_013_007.csv", encoding="utf-8", newline="") as file:
        rows = [row[:4] for row in csv.reader(file)][1:]
    assert rows == sorted(rows)
    with duckdb.connect(str(first / "atlas.duckdb"), read_only=True) as connection:
        described = connection.execute("select csv_file, csv_sha256, csv_bytes from release_table").fetchall()
    for path, digest, size in described:
        content = (exports / path).read_bytes()
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (digest, size)
    for line in (exports / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        digest, path = line.split("  ")
        assert hashlib.sha256((exports / path).read_bytes()).hexdigest() == digest


def test_parquet_csv_and_public_file_hold_the_same_rows(atlas, first):
    for table in release_fixture.STATISTICS:
        public = atlas.execute(f"from {table} order by all").fetchall()
        assert atlas.execute(f"from '{first}/exports/parquet/{table}.parquet' order by all").fetchall() == public
        text = f"from read_csv('{first}/exports/csv/{table}.csv', all_varchar = true) order by all"
        assert len(atlas.execute(text).fetchall()) == len(public)


def test_a_rerun_writes_the_same_bytes_whatever_the_threads(tmp_path):
    output = tmp_path / "output"
    release_fixture.make_warehouse(output, years=250)  # rows of more than one vector of DuckDB
    first = files_of(publish(output, ATLAS_THREADS="1"))
    again = files_of(publish(output, ATLAS_THREADS="4"))
    assert first == again
    shuffled = tmp_path / "shuffled"
    shutil.copytree(output, shuffled, symlinks=True)
    change(
        shuffled,
        "create or replace table marts.cube_013_007 as from marts.cube_013_007 order by hash(numerator, geo_level)",
    )
    release_fixture.record_run(shuffled)
    assert files_of(publish(shuffled)) == first


@pytest.mark.parametrize(("limit", "used"), [("4GB", "384.0 MiB"), ("100MB", "95.3 MiB")])
def test_a_release_uses_little_memory_of_what_it_may_use(output, limit, used):
    settings = settings_of(output, ATLAS_MEMORY_LIMIT=limit)
    settings.staging.mkdir()
    with public_file.open_databases(settings, publishing.RELEASE_MEMORY) as connection:
        assert connection.execute("select current_setting('memory_limit')").fetchone() == (used,)


@pytest.mark.parametrize("stops", [1, 2])
def test_a_release_that_stops_at_its_memory_begins_anew_with_all_that_it_may_use(output, monkeypatch, stops):
    limits, write = [], public_file.publish_tables

    def stop_at_first(connection, *arguments):
        limits.extend(connection.execute("select current_setting('memory_limit')").fetchone())
        if len(limits) <= stops:
            raise duckdb.OutOfMemoryException("failed to pin block")
        return write(connection, *arguments)

    monkeypatch.setattr(public_file, "publish_tables", stop_at_first)
    settings = settings_of(output, ATLAS_MEMORY_LIMIT="4GB")
    if stops == 1:
        publishing.publish(settings)
        assert settings.public_file.exists()
    else:
        with pytest.raises(AtlasError, match="could not be written: .*failed to pin block"):
            publishing.publish(settings)
        assert not settings.public_file.exists() and not settings.staging.exists()
    assert limits == ["384.0 MiB", "3.7 GiB"]


def test_two_releases_are_kept(output):
    release_fixture.make_warehouse(output, years=1)
    names = []
    for numerator in range(4):
        change(output, f"update marts.cube_007_005b set numerator = {numerator + 20}")
        names.append(publish(output).name)
    assert sorted(path.name for path in (output / "releases").iterdir()) == sorted(names[-2:])


NOT_NULL, ODD, BENEFICIARY = (
    "test.health_atlas.not_null_x.1a2b",
    "test.health_atlas.odd_x.1a2b",
    "model.health_atlas.int_beneficiary",
)


def set_status(unique_id: str, status: str):
    """Returns a change of run_results.json: a node ended this way."""
    return lambda document: document["results"].append({"unique_id": unique_id, "status": status})


def drop_result(unique_id: str):
    """Returns a change of run_results.json: a node did not run."""
    return lambda document: document.update(
        results=[row for row in document["results"] if row["unique_id"] != unique_id]
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (set_status(NOT_NULL, "fail"), r"1 failed or skipped: not_null_x \(fail\)"),
        (set_status(BENEFICIARY, "error"), r"int_beneficiary \(error\)"),
        (set_status(BENEFICIARY, "skipped"), r"int_beneficiary \(skipped\)"),
        (set_status(BENEFICIARY, "partial success"), r"int_beneficiary \(partial success\)"),
        (drop_result(NOT_NULL), "1 models, seeds or tests did not run: not_null_x"),
        (drop_result(BENEFICIARY), "did not run: int_beneficiary"),
        (lambda document: document["args"].update(empty=True), "--empty or --sample"),
        (lambda document: document["args"].update(sample="3 days"), "--empty or --sample"),
        (lambda document: document["metadata"].update(invocation_id="other"), "another dbt command"),
    ],
)
def test_a_build_that_is_not_complete_is_refused(released, change, message):
    before = (released / "release").resolve()
    release_fixture.change_artifact(released, "run_results", change)
    with pytest.raises(AtlasError, match=message) as refusal:
        publish(released)
    assert "previous release is unchanged" in str(refusal.value)
    assert (released / "release").resolve() == before


def test_a_stopped_build_is_refused(output):
    release_fixture.record_run(output, "running")
    with pytest.raises(AtlasError, match="stopped before its end"):
        publish(output)


def test_a_build_whose_artifacts_are_gone_is_refused(output):
    (output / "target" / "manifest.json").unlink()
    with pytest.raises(AtlasError, match="manifest.json cannot be read"):
        publish(output)


@pytest.mark.parametrize("status", ["warn", "pass", "fail"])
def test_a_test_of_severity_warn_may_be_missing_or_warn_but_not_fail(status):
    documents = release_fixture.artifacts()
    set_status(ODD, status)(documents["run_results"])
    assert bool(record.problem_of(record.Artifacts({}, **documents))) == (status == "fail")


@pytest.mark.parametrize(
    ("checksum", "parents", "message"),
    [
        ("a", [], None),
        ("b", [], "1 ran before a text"),
        ("a", [NOT_NULL], "1 ran before a text"),
        (None, [], "did not run"),
    ],
)
def test_what_succeeded_before_a_retry_counts_unless_it_has_changed_since(checksum, parents, message):
    documents = release_fixture.artifacts()
    drop_result(BENEFICIARY)(documents["run_results"])
    documents["manifest"]["nodes"][BENEFICIARY].update(
        {"checksum": {"checksum": "a"}, "depends_on": {"nodes": parents}}
    )
    succeeded = {BENEFICIARY: checksum, "model.health_atlas.renamed": "c"} if checksum else {}
    problem = record.problem_of(record.Artifacts({}, **documents, succeeded=succeeded))
    assert problem is None if message is None else message in problem and "int_beneficiary" in problem


def test_a_public_model_without_a_key_stops_the_release(output):
    change = lambda document: document["nodes"]["model.health_atlas.geo_level"].update({"constraints": []})  # noqa: E731
    release_fixture.change_artifact(output, "manifest", change)
    with pytest.raises(AtlasError, match="geo_level has no primary key"):
        publish(output)


def test_the_public_models_and_their_keys_are_read_from_the_manifest():
    models = {model.name: model for model in record.public_models(release_fixture.artifacts()["manifest"])}
    assert set(models) == set(release_fixture.KEYS) | set(release_fixture.STATISTICS)
    keys = release_fixture.KEYS | {"cube_013_007": [*release_fixture.GRAIN, release_fixture.AGE]}
    assert {name: models[name].primary_key for name in keys} == keys
    assert models["stat_013_008"].statistic == release_fixture.STAT and models["statistic"].statistic is None


def test_unmasked_builds_are_refused_unless_no_threshold_was_asked(output):
    release_fixture.make_warehouse(output, complementary_masking=False)
    with pytest.raises(AtlasError, match="complementary_masking"):
        publish(output)
    release_fixture.make_warehouse(output, complementary_masking=False, small_cell_threshold=0)
    settings = settings_of(output)
    assert "SMALL CELLS ARE NOT HIDDEN" in publishing.describe(settings, publishing.publish(settings))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (release_fixture.model("a_view", "marts"), "marts.a_view is no table"),
        (release_fixture.model("left_over", "marts"), "column person_id"),
        (release_fixture.model("gone", "marts"), "marts.gone is no table"),
        (release_fixture.model("statistic", "marts"), "named statistic"),
        (release_fixture.model("release", "marts"), "named release"),
        (release_fixture.model("observation", "marts"), "named observation"),
    ],
)
def test_a_model_that_must_not_be_public_stops_the_release(released, model, message):
    before = files_of((released / "release").resolve())
    key = f"model.health_atlas.second_{model['alias']}"
    release_fixture.change_artifact(released, "manifest", lambda document: document["nodes"].update({key: model}))
    release_fixture.change_artifact(released, "run_results", set_status(key, "success"))
    with pytest.raises(AtlasError, match=message):
        publish(released)
    assert files_of((released / "release").resolve()) == before


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("alter table marts.cube_013_007 add column ss00010 text", "column ss00010"),
        ("alter table marts.cube_013_007 add column codes text[]", r"type VARCHAR\[\]"),
        ("insert into marts.cube_007_005b from marts.cube_007_005b limit 1", "several rows with the key"),
        # of a table without derived columns: the constants of those are given by type of act
        ("update marts.stat_013_008 set status = 'unheard of' where status = 'empty'", "without an SDMX code"),
        ("update reference.statistic set title = '{output}/warehouse.duckdb'", "path of this machine"),
        ("comment on table reference.geo_level is 'see {output}'", "path of this machine"),
        ("update quality.reconciliation set rows_in = rows_in + 1", "rows of health_care were read"),
        (
            "update intermediate.int_beneficiary set person_id = '71000' || person_id[-1:]",
            "3 of 3 codes of hospitals are person ids",
        ),
        ("drop table quality.build_run", "no finished build"),
        ("delete from quality.build_run", "no finished build"),
        ("alter table quality.build_run drop column target_path", "no finished build"),
    ],
)
def test_what_must_not_be_public_stops_the_release(released, sql, message):
    before = files_of((released / "release").resolve())
    change(released, sql.replace("{output}", str(released)))
    with pytest.raises(AtlasError, match=message):
        publish(released)
    assert files_of((released / "release").resolve()) == before
    assert not (released / ".staging").exists()


def test_a_build_without_a_statistic_is_refused(output):
    def undeclared(document):
        for node in document["nodes"].values():
            node["config"].get("meta", {}).pop("statistic", None)

    release_fixture.change_artifact(output, "manifest", undeclared)
    with pytest.raises(AtlasError, match="made no statistic"):
        publish(output)


def test_without_a_warehouse_the_message_says_what_to_run(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("ATLAS_OUTPUT_DIR", str(tmp_path / "empty"))
    assert main(["release"]) == 1
    assert "make build" in capsys.readouterr().err


def test_a_strange_file_in_the_way_is_not_touched(output):
    (output / "exports").mkdir()
    (output / "exports" / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(AtlasError, match="Move it elsewhere"):
        publish(output)
    assert (output / "exports" / "mine.txt").read_text(encoding="utf-8") == "mine"


# Readers that we did not write. Each is optional: the test says which package it misses.


def test_frictionless_accepts_the_data_package(released):
    frictionless = pytest.importorskip("frictionless", reason="needs the package frictionless")
    # frictionless trusts no absolute path: it is opened from its own folder, as a reader would
    report = frictionless.validate("datapackage.json", basepath=str(released / "exports"))
    assert report.valid, report.flatten(["name", "type", "message"])
    assert len(report.tasks) == len(release_fixture.KEYS) + len(release_fixture.STATISTICS) + len(OWN_TABLES)
    path = (released / "exports" / "csv" / "cube_013_007.csv").resolve()
    path.write_text(path.read_text(encoding="utf-8").replace("published", "unheard of", 1), encoding="utf-8")
    assert not frictionless.validate("datapackage.json", basepath=str(released / "exports")).valid


def test_sdmx1_reads_structure_and_data(first):
    sdmx1 = pytest.importorskip("sdmx", reason="needs the package sdmx1")
    exports = first / "exports"
    message = sdmx1.read_sdmx(exports / "sdmx" / "structure.xml")
    assert {name.lower() for name in message.dataflow} == set(release_fixture.STATISTICS)
    data = sdmx1.read_sdmx(exports / "sdmx" / "cube_007_005b.csv", structure=message.dataflow["CUBE_007_005B"])
    observation = data.data[0].obs[0]
    assert (str(observation.dimension["REF_AREA"].value), observation.value) == ("BE710000", "2.5")


def test_pysdmx_validates_structure_and_reads_data(first):
    reader = pytest.importorskip("pysdmx.io", reason="needs the package pysdmx[data,xml]")
    pytest.importorskip("lxml", reason="needs the package pysdmx[data,xml]")
    pytest.importorskip("pandas", reason="needs the package pysdmx[data,xml]")
    folder = first / "exports" / "sdmx"
    reader.read_sdmx(folder / "structure.xml", validate=True)
    (data,) = reader.get_datasets(folder / "cube_013_007.csv", folder / "structure.xml")
    frame = data.data
    assert set(frame["OBS_STATUS"]) == {"A", "Q"} and set(frame["CONF_STATUS"]) == {"F", "C"}
    assert set(frame["AGE"]) == {"Y0T9", "Y_GE90", "_T"}
    assert "BE01000" in set(frame["REF_AREA"])


OLD_DUCKDB = "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); print(duckdb.__version__, c.execute('select count(*) from cube_013_007').fetchone()[0], c.execute('select count(*) from observation').fetchone()[0])"


def test_duckdb_1_x_opens_the_public_file(first):
    """Older DuckDBs are looked for in folders duckdb-<version> of the environment (`pip install --target .venv/duckdb-1.2.0 duckdb==1.2.0`)."""
    folders = sorted(Path(sys.prefix).glob("duckdb-1.*"))
    if not folders:
        pytest.skip("needs a DuckDB 1.x: pip install --target <environment>/duckdb-1.2.0 duckdb==1.2.0")
    for folder in folders:
        command = [sys.executable, "-c", OLD_DUCKDB, str(first / "atlas.duckdb")]
        printed = subprocess.run(
            command, env={**os.environ, "PYTHONPATH": str(folder)}, capture_output=True, text=True, check=True
        ).stdout.split()
        assert printed == [folder.name.removeprefix("duckdb-"), "90", "126"]


# The release of a real build, by the whole pipeline.


@pytest.fixture(scope="session")
def package(published) -> dict:
    """The data package of that release."""
    return json.loads((published / "exports" / "datapackage.json").read_text(encoding="utf-8"))


def test_every_mart_is_released_and_nothing_but_marts_and_reference(published, package):
    marts = {path.stem for path in (PROJECT / "models" / "marts").glob("*/c*_0*.sql")} | {
        path.stem for path in (PROJECT / "models" / "marts").glob("*/stat_*.sql")
    }
    reference = {path.stem.removeprefix("dim_") for path in (PROJECT / "models" / "marts" / "reference").glob("*.sql")}
    # public, in folders of their own
    reference |= {"geographic_unit", "dispersion", "standardised_rate", "variation", "three_year_window"}
    assert marts == oracle.table_filters().keys()
    assert {resource["name"] for resource in package["resources"]} == marts | reference | set(OWN_TABLES)
    with duckdb.connect(str(published / "atlas.duckdb"), read_only=True) as atlas:
        assert atlas.execute("select count(*), sum(table_rows) > 0 from release_table").fetchone() == (
            len(marts | reference),
            True,
        )


def test_every_released_table_has_a_key_and_a_short_comment(published, package):
    assert [resource["name"] for resource in package["resources"] if not resource["schema"].get("primaryKey")] == []
    with duckdb.connect(str(published / "atlas.duckdb"), read_only=True) as atlas:
        tables = atlas.execute("select table_name, coalesce(comment, '') from duckdb_tables()").fetchall()
        columns = atlas.execute(
            "select table_name, column_name, coalesce(comment, '') from duckdb_columns() where not internal"
        ).fetchall()
        cards = atlas.execute("select code, title, description from statistic where language = 'en'").fetchall()
        texts = atlas.execute(
            "select code, column_name, description from statistic_column where language = 'en'"
        ).fetchall()
    assert [row for row in tables + columns if not 0 < len(row[-1]) <= comments.LONGEST] == []
    said = dict(tables)
    assert {code: said[code] for code, *_ in cards} == {code: comments.table_comment(*card) for code, *card in cards}
    said = {(table, column): comment for table, column, comment in columns}
    assert [(code, column) for code, column, text in texts if not text.startswith(said[code, column])] == []
    assert len(texts) > 150


def test_frictionless_accepts_the_real_release(published, package):
    frictionless = pytest.importorskip("frictionless", reason="needs the package frictionless")
    report = frictionless.validate("datapackage.json", basepath=str(published / "exports"), limit_rows=2000)
    # the count of rows and bytes is that of the whole file, of which only the beginning is read
    faults = [
        fault
        for fault in report.flatten(["name", "type", "message"])
        if fault[1] not in ("hash-count", "byte-count", "row-count")
    ]
    assert faults == []
    assert len(report.tasks) == len(package["resources"])


def test_sdmx_readers_accept_the_real_release(published):
    reader = pytest.importorskip("pysdmx.io", reason="needs the package pysdmx[data,xml]")
    pytest.importorskip("lxml", reason="needs the package pysdmx[data,xml]")
    pytest.importorskip("pandas", reason="needs the package pysdmx[data,xml]")
    folder = published / "exports" / "sdmx"
    message = reader.read_sdmx(folder / "structure.xml", validate=True)
    flows = {flow.id: flow for flow in message.get_dataflows()}
    assert len(flows) == len(oracle.table_filters())
    codes = {code_list.id: {code.id for code in code_list.items} for code_list in message.get_codelists()}
    for name in ("cube_013_007", "cube_007_006b", "stat_013_014"):
        (data,) = reader.get_datasets(folder / f"{name}.csv", folder / "structure.xml")
        for column in set(data.data.columns) & {code_list.removeprefix("CL_") for code_list in codes}:
            assert set(data.data[column]) <= codes[f"CL_{column}"], (name, column)
