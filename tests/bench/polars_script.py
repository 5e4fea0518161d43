"""The same question asked of Polars, for orientation: the five imaging variables by municipality and age. No deliveries, no sectors, no other levels.

`python polars_script.py SOURCE_DIR YEAR RESULT.parquet`. Polars is not among this project's requirements.
"""

import sys
from datetime import date

import polars as pl
from hand import municipalities_of_2025, seed

VARIABLES = {"rad": "IMAG_RAD", "dentist": "IMAG_DENTIST", "spec": "IMAG_SPEC", "ct": "IMAG_CT", "thera": "IMAG_THERA"}


def main():
    source, year, result = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    lists = {
        name: [int(row["code"]) for row in seed("nomenclature", "code_list_member") if row["list_code"] == code]
        for name, code in VARIABLES.items()
    }
    residence = pl.LazyFrame(
        municipalities_of_2025(), schema={"pp0025": pl.Int32, "municipality": pl.String}, orient="row"
    )

    line = pl.concat(
        pl.scan_parquet(f"{source}/population/reference_date={day}/*.parquet", hive_partitioning=False)
        .select("pp0010", "pp0015", "pp0025")
        .with_columns(december=december)
        for day, december in ((date(year, 12, 31), True), (date(year, 6, 30), False))
    ).filter(pl.col("pp0010").is_not_null() & pl.col("pp0015").is_between(year - 125, year))
    beneficiary = (
        line.join(residence, on="pp0025", how="left")
        .sort("december", descending=True)
        .group_by("pp0010")
        .agg(pl.col("pp0015").first(), pl.col("municipality").drop_nulls().first(), pl.col("pp0025").first())
        .filter(~pl.col("pp0025").is_between(100, 994).fill_null(False))
        .with_columns(decade=((year - pl.col("pp0015")) // 10).clip(0, 9))
    )
    used = (
        pl.scan_parquet(f"{source}/health_care/service_year={year}/*.parquet", hive_partitioning=False)
        .select("ss00010", "ss00015", "ss00020", "ss00050")
        .filter(pl.col("ss00010").is_not_null() & (pl.col("ss00015").dt.year() == year) & (pl.col("ss00050") != 0))
        .filter(pl.col("ss00020").is_in(sorted({code for codes in lists.values() for code in codes})))
        .group_by("ss00010")
        .agg(
            pl.col("ss00050").filter(pl.col("ss00020").is_in(codes)).sum().clip(0).alias(name)
            for name, codes in lists.items()
        )
    )
    cell = (
        beneficiary.join(used, left_on="pp0010", right_on="ss00010", how="left")
        .group_by("municipality", "decade")
        .agg(
            pl.len().alias("beneficiaries"),
            *((pl.col(v) > 0).sum().alias(f"{v}_patients") for v in VARIABLES),
            *(pl.col(v).sum().alias(f"{v}_exams") for v in VARIABLES),
        )
    )
    cell.collect(engine="streaming").write_parquet(result)


if __name__ == "__main__":
    main()
