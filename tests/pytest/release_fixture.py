"""A small private warehouse as dbt would leave it, for the tests of the release: made by hand, in a second, without dbt."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

VARIABLES = {
    "geography_vintage": 2025,
    "small_cell_threshold": 5,
    "complementary_masking": True,
    "publication_date": "2026-10-15",
    "first_reference_year": None,
    "last_reference_year": None,
}
CUBE = {"family": "imaging", "measure": "share", "variable": "IMAG_SPEC_N", "per": 100, "filters": ["age_category"]}
STAT = {"family": "imaging", "measure": "volume", "variable": "IMAG_SPEC_N", "per": 1000, "filters": []}
HOSPITAL = {
    "family": "perinatal",
    "measure": "mean",
    "variable": "prenatal_acts",
    "per": 1,
    "filters": ["procedure_type"],
}

SETUP = """
create schema staging; create schema intermediate; create schema quality; create schema marts; create schema reference;
create table intermediate.int_beneficiary as select 2020 as reference_year, 'SECRET-PERSON-' || range as person_id from range(100);
create view marts.a_view as select * from intermediate.int_beneficiary;
create table marts.left_over as select * from intermediate.int_beneficiary;
create table quality.source_origin as select true as is_synthetic;
create table quality.reconciliation as select * from (values
    ('population', 2020, 'accepted', 198, 200, 198, 2), ('population', 2020, 'duplicate', 2, 200, 198, 2),
    ('health_care', 2019, 'accepted', 400, 400, 400, 0), ('health_care', 2020, 'accepted', 590, 600, 590, 10),
    ('health_care', 2020, 'invalid_service_date', 10, 600, 590, 10)
) as t (source, load_year, fate, line_count, rows_in, rows_accepted, rows_rejected);
create table reference.geo_level as select * from (values
    ('country', 1, 'land', 'pays', 'country', 'COUNTRY'), ('province', 3, 'provincie', 'province', 'province', 'PROVINCE'),
    ('arrondissement', 4, 'arrondissement', 'arrondissement', 'arrondissement', 'ARRONDISSEMENT'),
    ('hospital', 7, 'ziekenhuis', 'hôpital', 'hospital', 'HOSPITAL')
) as t (geo_level, sort_order, label_nl, label_fr, label_en, sdmx_code);
create table reference.age_category as select * from (values
    ('decennial', '0-9', 1, '0 tot 9', '0 à 9', '0 to 9', 'Y0T9'), ('decennial', '90+', 2, '90+', '90+', '90 and over', 'Y_GE90'),
    ('decennial', 'total', 3, 'alle', 'tous', 'all ages', '_T'), ('maternal', 'total', 3, 'alle', 'tous', 'all ages', '_T')
) as t (scheme, age_category, sort_order, label_nl, label_fr, label_en, sdmx_code);
create table reference.procedure_type as select * from (values
    ('ultrasound', 1, 'echografie', 'échographie', 'ultrasound', 'ULTRASOUND'), ('total', 2, 'alle', 'tous', 'all', '_T')
) as t (procedure_type, sort_order, label_nl, label_fr, label_en, sdmx_code);
create table reference.observation_status as select * from (values
    ('published', 1, 'A', 'F'), ('small_cell', 2, 'Q', 'C'), ('empty', 3, 'M', 'F')
) as t (status, sort_order, sdmx_obs_status, sdmx_conf_status);
create table reference.unit_measure as select * from (values
    ('mean', 1, 'per bevalling', 'par accouchement', 'per delivery', 'PER_DELIVERY'), ('share', 2, 'procent', 'pour cent', 'per cent', 'PT'),
    ('volume', 3, 'per 1.000', 'pour 1 000', 'per 1,000', 'PER_1000')
) as t (measure, sort_order, label_nl, label_fr, label_en, sdmx_code);
create table reference.statistic as select * from (values
    ('cube_013_007', 'en', 'Medical imaging, specialist', 'a card'), ('cube_013_007', 'fr', 'Imagerie médicale', 'a card'),
    ('stat_013_008', 'en', 'Volume', 'a card'), ('cube_007_005b', 'en', 'Prenatal acts by hospital', 'a card')
) as t (code, language, title, source);  -- `source` is no key to release_source, though it bears its name
create table reference.geographic_unit as select * from (values
    ('country', '01000', 'België', 'Belgique'), ('province', '21000', 'Brussel', 'Bruxelles'), ('arrondissement', '21000', 'Brussel-Hoofdstad', null)
) as t (geo_level, geo_code, name_nl, name_fr);
create table marts.cube_013_007 as
    select
        (2010 + year)::integer as reference_year, unit.geo_level, unit.geo_code, age.age_category,
        case when not small then (hash(year, unit.geo_level, age.age_category) % 90)::bigint end as numerator,
        case when not small then 100::bigint end as denominator,
        case when not small then (hash(year, unit.geo_level, age.age_category) % 90)::double * 100 / 300 end as value,
        case when small then 'small_cell' else 'published' end as status
    from
        range({years}) as years (year), reference.geographic_unit as unit, (select distinct age_category from reference.age_category) as age,
        lateral (select year % 7 = 3 and age.age_category = '90+' as small)
    order by hash(year, age.age_category);
create table marts.stat_013_008 as
    select reference_year, geo_level, geo_code, numerator, denominator, case when geo_code <> '01000' then value end as value,
        case when geo_code = '01000' then 'empty' else status end as status
    from marts.cube_013_007 where age_category = 'total';
create table marts.cube_007_005b as
    select 2020::integer as reference_year, 'hospital' as geo_level, '71000' || h as geo_code, procedure_type, 10::bigint as numerator,
        4::bigint as denominator, 2.5::double as value, 'published' as status
    from range(3) as hospitals (h), reference.procedure_type;
comment on table marts.cube_013_007 is 'Share of the beneficiaries with an examination; it''s a cube';
comment on column marts.cube_013_007.value is 'Per cent';
create table quality.build_run (
    run_number integer, invocation_id text, command text, status text, problem text, nodes integer, dbt_version text, variables text,
    project_fingerprint text
);
create table quality.publication_list (schema_name text, table_name text, materialized text, primary_key text, statistic text);
"""

KEYS = {
    "geo_level": ["geo_level"],
    "age_category": ["scheme", "age_category"],
    "procedure_type": ["procedure_type"],
    "observation_status": ["status"],
    "unit_measure": ["measure"],
    "statistic": ["code", "language"],
    "geographic_unit": ["geo_level", "geo_code"],
}
STATISTICS = {"cube_013_007": CUBE, "stat_013_008": STAT, "cube_007_005b": HOSPITAL}


def make_warehouse(
    output_dir: Path, *, years: int = 10, status: str = "complete", problem: str | None = None, **variables
) -> Path:
    """Writes warehouse.duckdb into the directory, over an older one. Returns its path.

    years: size of the cubes. status, problem: how the newest dbt command ended. variables: those of the build that differ from VARIABLES.
    """
    output_dir.mkdir(parents=True, exist_ok=True)
    path = output_dir / "warehouse.duckdb"
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute(SETUP.replace("{years}", str(years)))
        for table, key in KEYS.items():
            connection.execute(
                "insert into quality.publication_list values ('reference', ?, 'table', ?, null)",
                [table, json.dumps(key)],
            )
        for table, statistic in STATISTICS.items():
            key = ["reference_year", "geo_level", "geo_code", *statistic["filters"]]
            row = [table, json.dumps(key), json.dumps(statistic)]
            connection.execute("insert into quality.publication_list values ('marts', ?, 'table', ?, ?)", row)
        add_run(connection, status, problem, **variables)
    return path


def add_run(
    connection: duckdb.DuckDBPyConnection,
    status: str,
    problem: str | None = None,
    fingerprint: str | None = None,
    **variables,
) -> None:
    """Adds the record of one more dbt command. fingerprint: of the project, as `make build` gives it to dbt."""
    connection.execute(
        "insert into quality.build_run select coalesce(max(run_number), 0) + 1, 'x', 'build', ?, ?, 20, '1.11.16', ?, ? from quality.build_run",
        [status, problem, json.dumps({**VARIABLES, **variables}), fingerprint],
    )
