"""A small private warehouse as dbt would leave it, for the tests of the release: made by hand, in a second, without dbt."""

from __future__ import annotations

import json
import os
import shutil
import uuid
from pathlib import Path

import duckdb

from atlas import export, lineage, site
from atlas import publish as publishing
from atlas.settings import read_settings

VARIABLES = {
    "geography_vintage": 2025,
    "small_cell_threshold": 5,
    "complementary_masking": True,
    "publication_date": "2026-10-15",
    "first_reference_year": None,
    "last_reference_year": None,
    "performer_from": "article",
}
AGE, ACT = "age_category", "procedure_type"  # the filters of its statistics
IMAGING = {"family": "imaging", "variable": "IMAG_SPEC_N", "place": "residence"}
CUBE = {**IMAGING, "measure": "share", "per": 100, "filters": [AGE]}
STAT = {**IMAGING, "measure": "volume", "per": 1000, "filters": []}
HOSPITAL = {
    "family": "perinatal",
    "place": "hospital",
    "measure": "mean",
    "variable": "prenatal_acts",
    "per": 1,
    "filters": [ACT],
}

SETUP = """
create schema staging; create schema intermediate; create schema quality; create schema marts; create schema reference;
create table intermediate.int_beneficiary as select 2020 as reference_year, 'SECRET-PERSON-' || range as person_id from range(100);
create view marts.a_view as select * from intermediate.int_beneficiary;
create table marts.left_over as select * from intermediate.int_beneficiary;
create table quality.withheld_cell (reference_year int, series text, geo_level text, geo_code text, age_category text,
    hides_denominator boolean, procedure_type text);  -- a filter that came later is the last column
create table quality.built_year as select year as reference_year, 'x' as publication, 'x' as tested from range(2010, 2021) as years (year);
create table quality.source_origin as select true as is_synthetic;
create table quality.reconciliation as select * from (values
    ('population', 2020, 'accepted', 198, 200, 198, 2), ('population', 2020, 'duplicate', 2, 200, 198, 2),
    ('health_care', 2019, 'accepted', 400, 400, 400, 0), ('health_care', 2020, 'accepted', 590, 600, 590, 10),
    ('health_care', 2020, 'invalid_service_date', 10, 600, 590, 10)
) as t (source, load_year, disposition, line_count, rows_in, rows_accepted, rows_rejected);
create table quality.data_warning as select * from (values
    (2020, 'no_amount_reimbursed', 3), (2019, 'no_amount_reimbursed', 4), (2020, 'insured_in_error', 0)
) as t (reference_year, warning, line_count);
create table quality.incomplete_year as select 2021 as load_year, 'claims; ' as missing, 5 as list_line_count, 0 as claim_line_count;
create table quality.unread_file as select 'population' as source, 'population/list.xlsx' as relative_path, 'no CSV' as unread_reason;
create table reference.geo_level as select * from (values
    ('country', 1, 'land', 'pays', 'country', 'COUNTRY'), ('province', 3, 'provincie', 'province', 'province', 'PROVINCE'),
    ('arrondissement', 4, 'arrondissement', 'arrondissement', 'arrondissement', 'ARRONDISSEMENT'),
    ('hospital', 7, 'ziekenhuis', 'hôpital', 'hospital', 'HOSPITAL')
) as t (geo_level, sort_order, label_nl, label_fr, label_en, sdmx_code);
create table reference.age_category as select * from (values
    ('decennial', '0-9', 1, '0 tot 9', '0 à 9', '0 to 9', 'Y0T9'), ('decennial', '90+', 2, '90+', '90+', '90 and over', 'Y_GE90'),
    ('all', 'total', 3, 'alle', 'tous', 'all ages', '_T')
) as t (scheme, age_category, sort_order, label_nl, label_fr, label_en, sdmx_code);
create table reference.procedure_type as select * from (values
    ('ultrasound', 1, 'echografie', 'échographie', 'ultrasound', 'ULTRASOUND'), ('total', 2, 'alle', 'tous', 'all', '_T')
) as t (procedure_type, sort_order, label_nl, label_fr, label_en, sdmx_code);
create table reference.observation_status as select * from (values
    ('published', 1, 'gepubliceerd', 'publié', 'published', 'A', 'F'), ('small_cell', 2, 'kleine cel', 'petite cellule', 'small cell', 'Q', 'C'),
    ('empty', 3, 'leeg', 'vide', 'empty', 'M', 'F')
) as t (status, sort_order, label_nl, label_fr, label_en, sdmx_obs_status, sdmx_conf_status);
create table reference.unit_measure as select * from (values
    ('mean', 1, 'per bevalling', 'par accouchement', 'per delivery', 'PER_DELIVERY'), ('share', 2, 'procent', 'pour cent', 'per cent', 'PT'),
    ('volume', 3, 'per 1.000', 'pour 1 000', 'per 1,000', 'PER_1000')
) as t (measure, sort_order, label_nl, label_fr, label_en, sdmx_code);
create table reference.statistic as
    select card.code, language.language, card.title, card.description, card.source, 'card' as basis,
        'Not to be cited.' as recommended_reference, date '2025-11-17' as metadata_updated,
        card.family, card.measure, card.variable, card.filters, card.smallest_level  -- `source` is no key to release_source, though it bears its name
    from (values
        ('cube_013_007', 'Medical imaging, specialist', 'Share of the beneficiaries; it''s a cube. The figures can be split by age.', 'a card', 'imaging', 'share', 'IMAG_SPEC_N', 'age_category', 'municipality'),
        ('stat_013_008', '=1+1 Volume', 'Number of examinations.', 'a card', 'imaging', 'volume', 'IMAG_SPEC_N', null, 'statistical_sector'),
        ('cube_007_005b', 'Prenatal acts by hospital', 'Number of acts.', 'a card', 'perinatal', 'mean', 'prenatal_acts', 'procedure_type', 'hospital')
    ) as card (code, title, description, source, family, measure, variable, filters, smallest_level), (values ('nl'), ('fr'), ('en')) as language (language);
update reference.statistic set title = 'Imagerie médicale', description = 'Part des bénéficiaires.' where code = 'cube_013_007' and language = 'fr';
create table reference.statistic_column as select * from (values
    ('cube_013_007', 'en', 'value', 'Per cent. Null in a small cell.'), ('cube_013_007', 'fr', 'value', 'Pour cent.')
) as t (code, language, column_name, description);
create table reference.geographic_unit as select * from (values
    ('country', '01000', 'België', 'Belgique', null, null), ('province', '21000', 'Brussel', 'Bruxelles', 'country', '01000'),
    ('arrondissement', '21000', 'Brussel-Hoofdstad', null, 'province', '21000')
) as t (geo_level, geo_code, name_nl, name_fr, parent_level, parent_code);
create table marts.cube_013_007 as
    select
        (2010 + year)::integer as reference_year, unit.geo_level, unit.geo_code, age.age_category,
        case when not small then patients::bigint end as numerator, case when not small then persons::bigint end as denominator,
        case when not small then patients::double * 100 / 300 end as value,
        case when not small then 0.5::double end as lower_95, case when not small then 99.5::double end as upper_95,
        case when small then 'small_cell' else 'published' end as status
    from
        range({years}) as years (year), reference.geographic_unit as unit, (select distinct age_category from reference.age_category) as age,
        lateral (select  -- one province is the country, and the ages add up: what is small does not follow from the rest
            year % 7 = 3 and age.age_category <> 'total' as small, 10 + year % 30 as young, 11 + year % 31 as old,
            case age.age_category when 'total' then young + old when '90+' then old else young end as patients,
            case age.age_category when 'total' then 200 else 100 end as persons)
    order by hash(year, age.age_category);
create table marts.stat_013_008 as
    select reference_year, geo_level, geo_code, numerator, denominator, case when geo_code <> '01000' then value end as value,
        case when geo_code <> '01000' then lower_95 end as lower_95, case when geo_code <> '01000' then upper_95 end as upper_95,
        case when geo_code = '01000' then 'empty' else status end as status
    from marts.cube_013_007 where age_category = 'total';
create table marts.cube_007_005b as
    select 2020::integer as reference_year, 'hospital' as geo_level, '71000' || h as geo_code, procedure_type, 10::bigint as numerator,
        4::bigint as denominator, 2.5::double as value, 1.5::double as lower_95, 3.5::double as upper_95, 'published' as status
    from range(3) as hospitals (h), reference.procedure_type;
comment on table reference.geo_level is 'Levels; it''s a dimension';
"""

KEYS = {
    "geo_level": ["geo_level"],
    AGE: [AGE],
    ACT: [ACT],
    "observation_status": ["status"],
    "unit_measure": ["measure"],
    "statistic": ["code", "language"],
    "statistic_column": ["code", "language", "column_name"],
    "geographic_unit": ["geo_level", "geo_code"],
}
GRAIN = ["reference_year", "geo_level", "geo_code"]  # of every statistic, before its filters
# not stored in the public file
DERIVED = {
    "cube_013_007": {"value": "cast(numerator as double) * 100 / 300"},
    "cube_007_005b": {"lower_95": "case when status = 'published' then $factor * denominator end"},
}
CONSTANTS = {
    "cube_007_005b": {
        "factor": "select reference_year, procedure_type, 0.375::double from {procedure_type}, (select distinct reference_year from {cube_007_005b})"
    }
}
STATISTICS = {"cube_013_007": CUBE, "stat_013_008": STAT, "cube_007_005b": HOSPITAL}


def make_warehouse(output_dir: Path, *, years: int = 10, status: str = "complete", **variables) -> Path:
    """Writes warehouse.duckdb and dbt's artifacts into the directory, over older ones. Returns the warehouse.

    years: size of the cubes. status: how the last dbt command ended. variables: those of the build that differ from VARIABLES.
    """
    output_dir.mkdir(parents=True, exist_ok=True)
    path = output_dir / "warehouse.duckdb"
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute(SETUP.replace("{years}", str(years)))
    record_run(output_dir, status, **variables)
    return path


def small_site(setattr) -> None:
    """Replaces the slow parts of the site (lineage, MkDocs, atlas pages) by small ones whose pages name the release; the rest of the site is made as always.

    setattr: the built-in function, or monkeypatch.setattr.
    """

    def build_pages(docs: Path, folder: Path) -> None:
        folder.mkdir(parents=True)
        shutil.copy(docs / "index.md", folder / "index.html")

    def write_pages(public_file: Path, folder: Path) -> None:
        with duckdb.connect(str(public_file), read_only=True) as connection:
            (version,) = connection.execute("select version from release").fetchone()
        (folder / "index.html").write_text(version, encoding="utf-8")

    setattr(lineage, "page", lambda *_: "the lineage")
    setattr(site.table_pages, "pages", lambda _: [])
    setattr(site, "build_pages", build_pages)
    setattr(site.pages, "write_pages", write_pages)


def small_package(setattr) -> None:
    """Replaces workbooks and JSON-stat files, which take half the time of a small release, by small files; test_exports.py reads the real ones.

    setattr: the built-in function, or monkeypatch.setattr.
    """

    def write(_connection, table, path: Path, *_) -> None:
        path.write_text(table.name, encoding="utf-8")

    for module in (export.workbook, export.jsonstat):
        setattr(module, "write", write)


def fast_release(setattr) -> None:
    """Makes releases of this process quick: a small site, and no file is forced to the disk, because no test that uses it cuts the power.

    setattr: monkeypatch.setattr.
    """
    setattr(os, "fsync", lambda _: None)
    small_site(setattr)


def publish(output_dir: Path, **environment) -> Path:
    """Publishes the warehouse of the directory. Returns the folder of the release."""
    publishing.publish(read_settings({"ATLAS_OUTPUT_DIR": str(output_dir), **environment}))
    return (output_dir / "release").resolve()


def record_run(output_dir: Path, status: str = "complete", **variables) -> None:
    """Records one more dbt command, as the hook and dbt do."""
    invocation_id = str(uuid.uuid4())
    target = output_dir / "target"
    with duckdb.connect(str(output_dir / "warehouse.duckdb")) as connection:
        connection.execute(
            "create or replace table quality.build_run as select ? as invocation_id, 'build' as command, ? as status, ? as target_path, ? as variables, '{}' as succeeded",
            [invocation_id, status, str(target), json.dumps({**VARIABLES, **variables})],
        )
    if status == "running":
        return  # a killed dbt writes no artifacts
    target.mkdir(exist_ok=True)
    for name, document in artifacts(invocation_id).items():
        (target / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")


def artifacts(invocation_id: str = "x") -> dict[str, dict]:
    """Returns {manifest, run_results}: what a complete build of the hand-made warehouse leaves, in the form of dbt's files."""
    nodes = {f"model.health_atlas.{name}": model(name, "reference", key=key) for name, key in KEYS.items()}
    nodes |= {
        f"model.health_atlas.{name}": model(
            name,
            "marts",
            key=[*GRAIN, *statistic["filters"]],
            statistic=statistic,
            derived=DERIVED.get(name),
            constants=CONSTANTS.get(name),
        )
        for name, statistic in STATISTICS.items()
    }
    nodes["model.health_atlas.int_beneficiary"] = model("int_beneficiary", "intermediate", access="protected")
    nodes["model.health_atlas.inlined"] = model("inlined", "intermediate", access="protected", materialized="ephemeral")
    nodes["test.health_atlas.not_null_x.1a2b"] = {"resource_type": "test", "config": {"severity": "ERROR"}}
    nodes["test.health_atlas.odd_x.1a2b"] = {"resource_type": "test", "config": {"severity": "warn"}}
    metadata = {"invocation_id": invocation_id, "dbt_version": "1.11.16"}
    ran = [key for key in nodes if key not in ("model.health_atlas.inlined", "test.health_atlas.odd_x.1a2b")]
    results = [{"unique_id": key, "status": "pass" if key.startswith("test") else "success"} for key in ran]
    return {
        "manifest": {"metadata": metadata, "nodes": nodes},
        "run_results": {"metadata": metadata, "args": {"which": "build", "empty": False}, "results": results},
    }


def model(
    name: str,
    schema: str,
    *,
    key: list[str] | None = None,
    statistic: dict | None = None,
    derived: dict | None = None,
    constants: dict | None = None,
    access: str = "public",
    materialized: str = "table",
) -> dict:
    """Returns a model of a manifest, with the keys that a release reads."""
    return {
        "resource_type": "model",
        "schema": schema,
        "alias": name,
        "access": access,
        "config": {
            "materialized": materialized,
            "meta": {"statistic": statistic, "derived": derived or {}, "constants": constants or {}}
            if statistic
            else {},
        },
        "constraints": [{"type": "primary_key", "columns": key}] if key else [],
        "columns": {},
    }


def change_artifact(output_dir: Path, name: str, change) -> None:
    """Changes one of the artifacts of a test: `change` gets the document."""
    path = output_dir / "target" / f"{name}.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")
