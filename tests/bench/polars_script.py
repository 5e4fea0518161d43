"""The cells of the hand-written script (hand.py), computed by Polars: imaging, deliveries, prenatal acts, hospitals, by the newest geography.

`python polars_script.py SOURCE_DIR YEAR FOLDER` writes a Parquet file a table. Lazy frames, collected by the streaming engine; strings of persons are read once a
source. Polars is not among this project's requirements.
"""

import sys
from datetime import date, timedelta
from itertools import chain, combinations
from pathlib import Path

import polars as pl
from hand import municipalities_of_2025, seed

VARIABLES = {"rad": "IMAG_RAD", "dentist": "IMAG_DENTIST", "spec": "IMAG_SPEC", "ct": "IMAG_CT", "thera": "IMAG_THERA"}
DELIVERIES = {"DELIVERY_CAESAREAN": 1, "DELIVERY_VAGINAL_HOSPITAL": 2, "DELIVERY_HOME": 3}
ACTS = {"PRENATAL_ULTRASOUND": "ultrasound", "PRENATAL_INVASIVE": "invasive", "PRENATAL_CTG": "cardiotocography"}
ABROAD = pl.col("code").is_between(100, 999) & ~pl.col("code").is_in([995, 999])


def codes_of(name):
    """The nomenclature codes of a list."""
    return [int(row["code"]) for row in seed("nomenclature", "code_list_member") if row["list_code"] == name]


def units():
    """A row a municipality ('' is unknown) and unit that contains it."""
    today = [
        row for row in seed("geography", "geo_municipality") if row["valid_from"] <= "2025-01-01" <= row["valid_to"]
    ]
    rows = [("", "country", "01000")]
    for row in today:
        places = {
            "municipality": row["nis_code"],
            "arrondissement": row["arrondissement_nis"],
            "province": row["province_nis"],
            "region": row["region_nis"],
            "country": "01000",
        }
        rows += [(row["nis_code"], level, code) for level, code in places.items()]
    return pl.DataFrame(rows, schema=["municipality", "geo_level", "geo_code"], orient="row")


def sectors():
    """(sector, its municipality of 2025) pairs."""
    residence = dict(municipalities_of_2025())
    rows = {
        (row["sector_code"], residence[int(row[name])])
        for row in seed("geography", "geo_sector")
        for name in ("nis_2011", "nis_2021")
        if row[name].isdigit() and int(row[name]) in residence
    }
    return pl.DataFrame(sorted(rows), schema=["sector", "municipality"], orient="row")


def cube(frame, keys, filters, aggregates):
    """Groups by the keys and by every subset of the filters; a filter that is summed over is null."""
    subsets = chain.from_iterable(combinations(filters, size) for size in range(len(filters) + 1))
    parts = [frame.group_by(*keys, *subset).agg(*aggregates) for subset in subsets]
    return pl.concat(parts, how="diagonal")


def people(source, year):
    """Beneficiaries: December before June, persons abroad left out."""
    places = municipalities_of_2025()
    names = {"pp0010": "person", "pp0015": "born", "pp0025": "code", "pp0055": "sector", "pp0030": "insurability"}

    def listed(day):
        return (
            pl.scan_parquet(f"{source}/population/reference_date={day}/*.parquet", hive_partitioning=False)
            .select(pl.col(old).alias(new) for old, new in names.items())
            .filter(pl.col("person").is_not_null() & pl.col("born").is_between(year - 125, year))
            .unique("person", keep="any")
        )

    both = listed(date(year, 12, 31)).join(
        listed(date(year, 6, 30)), on="person", how="full", coalesce=True, suffix="_june"
    )
    is_place = pl.col("code").is_in([code for code, _ in places])
    known = ((pl.col("code").is_between(100, 999) & ~pl.col("code").is_in([995, 999])) | is_place).fill_null(False)
    insured = pl.col("insurability")
    chosen = both.with_columns(is_known=known, is_december=insured.str.len_chars().fill_null(0) == 3).select(
        "person",
        pl.when("is_known").then("code").otherwise("code_june").alias("code"),
        pl.when("is_known").then("sector").otherwise("sector_june").alias("sector"),
        (year - pl.coalesce("born", "born_june")).alias("age"),
        pl.when("is_december").then(insured).otherwise("insurability_june").alias("insurability"),
    )
    residence = pl.LazyFrame(places, schema={"code": pl.Int32, "municipality": pl.String}, orient="row")
    in_place = sectors().lazy().with_columns(is_placed=pl.lit(True))
    return (
        chosen.filter(~ABROAD.fill_null(False))
        .join(residence, on="code", how="left")
        .join(in_place, on=["sector", "municipality"], how="left")
        .select(
            "person",
            pl.col("municipality").fill_null(""),
            pl.when("is_placed").then("sector").alias("sector"),
            (pl.col("age") // 10).clip(upper_bound=9).alias("decade"),
            pl.when(pl.col("age") < 20)
            .then(0)
            .when(pl.col("age") >= 40)
            .then(5)
            .otherwise(pl.col("age") // 5 - 3)
            .alias("maternal"),
            (pl.col("insurability").str.slice(2, 1) == "1").fill_null(False).alias("increased"),
        )
        .collect(engine="streaming")
    )


def claims(source, year, codes, columns):
    """Lines of the codes with a person and cases, of the folder of a year."""
    return (
        pl.scan_parquet(f"{source}/health_care/service_year={year}/*.parquet", hive_partitioning=False)
        .filter(pl.col("ss00020").is_in(codes) & pl.col("ss00010").is_not_null() & (pl.col("ss00050") != 0))
        .select(pl.col(old).alias(new) for old, new in columns.items())
    )


def imaging(source, year, beneficiary, unit):
    """The five variables a person, then cells by unit and age, and by sector."""
    lists = {name: codes_of(code) for name, code in VARIABLES.items()}
    columns = {"ss00010": "person", "ss00015": "day", "ss00020": "code", "ss00050": "cases"}
    used = (
        claims(source, year, sorted({code for codes in lists.values() for code in codes}), columns)
        .filter(pl.col("day").dt.year() == year)
        .group_by("person")
        .agg((pl.col("cases") * pl.col("code").is_in(codes)).sum().clip(0).alias(name) for name, codes in lists.items())
    )
    smallest = (
        beneficiary.lazy()
        .select("person", "municipality", "sector", "decade")
        .join(used, on="person", how="left")
        .group_by("municipality", "sector", "decade")
        .agg(
            pl.len().alias("beneficiaries"),
            *((pl.col(name) > 0).sum().alias(f"{name}_patients") for name in VARIABLES),
            *(pl.col(name).sum().alias(f"{name}_exams") for name in VARIABLES),
        )
        .collect(engine="streaming")
    )
    sums = [pl.exclude("municipality", "sector", "decade", "geo_level", "geo_code").sum()]
    by_unit = cube(smallest.drop("sector").join(unit, on="municipality"), ["geo_level", "geo_code"], ["decade"], sums)
    by_sector = smallest.filter(pl.col("sector").is_not_null()).group_by("sector").agg(sums)
    by_sector = by_sector.rename({"sector": "geo_code"}).with_columns(geo_level=pl.lit("statistical_sector"))
    return {"imaging_cell": pl.concat([by_unit, by_sector.drop("municipality", strict=False)], how="diagonal")}


def perinatal(source, year, beneficiary, unit):
    """Deliveries, prenatal acts, and their cells by residence and by hospital."""
    columns = {"ss00010": "person", "ss00015": "day", "ss00020": "code", "ss00050": "cases", "ss00075": "hospital"}
    priority = {code: rank for name, rank in DELIVERIES.items() for code in codes_of(name)}
    act_of = {code: act for name, act in ACTS.items() for code in codes_of(name)}
    line = pl.concat(claims(source, of_year, [*priority, *act_of], columns) for of_year in (year - 1, year)).collect(
        engine="streaming"
    )
    line = line.filter(pl.col("day").is_not_null())
    delivery = (
        line.filter(pl.col("code").is_in(list(priority)))
        .group_by("person", "day", "code")
        .agg(pl.col("hospital").min(), pl.col("cases").sum())
        .filter(pl.col("cases") > 0)
        .with_columns(priority=pl.col("code").replace_strict(priority, return_dtype=pl.Int32))
        .filter(pl.col("priority") == pl.col("priority").min().over("person", "day"))
        .group_by("person", "day")
        .agg(pl.col("priority").min(), pl.col("hospital").min())
        .sort("person", "day")
        .filter((pl.col("day") - pl.col("day").shift().over("person") > timedelta(days=30)).fill_null(True))
    )
    acts = (
        line.filter(pl.col("code").is_in(list(act_of)))
        .with_columns(act=pl.col("code").replace_strict(act_of, return_dtype=pl.String))
        .group_by("person", "day", "act")
        .agg(pl.col("cases").sum())
        .sort("day")
    )
    window = pl.when(pl.col("act") == "cardiotocography").then(15).otherwise(280)
    prenatal = (
        acts.join_asof(
            delivery.select("person", delivery_day="day").sort("delivery_day"),
            left_on="day",
            right_on="delivery_day",
            by="person",
            strategy="forward",
            check_sortedness=False,
        )
        .filter((pl.col("delivery_day") - pl.col("day")).dt.total_days() <= window)
        .group_by("person", "delivery_day", "act")
        .agg(acts=pl.col("cases").sum())
        .filter((pl.col("acts") > 0) & (pl.col("delivery_day").dt.year() == year))
    )
    woman = beneficiary.select("person", "municipality", "maternal", "increased")
    attributed = delivery.filter(pl.col("day").dt.year() == year).join(woman, on="person")
    caesarean = pl.col("priority") == 1
    counts = [
        pl.len().alias("deliveries"),
        caesarean.sum().alias("caesareans"),
        pl.col("person").n_unique().alias("women"),
    ]
    women = pl.col("person").filter(caesarean).n_unique().alias("caesarean_women")
    sums = [pl.col("acts").sum(), pl.col("person").n_unique().alias("women")]
    in_hospital = attributed.filter(pl.col("hospital").is_not_null())
    acts_in_hospital = prenatal.join(in_hospital, left_on=["person", "delivery_day"], right_on=["person", "day"])
    place = ["geo_level", "geo_code"]
    return {
        "delivery_cell": cube(
            attributed.join(unit, on="municipality"), place, ["maternal", "increased"], [*counts, women]
        ),
        "prenatal_cell": cube(
            prenatal.join(woman, on="person").join(unit, on="municipality"),
            place,
            ["maternal", "increased", "act"],
            sums,
        ),
        "hospital_delivery_cell": cube(in_hospital, [pl.lit(1).alias("all")], ["hospital"], counts).drop("all"),
        "hospital_prenatal_cell": cube(acts_in_hospital, [pl.lit(1).alias("all")], ["hospital", "act"], sums).drop(
            "all"
        ),
    }


def main():
    source, year, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    folder.mkdir(parents=True, exist_ok=True)
    unit, beneficiary = units(), people(source, year)
    for tables in (imaging(source, year, beneficiary, unit), perinatal(source, year, beneficiary, unit)):
        for name, table in tables.items():
            table.write_parquet(folder / f"{name}.parquet")


if __name__ == "__main__":
    main()
