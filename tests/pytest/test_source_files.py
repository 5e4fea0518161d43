"""The one list of source files: what is read, what is refused, and that no value of a row is in a message or in the list."""

import csv
import gzip
import io
import json
import os
from dataclasses import asdict
from functools import partial

import campaign
import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atlas import source_files, source_text
from atlas.settings import InputError

CLAIM_COLUMNS = list(source_files.contract("health_care"))
LIST_COLUMNS = list(source_files.contract("population"))
PERSON = "planted-person-id"
CLAIM = [PERSON, "20220105", "450015", "1", "100", "130", "71000101"]
ENTRY = ["2022-06-30", PERSON, "1980", "2", "11001", "", "111"]
SMALL = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,  # the same shapes in every run
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def text_of(rows, separator=",", line_end="\n", quoting=csv.QUOTE_MINIMAL):
    lines = io.StringIO()
    csv.writer(lines, delimiter=separator, lineterminator=line_end, quoting=quoting).writerows(rows)
    return lines.getvalue()


CLAIMS = text_of([CLAIM_COLUMNS, CLAIM, CLAIM]).encode()


@pytest.fixture()
def source(tmp_path):
    """A source of one small CSV file a folder."""
    write(tmp_path / "population" / "list.csv", text_of([LIST_COLUMNS, ENTRY]).encode())
    write(tmp_path / "health_care" / "claims.csv", CLAIMS)
    return tmp_path


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def scan(source):
    return source_files.scan(source, source / "copies")


def read(source):
    """The relative paths of the files that are read."""
    return {record.relative_path for record in scan(source) if not record.unread_reason}


def refused(source, *words):
    """Checks that the source is refused with these words, and that no value of a row is in the message."""
    with pytest.raises(InputError) as refusal:
        scan(source)
    for word in words:
        assert word in str(refusal.value)
    for value in (PERSON, "450015", "71000101"):
        assert value not in str(refusal.value)


def test_every_file_is_either_read_or_listed_as_unread(source):
    for name in ("more.PARQUET", "part[1].csv", "odd *?.csv"):
        content = CLAIMS
        if name.endswith("PARQUET"):
            duckdb.sql(
                f"copy (select {', '.join(f'1 as {c}' for c in CLAIM_COLUMNS)}) to '{source}/health_care/{name}' (format parquet)"
            )
        else:
            write(source / "health_care" / name, content)
    for name in ("notes.txt", "claims.tsv", "old.zip", "_SUCCESS", ".hidden.csv"):
        write(source / "health_care" / name, b"x")
    write(source / "healthcare" / "claims.csv", CLAIMS)
    records = scan(source)
    assert read(source) == {
        "population/list.csv",
        *(f"health_care/{name}" for name in ("claims.csv", "more.PARQUET", "part[1].csv", "odd *?.csv")),
    }
    unread = {record.relative_path for record in records if record.unread_reason}
    assert unread == {
        *(f"health_care/{name}" for name in ("notes.txt", "claims.tsv", "old.zip", "_SUCCESS", ".hidden.csv")),
        "healthcare/",
    }


def test_links_are_followed_and_the_same_file_is_not_read_twice(source, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    write(elsewhere / "one.csv", CLAIMS + b"\n")
    write(elsewhere / "folder" / "two.csv", CLAIMS + b"\n\n")
    (source / "health_care" / "link.csv").symlink_to(elsewhere / "one.csv")
    (source / "health_care" / "linked").symlink_to(elsewhere / "folder")
    (source / "health_care" / "linked_above").symlink_to(source / "health_care")
    assert {"health_care/link.csv", "health_care/linked/two.csv"} < read(source)
    (source / "health_care" / "again.csv").symlink_to(source / "health_care" / "claims.csv")
    refused(source, "claims.csv", "the same file", "count twice")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("no_header.csv", text_of([CLAIM, CLAIM]).encode(), ["no line of column names"]),
        ("comment.csv", b"# extract of 2022\n" + CLAIMS, ["no line of column names", "comment"]),
        ("short.csv", text_of([CLAIM_COLUMNS[1:], CLAIM[1:]]).encode(), ["lacks the column ss00010"]),
        ("twice.csv", text_of([[*CLAIM_COLUMNS, "SS00010"], [*CLAIM, PERSON]]).encode(), ["ss00010 twice"]),
        ("empty.csv", b"", ["is empty"]),
        ("blank.csv", b"\n\n \n", ["is empty"]),
        ("cut.csv.gz", gzip.compress(CLAIMS, mtime=0)[:-12], ["cut off"]),
        (
            "damaged.csv.gz",
            gzip.compress(CLAIMS, mtime=0)[:-8] + b"\0\0\0\0" + gzip.compress(CLAIMS, mtime=0)[-4:],
            ["is damaged", "checksum"],
        ),
        ("plain.csv.gz", CLAIMS, ["not compressed"]),
        ("compressed.csv", gzip.compress(CLAIMS, mtime=0), ["is compressed"]),
        ("zero.csv", CLAIMS + b"\0\0\0", ["no text file"]),
        ("utf32.csv", CLAIMS.decode().encode("utf-32"), ["UTF-32"]),
        ("odd.csv", CLAIMS + b"\x81\x8d\xe9\n", ["no encoding"]),
        ("cut_character.csv", CLAIMS + "é".encode()[:1], ["cut off"]),
        ("cut.parquet", b"PAR1 and no end", ["cut off"]),
        ("text.parquet", CLAIMS, ["is no Parquet file"]),
        ("encrypted.parquet", b"PARE1234PARE", ["encrypted"]),
        ("noise.parquet", b"PAR1" + b"noise" * 9 + b"PAR1", ["is damaged"]),
        ("claims.xlsx", b"PK", ["spreadsheet", "CSV"]),
        ("bad\nname.csv", CLAIMS, ["Rename"]),
        ("reference_date=soon/list.csv", text_of([LIST_COLUMNS[1:], ENTRY[1:]]).encode(), ["states no date"]),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_by_name_with_the_remedy(source, name, content, words):
    folder = "population" if "reference_date" in name else "health_care"
    write(source / folder / name, content)
    refused(source, name.split("/")[-1].split("\n")[0], *words)


def test_what_is_no_file_is_refused(source):
    os.mkfifo(source / "health_care" / "queue.csv")
    refused(source, "queue.csv", "no regular file")
    (source / "health_care" / "queue.csv").unlink()
    (source / "health_care" / "gone.csv").symlink_to(source / "nowhere.csv")
    refused(source, "gone.csv", "does not exist")
    (source / "health_care" / "gone.csv").unlink()
    (source / "health_care" / "loop.csv").symlink_to(source / "health_care" / "loop.csv")
    refused(source, "loop.csv", "does not exist")


@pytest.mark.parametrize("ending", [b"", b"\0" * 4, b"\0" * 512], ids=["whole", "four bytes", "a block"])
def test_zero_bytes_after_compressed_data_are_ignored(tmp_path, ending):
    """DuckDB says "Input is not a GZIP stream" of such a file, without its name."""
    path = write(tmp_path / "padded.csv.gz", gzip.compress(CLAIMS, mtime=0) + ending)
    found = source_text.inspect(path, CLAIM_COLUMNS, may_lack=set())
    assert found.needs_copy is bool(ending)
    if ending:
        source_text.recode(path, found.encoding, found.skipped_lines, tmp_path / "copy.csv")
        assert (tmp_path / "copy.csv").read_text(encoding="utf-8") == CLAIMS.decode()


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_name_outside_the_contract_is_not_in_the_list_of_files(source, ending):
    """A pivoted extract has persons as column names."""
    columns = ", ".join([*(f"1 as {c}" for c in CLAIM_COLUMNS), f'1 as "{PERSON}"', '1 as "a,b;c"'])
    duckdb.sql(f"copy (select {columns}) to '{source}/health_care/pivoted.{ending}'")
    (found,) = [record for record in scan(source) if "pivoted" in record.file]
    assert found.column_names == ",".join([*CLAIM_COLUMNS, "column_8", "column_9"])
    assert found.column_types is None or found.column_types.count(";") == 8


def test_a_file_in_place_of_a_folder_is_refused(source, tmp_path):
    """Rights to read it would not help."""
    file = write(tmp_path / "alone", b"x")
    for place in (file, source):
        if place == source:
            (source / "population" / "list.csv").unlink()
            (source / "population").rmdir()
            write(source / "population", b"x")
        refused(place, "population: is no folder", "Set ATLAS_SOURCE_DIR")


def test_parquet_columns_that_differ_by_case_are_refused(source):
    columns = ", ".join(f"'{PERSON}' as {c}" for c in CLAIM_COLUMNS)
    duckdb.sql(f"copy (select {columns}, 1 as x) to '{source}/health_care/twice.parquet' (format parquet)")
    content = (source / "health_care" / "twice.parquet").read_bytes()
    assert content.count(b"ss00060") >= 1
    (source / "health_care" / "twice.parquet").write_bytes(content.replace(b"ss00060", b"SS00010"))
    refused(source, "twice.parquet", "lacks the column ss00060")
    with pytest.raises(source_text.FileFault, match="ss00010 twice"):
        source_text.check_columns([*CLAIM_COLUMNS, "ss00010"], CLAIM_COLUMNS, set())


def test_a_source_without_files_says_what_is_there(source):
    (source / "health_care" / "claims.csv").rename(source / "health_care" / "claims.txt")
    refused(source, "No input for 'health_care'", "claims.txt", "ATLAS_SOURCE_DIR")


def test_a_file_of_the_same_size_and_time_is_read_again_and_an_unchanged_one_is_not(source, monkeypatch):
    kept = source / "records.json"
    records = scan(source)
    source_files.write_records(records, kept)
    assert kept.stat().st_mode & 0o077 == 0
    assert source_files.changed_files(records) == []

    file = source / "health_care" / "claims.csv"
    before = file.stat()
    file.write_bytes(CLAIMS.replace(b"20220105", b"20220106"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert source_files.changed_files(records) == ["health_care/claims.csv"]
    opened = []
    inspect = source_text.inspect
    monkeypatch.setattr(
        source_text, "inspect", lambda path, *rest, **more: opened.append(path) or inspect(path, *rest, **more)
    )
    again = source_files.scan(source, source / "copies", kept)
    assert opened == [file]
    assert [r.checksum == s.checksum for r, s in zip(records, again, strict=False)] == [True, False]


# -- shapes of CSV files -----------------------------------------------------------------------------------------------------------------

ENCODINGS = ("utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be")
words = st.text(st.characters(codec="cp1252", exclude_characters="\0\r\n\x1a\x81\x8d\x8f\x90\x9d"), max_size=8)
rows = st.lists(st.lists(words, min_size=8, max_size=8), min_size=1, max_size=5)


@SMALL
@given(
    rows=rows,
    order=st.permutations([*CLAIM_COLUMNS, "remark é"]),
    encoding=st.sampled_from(ENCODINGS),
    separator=st.sampled_from(source_text.SEPARATORS),
    line_end=st.sampled_from(("\n", "\r\n", "\r")),
    quoting=st.sampled_from((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)),
    capitals=st.booleans(),
    above=st.sampled_from(("", "sep={}\r\n", "\n")),
    compressed=st.booleans(),
)
def test_every_shape_of_csv_is_recognised_and_read_as_it_was_written(
    tmp_path, rows, order, encoding, separator, line_end, quoting, capitals, above, compressed
):
    if encoding in ("utf-16-le", "utf-16-be"):  # without a mark: recognised where the start is plain text
        rows, order = [["x"] * 8], [name.replace("é", "e") for name in order]
    header = [name.upper() if capitals else name for name in order]
    content = (above.format(separator) + text_of([header, *rows], separator, line_end, quoting)).encode(encoding)
    path = write(
        tmp_path / ("shape.csv.gz" if compressed else "shape.csv"), gzip.compress(content) if compressed else content
    )

    found = source_text.inspect(path, CLAIM_COLUMNS, may_lack=set())

    assert found.separator == separator
    assert found.columns == tuple(c if c in CLAIM_COLUMNS else f"column_{n}" for n, c in enumerate(order, 1))
    if found.needs_copy:
        source_text.recode(path, found.encoding, found.skipped_lines, tmp_path / "copy.csv")
        path = tmp_path / "copy.csv"
    # as macros/load/read_source.sql reads it
    columns = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(len(order)))
    lines = duckdb.execute(
        f"from read_csv(?, auto_detect = false, header = true, delim = ?, quote = ?, escape = ?, columns = {{{columns}}})",
        [str(path), found.separator, found.quote, found.quote],
    ).fetchall()
    assert [[value or "" for value in line] for line in lines] == rows


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be", "cp1252"])
def test_a_last_line_without_its_end_is_seen(tmp_path, encoding, compressed):
    """The last value may have been cut off: 7100 in place of 71000101 is a number too."""
    text = CLAIMS.decode().rstrip("\n").replace(PERSON, "\u00e9" if encoding == "cp1252" else PERSON)
    for end, ends_in_line in (("", False), ("\n", True), ("\r\n", True), ("\r", True)):
        content = (text + end).encode(encoding)
        path = write(tmp_path / f"end.csv{'.gz' * compressed}", gzip.compress(content) if compressed else content)
        assert source_text.inspect(path, CLAIM_COLUMNS, may_lack=set()).ends_in_line == ends_in_line, end


@SMALL
@given(content=st.binary(max_size=60), place=st.integers(0, len(CLAIMS)), cut=st.booleans())
def test_no_damage_shows_a_value_of_a_row(tmp_path, content, place, cut):
    path = write(tmp_path / "damaged.csv", CLAIMS[:place] + content + (b"" if cut else CLAIMS[place:]))
    try:
        facts = json.dumps(asdict(source_text.inspect(path, CLAIM_COLUMNS, may_lack=set())))
    except source_text.FileFault as fault:
        facts = str(fault)
    assert PERSON not in facts and PERSON[5:] not in facts


def test_a_campaign_of_damaged_files_shows_no_value():
    """The short version of tests/campaign.py, up to the scan."""
    outcomes, wrong = campaign.run(range(60), 1, partial(campaign.run_case, build=False))
    assert wrong == []
    # damages that are seen, and some that are none
    assert set(outcomes) == {"refused by the scan", "left to dbt"} and min(outcomes.values()) > 5, outcomes
