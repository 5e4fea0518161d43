"""Limits, standardised rates and variation against published values: each macro is rendered and run in DuckDB.

Sources: PHEindicatormethods 2.1.0 (UK Health Security Agency), test workbooks; the TURP data of the R package sava (Swiss Health Observatory),
61 hospital service areas. Values are quoted; no file of either is part of this repository. One row of the first is left out: the 99.8 % limits of
`testdata_1976` in its workbook are ten times too large, which its own tests do not look at.
"""

import math
from pathlib import Path

import duckdb
import jinja2
import pytest

PROJECT = Path(__file__).resolve().parents[2]
FOLDER = PROJECT / "macros" / "comparison"
ESP_2013 = [
    5000,
    5500,
    5500,
    5500,
    6000,
    6000,
    6500,
    7000,
    7000,
    7000,
    7000,
    6500,
    6000,
    5500,
    5000,
    4000,
    2500,
    1500,
    1000,
]
DSR_PERSONS = [636, 558, 609, 543, 384, 594, 669, 843, 660, 576, 606, 522, 426, 273, 300, 288, 153, 123, 207]
DSR_BIG = [127, 25, 18, 21, 12, 27, 48, 27, 29, 32, 32, 34, 45, 65, 38, 68, 74, 82, 91]
DSR_SMALL = [12, 4, 3, 2, 3, 4, 8, 2, 2, 3, 4, 5, 6, 8, 5, 6, 5, 5, 4]
REFERENCE_EVENTS = [
    10303,
    2824,
    0,
    3615,
    3641,
    3490,
    3789,
    3213,
    3031,
    2771,
    3089,
    3490,
    3595,
    4745,
    5514,
    7125,
    5694,
    6210,
    5757,
]
REFERENCE_PERSONS = [
    50520,
    57173,
    60213,
    54659,
    44345,
    50128,
    62163,
    67423,
    62899,
    55463,
    60479,
    49974,
    44140,
    40888,
    37239,
    30819,
    18136,
    15325,
    13918,
]
TURP = """64 61.779424782407226; 325 278.7091209969419; 302 250.76319058166888; 88 93.83104456782195; 145 89.6303862242759; 775 712.7239776779992;
163 212.76200378013948; 103 107.88352623964012; 197 210.48854253279146; 77 87.12241745386727; 93 136.10220902389597; 673 591.6341066571241;
264 243.62782584634536; 444 498.24962098410094; 24 50.895252292610074; 134 201.8260187604776; 23 44.81529019980775; 44 92.77178573017491;
204 286.6841336244583; 59 85.78568795246684; 50 71.75218290054696; 65 141.68415658292037; 55 61.90605987604495; 37 61.94920331324737;
13 39.35963940687879; 493 381.45358509652266; 26 41.244136356914176; 58 52.42707717325168; 69 74.18561909299464; 43 46.35474417769082;
74 113.29378942613165; 97 117.74594309738364; 151 170.54429492628532; 71 74.77931889853124; 138 108.07481892892858; 192 136.65466017491383;
215 145.94614018395342; 79 104.64482237210912; 64 115.78097306390744; 207 268.59126219311065; 32 48.317487076318514; 290 432.4018722330372;
85 90.85739689212413; 119 114.91454062390417; 54 85.87918728620363; 43 63.98719099816667; 173 104.16553760551504; 342 245.8478512697758;
90 96.95966777029578; 100 135.92109734462457; 304 264.0781148931031; 180 152.75816203306474; 125 117.6922723172919; 70 58.93661195762069;
236 149.72459758025312; 116 94.95870003183477; 95 89.89544311880816; 179 126.38953736475767; 172 136.53257593096095; 322 254.11546186451642;
170 164.20870065654051"""


class Refused(Exception):
    """What dbt raises for a macro's wrong argument."""


def render(call: str) -> str:
    """The SQL that a call of a macro writes."""

    def refuse(message):
        raise Refused(message)

    environment = jinja2.Environment(extensions=["jinja2.ext.do"], undefined=jinja2.StrictUndefined)
    adapter = type("Adapter", (), {"dispatch": staticmethod(lambda name: environment.globals["duckdb__" + name])})
    environment.globals.update(
        exceptions=type("Exceptions", (), {"raise_compiler_error": staticmethod(refuse)}), adapter=adapter
    )
    environment.globals["return"] = lambda text: text
    for path in sorted(FOLDER.glob("*.sql")):
        module = environment.from_string(path.read_text(encoding="utf-8")).make_module()
        environment.globals.update({name: macro for name, macro in vars(module).items() if callable(macro)})
    return environment.from_string("{{ " + call + " }}").render()


def calculate(call: str, relation: str = "(select 1) as one") -> float:
    """The number that a macro gives over a relation."""
    with duckdb.connect() as connection:
        return connection.execute(f"select {render(call)} from {relation}").fetchone()[0]


def same(number, published, tolerance=1e-9):
    """Whether a number equals a published one, to a relative difference."""
    return math.isclose(number, published, rel_tol=tolerance, abs_tol=1e-15)


def exact_limit(events: int, side: str, confidence) -> float:
    """A row of the seed poisson_limit."""
    column = f"{side}_{str(confidence).replace('.', '')}"
    path = PROJECT / "seeds" / "statistics" / "poisson_limit.csv"
    with duckdb.connect() as connection:
        return connection.execute(f"select {column} from '{path}' where events = {events}").fetchone()[0]


@pytest.mark.parametrize(
    ("events", "total", "limits"),
    [
        (1, 100, (0.0017674320641406511, 0.054486196178705294, 0.000873065697299977, 0.1045544528370582)),
        (65, 100, (0.5525444329688797, 0.7363575175690247, 0.4954946574070431, 0.7783540614089697)),
        (
            7776456,
            7564336677,
            (0.0010273201001641094, 0.0010287644578977231, 0.0010269040118442213, 0.0010291812992698397),
        ),
    ],
)
def test_wilson_limits_are_the_published_ones(events, total, limits):
    sides = [("lower", 95), ("upper", 95), ("lower", 99.8), ("upper", 99.8)]
    for (side, confidence), limit in zip(sides, limits, strict=True):
        assert same(calculate(f"wilson_limit('{events}', '{total}', '{side}', {confidence})"), limit)


def test_wilson_limits_end_at_0_and_1():
    assert calculate("wilson_limit('0', '7', 'lower')") == 0
    assert calculate("wilson_limit('7', '7', 'upper')") == 1
    assert calculate("wilson_limit('0', '0', 'lower')") is None
    assert calculate("wilson_limit('0', '0', 'upper')") is None


@pytest.mark.parametrize(
    ("events", "limits"),
    [
        (1, (0.025317807984289897, 5.571643390938898, 0.0010005003335835344, 9.233413476451585)),
        (20, (12.211428834875937, 30.889880369197066, 8.922802365144193, 38.08503562504191)),
    ],
)
def test_poisson_limits_are_the_published_ones(events, limits):
    sides = [("lower", 95), ("upper", 95), ("lower", 99.8), ("upper", 99.8)]
    for (side, confidence), limit in zip(sides, limits, strict=True):
        exact = exact_limit(events, side, confidence) if events < 10 else "cast(null as double)"
        assert same(calculate(f"poisson_limit('{events}', '{exact}', '{side}', {confidence})"), limit)


@pytest.mark.parametrize("events", range(10))
@pytest.mark.parametrize(("confidence", "tail"), [(95, 0.025), (99.8, 0.001)])
def test_exact_poisson_limits_prove_themselves(events, confidence, tail):
    upper, lower = exact_limit(events, "upper", confidence), exact_limit(events, "lower", confidence)
    below = sum(math.exp(-upper) * upper**j / math.factorial(j) for j in range(events + 1))
    assert math.isclose(below, tail, abs_tol=1e-12)
    if events == 0:
        assert lower == 0
    else:
        above = 1 - sum(math.exp(-lower) * lower**j / math.factorial(j) for j in range(events))
        assert math.isclose(above, tail, abs_tol=1e-12)


def strata(events, persons, weights) -> str:
    """A relation with a row a stratum: x, n, w."""
    return (
        "(values "
        + ", ".join(f"({x}, {n}, {w})" for x, n, w in zip(events, persons, weights, strict=True))
        + ") as t(x, n, w)"
    )


@pytest.mark.parametrize(
    ("events", "value", "limits"),
    [
        (DSR_BIG, 10430.247991469423, (9717.709067985681, 11178.94091547925, 9323.287880219903, 11620.595999522058)),
        (DSR_SMALL, 1103.212025300104, (877.455767536709, 1367.0882227251795, 763.6420357939879, 1530.0328948244762)),
    ],
)
def test_directly_standardised_rate_is_the_published_one(events, value, limits):
    rate = "100000 * sum(w * x / n) / sum(w)"
    variance = "100000.0 * 100000 * sum(w * w * cast(x as double) / (n * n)) / (sum(w) * sum(w))"
    relation = f"(select {rate} as v, {variance} as s, sum(x) as o from {strata(events, DSR_PERSONS, ESP_2013)})"
    with duckdb.connect() as connection:
        assert same(connection.execute(f"select v from {relation}").fetchone()[0], value)
    sides = [("lower", 95), ("upper", 95), ("lower", 99.8), ("upper", 99.8)]
    for (side, confidence), limit in zip(sides, limits, strict=True):
        byar = render(f"byar_limit('o', '{side}', {confidence})")
        assert same(calculate(f'dobson_limit("v", "s", "o", "{byar}")', relation), limit)


def test_indirect_ratio_is_the_published_one():
    rows = strata(DSR_PERSONS, REFERENCE_EVENTS, REFERENCE_PERSONS).replace(
        "t(x, n, w)", "t(persons, events, reference)"
    )
    expected = calculate("exact_sum(expected_events('persons', 'events', 'reference'))", rows)
    assert same(expected, 835.8835612311743)
    assert same(895 / expected, 1.0707232939020275)
    big = [calculate(f"byar_limit('895', '{side}', {c})") / expected for c in (95, 99.8) for side in ("lower", "upper")]
    assert all(map(same, big, (1.0017147712553987, 1.143233287249895, 0.9635155619614437, 1.1860070415876287)))
    tiny = [exact_limit(9, side, c) / expected for c in (95, 99.8) for side in ("lower", "upper")]
    assert all(map(same, tiny, (0.004923380825095776, 0.02043921455549973, 0.0029339306550682617, 0.02710589651469021)))


def turp() -> str:
    """A relation with a row an area: o, e."""
    return (
        "(values "
        + ", ".join(f"({row.split()[0]}::double, {row.split()[1]}::double)" for row in TURP.split(";"))
        + ") as t(o, e)"
    )


def test_systematic_component_of_variation_is_the_published_one():
    assert same(calculate("systematic_component('o', 'e')", turp()), 100 * 0.08672256, 1e-6)


def test_empirical_bayes_variance_is_the_published_one():
    weight = render("empirical_bayes_weight('o', 'e', '1', 'a')")
    variance, seen = 1.0, []
    with duckdb.connect() as connection:
        for _ in range(12):
            step = render("empirical_bayes_step('o', 'e', 'w', 'max(a)')")
            (variance,) = connection.execute(
                f"select {step} from (select *, {weight} as w from (select *, {variance!r}::double as a from {turp()}))"
            ).fetchone()
            seen.append(variance)
    assert same(variance, 0.0871451141, 1e-9)
    assert same(seen[8], variance, 1e-12)


def test_extremes_and_percentiles_of_ratios_are_the_published_ones():
    assert same(calculate("'max(o / e) / min(o / e)'", turp()), 5.0284, 1e-4)
    low, high = (calculate(f"percentile('o / e', {share})", turp()) for share in (0.05, 0.95))
    assert same(high / low, 3.1061, 1e-4)


def test_a_dispersion_of_1_changes_no_limit_and_none_leaves_no_width():
    assert calculate("scaled_limit('20', '30.5', '1')") == 30.5
    assert calculate("scaled_limit('20', '30.5', '0')") == 20
    assert calculate("dispersion_of('1e0', '30', '20')") == 0


@pytest.mark.parametrize(
    "call", ["wilson_limit('1', '2', 'left')", "byar_limit('1', 'upper', 90)", "normal_quantile(90)"]
)
def test_wrong_argument_is_refused(call):
    with pytest.raises(Refused):
        render(call)
