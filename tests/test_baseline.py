"""A baseline takes back a quarter of what is unusual in how a person is answered."""

import numpy as np
import pytest

from intone.errors import AudioError
from intone.recordings import baseline
from made_model import made_model

USUAL = np.array([80.0, 15.0, 5.0])


def test_usual_is_the_row_of_neutral_clips():
    np.testing.assert_array_equal(baseline.usual(made_model().description), [6, 3, 1])


def test_factors_are_a_quarter_of_the_way_in_log_probability():
    rows = np.array([[0.2, 0.6, 0.2], [0.4, 0.4, 0.2]])
    expected = (USUAL + 1) / 103
    own = (rows.sum(axis=0) + expected) / 3
    factors = baseline.factors(USUAL, rows, "x")
    np.testing.assert_allclose(np.log(factors), 0.25 * (np.log(expected) - np.log(own)))
    assert factors[1] < 1 < factors[0]


def test_who_is_answered_as_usual_is_answered_as_before(rng):
    usual = (USUAL + 1) / 103
    factors = baseline.factors(USUAL, np.tile(usual, (7, 1)), "x")
    rows = rng.dirichlet(np.ones(3), 20)
    np.testing.assert_allclose(baseline.applied(rows, factors), rows)


def test_what_is_applied_sums_to_one_and_rules_nothing_out(rng):
    factors = baseline.factors(USUAL, np.array([[0.0, 1.0, 0.0]]), "x")
    relative = baseline.applied(rng.dirichlet(np.ones(3), 20), factors)
    np.testing.assert_allclose(relative.sum(axis=1), 1)
    assert (relative > 0).all()


def test_silence_is_no_baseline():
    with pytest.raises(AudioError, match="x: no speech found in it"):
        baseline.factors(USUAL, np.zeros((0, 3)), "x")
