"""The 95 % limits contain the value that samples were drawn from about as often as docs/methods/comparison.md says, in a few cases of the simulation."""

import sys
from pathlib import Path

import numpy

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "simulation"))
import coverage

SAMPLES = 4000  # standard error 0.35 %


def test_limits_cover_as_documented():
    generator = numpy.random.default_rng(3)
    plain, scaled = coverage.volume(generator, SAMPLES, 1000, 0.13)
    ratio, direct = coverage.standardised(generator, SAMPLES, 5, True)
    assert 0.82 < plain < 0.87  # a Poisson limit of a volume is too narrow: the dispersion is needed
    for found in (scaled, ratio, direct, coverage.wilson(generator, SAMPLES, 1000, 0.13)):
        assert 0.935 < found < 0.965
    assert coverage.count(generator, SAMPLES, 5) > 0.97
