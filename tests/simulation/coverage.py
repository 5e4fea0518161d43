"""Simulates how often the 95 % limits of the product contain the value that the samples were drawn from: `python tests/simulation/coverage.py`.

Draws samples, lets DuckDB compute their limits with the macros of macros/comparison, and prints the share of samples whose limits contain the value, as a
Markdown table with its standard error. The dispersion of a volume is computed from the distribution of examinations per person, as the table `dispersion`
does for the country: never from the sample. Nothing of a build is read.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import duckdb
import numpy

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "pytest"))
from test_comparison import PROJECT, render

SIDES = ("lower", "upper")
# Ten ages: persons of an area, and the share of patients in the country: from children to the oldest.
PERSONS = numpy.array([120, 130, 140, 150, 150, 150, 130, 90, 50, 10])
SHARES = numpy.array([0.02, 0.04, 0.06, 0.09, 0.12, 0.16, 0.20, 0.25, 0.28, 0.30])
# Examinations of a patient are geometric: more than one in three has a second.
ANOTHER = 0.37


def limits(samples: dict[str, numpy.ndarray], expressions: dict[str, str]) -> dict[str, numpy.ndarray]:
    """Returns SQL expressions computed for every sample. Columns of `samples` are columns of the query, and `exact_lower`, `exact_upper` are those of
    the seed poisson_limit for the column `events`, if there is one.
    """
    with duckdb.connect() as connection:
        connection.register("sample", samples)
        exact = f"'{PROJECT / 'seeds' / 'statistics' / 'poisson_limit.csv'}'"
        seed = f"(select events, lower_95 as exact_lower, upper_95 as exact_upper from {exact})"
        join = f" left join {seed} using (events)" if "events" in samples else ""
        columns = ", ".join(f"{expression} as {name}" for name, expression in expressions.items())
        return connection.execute(f"select {columns} from sample{join} order by number").fetchnumpy()


def contained(found: dict[str, numpy.ndarray], value: float) -> float:
    """Returns the share of samples whose limits contain the value."""
    return float(numpy.mean((found["lower"] <= value) & (value <= found["upper"])))


def poisson(side: str, events: str = "events") -> str:
    """Returns the Poisson limit of a column as SQL."""
    return render(f"poisson_limit('{events}', 'exact_{side}', '{side}')")


def wilson(generator, samples: int, persons: int, share: float) -> float:
    """Coverage of the limits of a share."""
    columns = {"number": numpy.arange(samples), "x": generator.binomial(persons, share, samples)}
    return contained(limits(columns, {s: render(f"wilson_limit('x', '{persons}', '{s}')") for s in SIDES}), share)


def count(generator, samples: int, mean: float) -> float:
    """Coverage of the limits of a count: exact below 10, else Byar."""
    columns = {"number": numpy.arange(samples), "events": generator.poisson(mean, samples)}
    return contained(limits(columns, {side: poisson(side) for side in SIDES}), mean)


def examinations(generator, samples: int, persons, share):
    """Returns the number of examinations of `persons` persons in each sample: patients are binomial, those of a patient geometric."""
    patients = generator.binomial(persons, share, samples)
    more = numpy.where(patients > 0, generator.negative_binomial(numpy.maximum(patients, 1), 1 - ANOTHER), 0)
    return patients + more


def moments(share):
    """Returns mean and mean of squares of the examinations of a person."""
    first = share / (1 - ANOTHER)
    return first, share * (1 + ANOTHER) / (1 - ANOTHER) ** 2


def volume(generator, samples: int, persons: int, share: float) -> tuple[float, float]:
    """Coverage of the limits of a volume: plain Poisson, and scaled by the dispersion."""
    mean, squares = moments(share)
    columns = {"number": numpy.arange(samples), "events": examinations(generator, samples, persons, share)}
    dispersion = repr(float(squares / mean - mean))
    plain = limits(columns, {side: poisson(side) for side in SIDES})
    scaled = {side: render(f'scaled_limit("events", "{poisson(side)}", "{dispersion}")') for side in SIDES}
    return contained(plain, persons * mean), contained(limits(columns, scaled), persons * mean)


def standardised(generator, samples: int, size: float, of_volume: bool) -> tuple[float, float]:
    """Coverage of the limits of an indirect ratio and of a directly standardised value, of an area like the country."""
    persons = (PERSONS * size).astype(int)
    mean, squares = moments(SHARES) if of_volume else (SHARES, SHARES)
    draw = examinations if of_volume else lambda g, k, n, p: g.binomial(n, p, k)
    by_age = numpy.array([draw(generator, samples, n, p) for n, p in zip(persons, SHARES, strict=True)])
    expected = float((persons * mean).sum())
    # phi of the country, whose ages are those of the area
    phi = float((persons * squares).sum() / (persons * mean).sum()) if of_volume else 1.0
    squared = float((persons * mean**2).sum())
    dispersion = render(f"dispersion_of('{phi!r}', '{squared!r}', '{expected!r}')")
    columns = {"number": numpy.arange(samples), "events": by_age.sum(axis=0)}
    calls = {side: f'scaled_limit("events", "{poisson(side)}", "{dispersion}")' for side in SIDES}
    scaled = {side: f"({render(call)}) / {expected!r}" for side, call in calls.items()}
    ratio = contained(limits(columns, scaled), 1.0)
    weights = PERSONS[::-1] / PERSONS.sum()
    columns["v"] = (weights[:, None] * by_age / persons[:, None]).sum(axis=0)
    rates = by_age / persons[:, None]
    columns["s"] = (weights[:, None] ** 2 * numpy.maximum(phi - rates, 0) * by_age / persons[:, None] ** 2).sum(axis=0)
    dobson = {s: render(f'dobson_limit("v", "s", "events", "{poisson(s)}")') for s in SIDES}
    return ratio, contained(limits(columns, dobson), float((weights * mean).sum()))


def figures(samples: int, seed: int) -> list[tuple[str, str, float]]:
    """Returns (method, case, coverage) of every case."""
    generator = numpy.random.default_rng(seed)
    rows = []
    for persons in (50, 200, 1000, 5000):
        for share in (0.01, 0.13, 0.31):
            rows.append(("share: Wilson", f"{persons} persons, {share}", wilson(generator, samples, persons, share)))
    for mean in (1, 5, 9.5, 10.5, 20, 100):
        rows.append(("count: exact below 10, else Byar", f"mean {mean}", count(generator, samples, mean)))
    for persons in (200, 1000, 5000):
        for share in (0.13, 0.31):
            plain, scaled = volume(generator, samples, persons, share)
            rows.append(("volume: plain Byar, not published", f"{persons} persons, {share} patients", plain))
            rows.append(("volume: scaled by the dispersion", f"{persons} persons, {share} patients", scaled))
    for size in (0.5, 1, 5):
        for kind in ("share", "volume"):
            ratio, direct = standardised(generator, samples, size, kind == "volume")
            case = f"{kind}, {int(PERSONS.sum() * size)} persons in ten ages"
            rows.append(("indirect ratio: scaled", case, ratio))
            rows.append(("direct value: Dobson", case, direct))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    print("| method | case | coverage, % |\n|---|---|---|")
    for method, case, share in sorted(figures(arguments.samples, arguments.seed), key=lambda row: row[0]):
        print(f"| {method} | {case} | {100 * share:.1f} |")
    print(f"\nStandard error: {100 * (0.95 * 0.05 / arguments.samples) ** 0.5:.2f} %.")


if __name__ == "__main__":
    main()
