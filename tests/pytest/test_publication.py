"""publication.yml is read from one place, its faults name file, key and remedy, and its values reach the release."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from functools import partial
from pathlib import Path

import duckdb
import pytest
import release_fixture
import yaml

from atlas import publication, signature
from atlas import publish as publishing
from atlas.__main__ import main
from atlas.settings import AtlasError, read_settings

PROJECT = Path(__file__).resolve().parents[2]
FILLED = {
    "publisher": {"name": {"nl": "Kantoor", "fr": "Bureau", "en": "Office"}, "url": "https://office.example/"},
    "contact": {"name": "Statistics desk", "email": "statistics@office.example"},
    "licence": "CC-BY-4.0",
    "landing_page": "https://office.example/atlas",
    "base_url": "https://office.example/atlas/releases/",
    "languages": ["fr", "en"],
    "issued": "2026-10-15",
    "sdmx_agency": "BE_OFFICE",
}


pytestmark = pytest.mark.usefixtures("fast_release", "small_package")


def write(path: Path, **changes) -> Path:
    """Writes FILLED with changes (None removes a key). Returns the path."""
    content = {key: value for key, value in {**FILLED, **changes}.items() if value is not None}
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return path


def release(output: Path, file: Path | None, *, synthetic: bool, **variables):
    """Publishes the hand-made warehouse with a publication.yml. Returns the release."""
    release_fixture.make_warehouse(output, **variables)
    with duckdb.connect(str(output / "warehouse.duckdb")) as connection:
        connection.execute("update quality.source_origin set is_synthetic = ?", [synthetic])
    environment = {"ATLAS_OUTPUT_DIR": str(output)} | ({"ATLAS_PUBLICATION": str(file)} if file else {})
    return publishing.publish(read_settings(environment))


def public_rows(output: Path) -> list[dict]:
    """Returns the rows of release_publication."""
    with duckdb.connect(str(output / "atlas.duckdb"), read_only=True) as atlas:
        cursor = atlas.execute("from release_publication order by position")
        return [dict(zip([c[0] for c in cursor.description], row, strict=True)) for row in cursor.fetchall()]


def test_its_values_reach_the_release(tmp_path):
    found = release(tmp_path / "output", write(tmp_path / "own.yml"), synthetic=False)
    assert found.warnings == []
    french, english = public_rows(tmp_path / "output")
    assert (french["language"], french["publisher"], english["publisher"]) == ("fr", "Bureau", "Office")
    assert english["files_url"] == f"https://office.example/atlas/releases/{found.version}"
    assert english["citation"] == (
        "Office (2026-10-15), Belgian health atlas: medical imaging and perinatal care, "
        f"release {found.version}. https://office.example/atlas"
    )
    exports = tmp_path / "output" / "exports"
    package = json.loads((exports / "datapackage.json").read_text(encoding="utf-8"))
    assert package["licenses"][0]["name"] == "CC-BY-4.0" and package["homepage"] == "https://office.example/atlas"
    assert [person["title"] for person in package["contributors"]] == ["Office", "Statistics desk"]
    assert 'agencyID="BE_OFFICE" id="CUBE_013_007"' in (exports / "sdmx" / "structure.xml").read_text(encoding="utf-8")
    assert ",BE_OFFICE:CUBE_013_007(1.0.0),R," in (exports / "sdmx" / "cube_013_007.csv").read_text(encoding="utf-8")


def test_a_publisher_without_an_english_name_has_that_of_the_first_language(tmp_path):
    publisher = {"name": {"nl": "Kantoor", "fr": "Bureau"}, "url": "https://office.example/"}
    file = write(tmp_path / "own.yml", publisher=publisher, languages=["nl", "fr"])
    release(tmp_path, file, synthetic=False)
    package = json.loads((tmp_path / "exports" / "datapackage.json").read_text(encoding="utf-8"))
    assert [who["title"] for who in package["contributors"]] == ["Kantoor", "Statistics desk"]


def test_another_file_is_another_version(tmp_path):
    first = release(tmp_path / "output", write(tmp_path / "own.yml"), synthetic=False).version
    assert release(tmp_path / "output", write(tmp_path / "own.yml"), synthetic=False).version == first
    changed = write(tmp_path / "own.yml", licence="CC0-1.0")
    assert release(tmp_path / "output", changed, synthetic=False).version != first


def test_without_a_file_demo_data_have_synthetic_values_and_an_extract_a_warning(tmp_path, monkeypatch):
    monkeypatch.setattr(publication, "PROJECT_DIR", tmp_path)  # no publication.yml, even in a project that has one
    found = release(tmp_path / "demo", None, synthetic=True)
    assert found.warnings == []
    assert release(tmp_path / "demo", None, synthetic=True, publication_date=None).warnings == []
    rows = public_rows(tmp_path / "demo")
    assert all("ynt" in row["publisher"] and ".example" in row["landing_page"] for row in rows)
    assert rows[-1]["citation"].startswith("Synthetic demonstration data")

    found = release(tmp_path / "real", None, synthetic=False)
    assert "no publisher" in found.warnings[0] and "publication.md" in found.warnings[0]
    assert public_rows(tmp_path / "real") == []
    settings = read_settings({"ATLAS_OUTPUT_DIR": str(tmp_path / "real")})
    described = publishing.describe(settings, found)
    assert "Warning: There is no" in described
    files = "SHA256SUMS, csv, datapackage.json, excel, jsonstat, parquet, sdmx)"  # no catalogue without a publisher
    assert files in described


def test_a_day_of_issue_that_withholds_no_year_is_a_warning(tmp_path):
    found = release(tmp_path / "output", write(tmp_path / "own.yml"), synthetic=False, publication_date=None)
    assert found.version.startswith("2026-10-15-") and "no year was withheld" in found.warnings[0]
    without_issued = write(tmp_path / "own.yml", issued=None)
    (warning,) = release(tmp_path / "output", without_issued, synthetic=False, publication_date=None).warnings
    assert "VARS='{publication_date: YYYY-MM-DD}'" in warning


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"publisher": None}, "the key publisher is missing"),
        ({"contact": {"name": "Desk"}}, "the key contact.email is no e-mail address"),
        ({"contact": "Desk"}, "the key contact has no keys of its own"),
        ({"licence": "MIT"}, "the key licence is 'MIT'"),
        ({"licence": {"name": "Own", "title": "Own licence"}}, "the key licence.url is no address"),
        ({"landing_page": "office.example"}, "the key landing_page is no address"),
        ({"base_url": "https://office.example/a b"}, "the key base_url is no address"),
        ({"licence": ["CC-BY-4.0"]}, "the key licence is ["),
        ({"languages": "nl"}, "the key languages is no list"),
        ({"languages": ["nl", "nl"]}, "names a language twice"),
        ({"languages": ["de"]}, "the key languages names de"),
        (
            {"publisher": {"name": {"nl": "Kantoor"}, "url": "https://office.example/"}},
            "publisher.name has no text in fr",
        ),
        ({"issued": "15/10/2026"}, "the key issued is no date"),
        ({"sign": "gpg --sign"}, "the key sign is no list of texts"),
        ({"sign": ["gpg", "--sign"]}, "the key sign has no {file}"),
        ({"revision_note": 5}, "the key revision_note is no text"),
        ({"issued": "2026-10-16"}, "but the build's publication_date is 2026-10-15"),
        ({"sdmx_agency": "1 OFFICE"}, "the key sdmx_agency is no identifier"),
        ({"publishers": "Office"}, "the key publishers is unknown"),
        ({"publisher": {**FILLED["publisher"], "uri": "x"}}, "the key publisher.uri is unknown"),
    ],
)
def test_a_fault_names_file_key_and_remedy(tmp_path, changes, message):
    file = write(tmp_path / "own.yml", **changes)
    settings = read_settings({"ATLAS_OUTPUT_DIR": str(tmp_path), "ATLAS_PUBLICATION": str(file)})
    with pytest.raises(AtlasError) as fault:
        publication.of_release(
            settings, is_synthetic=False, publication_date="2026-10-15", languages=["nl", "fr", "en"]
        )
    assert message in str(fault.value) and str(file) in str(fault.value)
    assert len(str(fault.value).split("Nothing was changed.")[1]) > 10  # the remedy


@pytest.mark.parametrize(
    "content", ["publisher: [", "just a text", "", b"publisher: \xe9", "issued: 2026-02-30", "licence: a\nlicence: b"]
)
def test_a_file_that_is_no_yaml_stops_the_build_before_it_reads_data(tmp_path, content, capsys, monkeypatch):
    file = tmp_path / "own.yml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    monkeypatch.setenv("ATLAS_PUBLICATION", str(file))
    monkeypatch.setenv("ATLAS_OUTPUT_DIR", str(tmp_path / "output"))
    assert main(["build"]) == os.EX_DATAERR
    assert str(file) in capsys.readouterr().err and not (tmp_path / "output").exists()


def test_a_named_file_that_is_missing_is_a_fault(tmp_path):
    settings = read_settings({"ATLAS_PUBLICATION": str(tmp_path / "gone.yml")})
    with pytest.raises(AtlasError, match="ATLAS_PUBLICATION names"):
        publication.check(settings)


def test_the_demo_file_says_of_every_value_that_it_is_synthetic():
    demo = publication.read_file(publication.DEMO_FILE)
    assert all(".example" in url for url in (demo.publisher_url, demo.landing_page, demo.base_url, demo.contact_email))
    assert "SYNTHETIC" in demo.sdmx_agency and all("ynt" in name for name in demo.publisher.values())
    documented = (PROJECT / "docs" / "operations" / "publication.md").read_text(encoding="utf-8")
    for key, below in publication.KEYS.items():
        assert all(f"`{key}.{name}`" in documented or f"`{name}`" in documented for name in below)
        assert f"`{key}" in documented


OPENSSL = shutil.which("openssl")


@pytest.mark.skipif(not OPENSSL, reason="openssl signs")
def test_the_checksums_are_signed_by_the_command_of_the_file(tmp_path):
    key, public, output = tmp_path / "key.pem", tmp_path / "public.pem", tmp_path / "output"
    run = partial(subprocess.run, check=True, capture_output=True)
    run([OPENSSL, "genpkey", "-algorithm", "ed25519", "-out", key])
    run([OPENSSL, "pkey", "-in", key, "-pubout", "-out", public])
    command = [OPENSSL, "pkeyutl", "-sign", "-inkey", str(key), "-rawin", "-in", "{file}", "-out", "{file}.sig"]
    release(output, write(tmp_path / "own.yml", sign=command), synthetic=False)
    sums = output / "exports" / "SHA256SUMS"
    verify = [
        OPENSSL,
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        public,
        "-rawin",
        "-in",
        sums,
        "-sigfile",
        f"{sums}.sig",
    ]
    run(verify)
    run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=output / "exports")
    assert str(key).encode() not in (output / "atlas.duckdb").read_bytes()
    sums.write_text(sums.read_text(encoding="utf-8").replace("0", "1"), encoding="utf-8")
    assert subprocess.run(verify, check=False, capture_output=True).returncode


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["/no/such/command", "{file}"], "cannot be run: No such file"),
        (["sh", "-c", "echo the key is locked >&2; exit 3", "{file}"], "ended with code 3: the key is locked"),
        (["true", "{file}"], "wrote no file"),
        (["touch", "{file}.sig"], "not one signature"),
        (["sh", "-c", "echo x > other", "{file}"], "wrote other"),
        (["sh", "-c", 'echo x >> "$1"; echo x > "$1.sig"', "sign", "{file}"], "changed a file"),
        (["sh", "-c", "sleep 9", "{file}"], "did not end in"),
    ],
)
def test_a_release_that_cannot_be_signed_is_not_published(tmp_path, monkeypatch, command, words):
    monkeypatch.setattr(signature, "PATIENCE", 0.5)
    with pytest.raises(AtlasError, match=words):
        release(tmp_path / "output", write(tmp_path / "own.yml", sign=command), synthetic=False)
    assert not (tmp_path / "output" / "release").exists() and not (tmp_path / "output" / ".staging").exists()


def test_revised_figures_without_a_new_note_are_warned_of(tmp_path):
    """The note is in the change report; that of the last release says nothing of this one."""
    output, file = tmp_path / "output", tmp_path / "own.yml"
    assert release(output, write(file), synthetic=False, years=4).warnings == []
    said = []
    for number, note in enumerate(
        (None, "Late claims of 2020.", "Late claims of 2020.", {"nl": "Fout", "en": "Error"})
    ):
        write(file, **({"revision_note": note} if note else {}))
        with duckdb.connect(str(output / "warehouse.duckdb")) as connection:
            new = f"numerator + {number % 2 or -1}"
            connection.execute(
                f"update marts.cube_013_007 set numerator = {new}, value = cast({new} as double) * 100 / 300 where status = 'published'"
            )
        release_fixture.record_run(output)
        environment = {"ATLAS_OUTPUT_DIR": str(output), "ATLAS_PUBLICATION": str(file)}
        said.append(publishing.publish(read_settings(environment)).warnings)
    assert [len(warnings) for warnings in said] == [1, 0, 1, 0], said
    assert "there is no revision_note" in said[0][0] and "is that of the last release" in said[2][0]
    changes = output / "release" / "changes"
    assert "Note of the publisher (nl): Fout" in (changes / "changes.md").read_text(encoding="utf-8")
    assert json.loads((changes / "changes.json").read_text(encoding="utf-8"))["revision_note"]["en"] == "Error"
